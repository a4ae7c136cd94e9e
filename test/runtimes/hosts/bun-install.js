/** The package as Bun's own installer unpacks it; the other hosts use npm's installation. */
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../support/commands.js';
import { STAGE } from '../support/paths.js';
import { programs } from './local.js';

const FOLDER = path.join(STAGE, 'bun-install');

/** @type {import('./host.js').Host} */
export const bunInstallHost = {
  name: 'Bun, bun install',
  async run() {
    const bun = await programs.Bun();
    await mkdir(FOLDER, { recursive: true });
    const tarball = (await readdir(STAGE)).find((file) => file.endsWith('.tgz'));
    const dependencies = { 'mobilebert-wasm': `file:../${tarball}` };
    await writeFile(path.join(FOLDER, 'package.json'), JSON.stringify({ dependencies }));
    // A fresh cache: an earlier tarball may have had the same name.
    await run(bun, ['install'], {
      cwd: FOLDER,
      env: { BUN_INSTALL_CACHE_DIR: path.join(FOLDER, 'cache') },
    });
    for (const file of ['local.js', 'checks.js', 'failure.js', 'expected.json']) {
      await cp(path.join(STAGE, file), path.join(FOLDER, file));
    }
    await symlink(path.join(STAGE, 'files'), path.join(FOLDER, 'files')).catch(() => {});
    const output = await run(bun, [path.join(FOLDER, 'local.js')], { cwd: FOLDER });
    return JSON.parse(output.trim().split('\n').at(-1));
  },
};
