/** Programs of the system: Debian's packages, installed where this process may install them. */
import { existsSync } from 'node:fs';
import process from 'node:process';
import { Missing } from '../hosts/host.js';
import { run } from './commands.js';

const APT = '/usr/bin/apt-get';
const MINUTES = 60_000;

/**
 * The first of some programs that exists; packages are installed if none does.
 *
 * @param {string[]} programs paths
 * @param {string[]} packages of Debian
 * @throws {Missing} naming the packages, where this process may not install them
 */
export async function installed(programs, packages) {
  const found = programs.find((file) => existsSync(file));
  if (found) return found;
  const names = packages.join(' ');
  if (process.getuid?.() !== 0 || !existsSync(APT)) {
    throw new Missing(`expected ${programs.join(' or ')}, of Debian's ${names}`);
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, timeout: 5 * MINUTES };
  await run(APT, ['update', '-q'], options);
  await run(APT, ['install', '-q', '-y', '--no-install-recommends', ...packages], options);
  const made = programs.find((file) => existsSync(file));
  if (made) return made;
  throw new Error(`Cannot find ${programs.join(' or ')} in ${names}`);
}
