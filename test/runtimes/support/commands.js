/** Child processes: run to their end, or until they are stopped. */
import { spawn } from 'node:child_process';
import process from 'node:process';

/** Characters of a failed process' output that a message quotes. */
const TAIL = 2000;

/** Process groups that run. They are detached, so this module has to end them with the tests. */
const running = new Set();
process.on('exit', () => {
  for (const pid of running) process.kill(-pid, 'SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/**
 * Runs a command to its end.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, timeout?: number }} [options] timeout in ms
 * @returns {Promise<string>} standard output
 * @throws {Error} with the end of its output when it fails or takes too long
 */
export async function run(command, args, { timeout = 180_000, ...options } = {}) {
  const child = start(command, args, options);
  const timer = setTimeout(() => child.stop(), timeout);
  const code = await child.ended;
  clearTimeout(timer);
  if (code === 0) return child.output.stdout;
  throw new Error(`"${command}" ended with ${code}: ${child.tail()}`);
}

/**
 * Starts a command and leaves it running, in a process group of its own.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string> }} [options]
 */
export function start(command, args, { cwd, env = {} } = {}) {
  const output = { stdout: '', stderr: '' };
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  if (child.pid !== undefined) running.add(child.pid);
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output.stderr += text;
  });
  /** @type {Promise<number | string>} exit status, signal, or the reason why it did not start */
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', () => running.delete(child.pid));
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'nothing'));
  });
  return {
    output,
    ended,
    pid: child.pid,
    tail: () => (output.stderr + output.stdout).trim().slice(-TAIL),
    /** Ends the process and all that it started. */
    async stop() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
  };
}
