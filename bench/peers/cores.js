/** Which cores processes may use, and when: util-linux' taskset and chrt, if they are there. */
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

/** Moves this process with all its threads; the probe has to run on the core it probes. */
export function pinSelf(core) {
  spawnSync('taskset', ['-acp', String(core), String(process.pid)]);
}

/** A command that runs `command` on these cores. */
export function onCores(list, command) {
  return ['taskset', '-c', String(list), ...command];
}

/** Above whatever else wants the core, below the kernel's own. */
const AT_ONCE = ['--fifo', '--pid', '50'];
const AS_OTHERS = ['--other', '--pid', '0'];

/**
 * Whether the main thread of a process runs before whatever else wants its core, or as others do.
 * Threads that compile or collect are left alone: above them, a main thread that waits hangs.
 *
 * @returns {boolean} false where that is not allowed
 */
export function setAtOnce(pid, isAtOnce) {
  const { status } = spawnSync('chrt', [...(isAtOnce ? AT_ONCE : AS_OTHERS), String(pid)]);
  return status === 0;
}
