/** Which cores processes may use, through util-linux' taskset; elsewhere nothing is pinned. */
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
