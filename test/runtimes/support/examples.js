/**
 * Copies of examples, each alone in a folder with the packed package installed, as someone has them
 * who copied one out of the repository.
 */
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { run } from './commands.js';
import { EXAMPLES, ROOT, STAGE } from './paths.js';

const FLAGS = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/**
 * Copies an example and installs what its package.json asks for; the package itself comes from the
 * stage's tarball. Returns the folder.
 *
 * @param {string} name
 */
export async function installExample(name) {
  const folder = path.join(EXAMPLES, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(path.join(ROOT, 'examples', name), folder, { recursive: true, filter: isSource });
  const tarball = (await readdir(STAGE)).find((file) => file.endsWith('.tgz'));
  const install = ['install', ...FLAGS, path.join(STAGE, tarball)];
  await run('npm', install, { cwd: folder, timeout: 600_000 });
  return folder;
}

/** Whether a file belongs to an example, and is not something that running it has left. */
export function isSource(file) {
  return !['node_modules', 'dist', 'public'].includes(path.basename(file));
}
