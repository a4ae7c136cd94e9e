/** CPU time and memory of a process, from /proc (Linux). */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A tick of /proc, in milliseconds. */
const TICK = 10;
/** Milliseconds between two readings of memory. */
const PERIOD = 5;

/** CPU time of a process so far, user and system, in milliseconds. */
export async function cpuTime(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // Fields are counted from the end of the program's name, which may hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK;
}

/**
 * Memory of a process in MiB: `resident`, and `own` without pages of mapped files.
 */
export async function memory(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const of = (name) => Number(status.match(new RegExp(`${name}:\\s+(\\d+)`))[1]) / 1024;
  return { resident: of('VmRSS'), own: of('RssAnon') };
}

/** The peak of a process' own memory while `work` runs, in MiB, by sampling. */
export async function peakWhile(pid, work) {
  let peak = 0;
  let isOver = false;
  const look = async () => {
    for (; !isOver; await delay(PERIOD)) peak = Math.max(peak, (await memory(pid)).own);
  };
  const looking = look();
  await work().finally(() => {
    isOver = true;
  });
  await looking;
  return Math.max(peak, (await memory(pid)).own);
}
