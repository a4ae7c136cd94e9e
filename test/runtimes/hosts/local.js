/** Runtimes that are started on a file: Node, Deno and Bun, from the npm registry. */
import path from 'node:path';
import process from 'node:process';
import { run } from '../support/commands.js';
import { fetched } from '../support/packages.js';
import { STAGE } from '../support/paths.js';

const PLATFORM = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

const node = (major) => () => fetched(`node-${major}`, `node-${PLATFORM}@${major}`, 'bin/node');

/** Paths of the programs, fetched when they are first asked for. */
export const programs = {
  'Node 20': node(20),
  'Node 22': node(22),
  'Node 24': node(24),
  'Node 26': node(26),
  Deno: () => fetched('deno', `@deno/${PLATFORM}-glibc`, 'deno'),
  Bun: () => fetched('bun', `@oven/bun-${PLATFORM}`, 'bin/bun'),
};

const ARGUMENTS = {
  Deno: ['run', '--allow-read', '--no-lock', '--node-modules-dir=manual'],
  Bun: [],
};

/** @type {readonly import('./host.js').Host[]} */
export const localHosts = Object.entries(programs).map(([name, find]) => ({
  name,
  async run() {
    const program = await find();
    const version = (await run(program, ['--version'])).match(/\d+\.\d+\.\d+/)?.[0] ?? '';
    const args = [...(ARGUMENTS[name] ?? ['--no-warnings']), path.join(STAGE, 'local.js')];
    const output = await run(program, args, { cwd: STAGE });
    return { version, ...JSON.parse(output.trim().split('\n').at(-1)) };
  },
}));
