/** TypeScript projects that use the installed package, under both kinds of resolution. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { run } from '../support/commands.js';
import { ROOT, STAGE } from '../support/paths.js';

const TSC = path.join(ROOT, 'node_modules/typescript/bin/tsc');

const KINDS = [
  { module: 'node16', moduleResolution: 'node16' },
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'preserve', moduleResolution: 'bundler' },
];

/** @type {readonly import('./host.js').Host[]} */
export const typescriptHosts = KINDS.map((kind) => ({
  name: `TypeScript, ${kind.moduleResolution}`,
  async run() {
    const file = path.join(STAGE, `tsconfig.${kind.moduleResolution}.json`);
    // The package's own types are checked too: skipLibCheck is off.
    const compilerOptions = { ...kind, strict: true, noEmit: true, target: 'es2022', types: [] };
    await writeFile(file, JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
    const version = (await run(process.execPath, [TSC, '--version'])).match(/[\d.]+/)?.[0] ?? '';
    await run(process.execPath, [TSC, '-p', file], { cwd: STAGE });
    return { version, build: '-' };
  },
}));
