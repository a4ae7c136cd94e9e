/** A dry run of publishing to JSR: Deno checks files, exports and imports. */
import { cp, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../support/commands.js';
import { ROOT, STAGE } from '../support/paths.js';
import { programs } from './local.js';

const FOLDER = path.join(STAGE, 'jsr');
// Deno cannot check scripts against the .d.ts files beside them.
const FLAGS = ['--dry-run', '--allow-dirty', '--allow-slow-types', '--no-check'];

/** @type {import('./host.js').Host} */
export const jsrHost = {
  name: 'JSR, dry run',
  async run() {
    const deno = await programs.Deno();
    const { version, publish } = JSON.parse(await readFile(path.join(ROOT, 'jsr.json'), 'utf8'));
    await mkdir(FOLDER, { recursive: true });
    for (const file of ['jsr.json', ...publish.include]) {
      await cp(path.join(ROOT, file), path.join(FOLDER, file), { recursive: true });
    }
    await run(deno, ['publish', ...FLAGS], { cwd: FOLDER });
    return { version, build: '-' };
  },
};
