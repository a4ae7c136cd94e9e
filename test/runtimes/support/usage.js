/** What a process has used, as Linux counts it. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A tick of /proc, in milliseconds. */
const TICK = 10;
/** Between two looks at memory, in milliseconds. */
const PERIOD = 5;

/** CPU time of a process so far, in milliseconds, its own and the kernel's for it. */
export async function cpuTime(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // Fields count from the end of the name, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK;
}

/**
 * Memory of a process in MiB: all that is resident, and `own`, without the pages of its program's file.
 */
export async function memory(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const of = (name) => Number(status.match(new RegExp(`${name}:\\s+(\\d+)`))[1]) / 1024;
  return { resident: of('VmRSS'), own: of('RssAnon') };
}

/** Looks at a process's own memory while something runs; returns the most it saw, in MiB. */
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
