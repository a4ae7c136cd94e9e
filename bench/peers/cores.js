/** Cores and priorities of processes, by util-linux' taskset and chrt where they are installed. */
import { spawnSync } from 'node:child_process';

/** The cores this process may use, as taskset writes them ("0-3,6"); undefined without taskset. */
export function allowedCores() {
  const { status, stdout } = spawnSync('taskset', ['-cp', String(process.pid)]);
  return status === 0 ? String(stdout).split(': ').at(-1).trim() : undefined;
}

/** The last number of a list of cores. */
export function lastCore(list) {
  return Number(list.split(/[-,]/).at(-1));
}

/** Pins this process with all its threads: the probe has to run on the contestants' core. */
export function pinSelf(core) {
  spawnSync('taskset', ['-acp', String(core), String(process.pid)]);
}

/** A command that runs `command` on these cores. */
export function onCores(list, command) {
  return ['taskset', '-c', String(list), ...command];
}

/** Above all other processes on the core, below the kernel's threads. */
const AT_ONCE = ['--fifo', '--pid', '50'];
const AS_OTHERS = ['--other', '--pid', '0'];

/**
 * Gives the main thread of a process priority over all other processes on its core, or takes it
 * away. Its other threads keep their priority: a main thread that waits for them would hang.
 *
 * @returns {boolean} false where this is not allowed
 */
export function setAtOnce(pid, isAtOnce) {
  const { status } = spawnSync('chrt', [...(isAtOnce ? AT_ONCE : AS_OTHERS), String(pid)]);
  return status === 0;
}
