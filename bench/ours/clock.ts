/**
 * Clocks: wall time, which a user waits for, or the CPU time of the calling thread, which does not
 * grow while other programs use the core. With the latter, figures of a busy machine are near those
 * of a quiet one; caches and memory are still shared.
 */

export const CLOCKS = ['wall', 'thread'] as const;
export type ClockName = (typeof CLOCKS)[number];

/** A clock, and how long a sample must be for the clock's steps not to matter. */
export interface Clock {
  /** Milliseconds since an arbitrary moment. */
  readonly now: () => number;
  readonly sampleMs: number;
}

/** It steps in microseconds; in 2 ms the call from JavaScript matters little. */
export const WALL: Clock = { now: () => performance.now(), sampleMs: 2 };

/** The system updates a thread's time at its clock ticks, every 1 to 10 ms. */
const THREAD: Clock = { now: threadTime, sampleMs: 100 };

/** @throws RangeError where this runtime has no such clock */
export function clockOf(name: ClockName): Clock {
  if (name === 'wall') return WALL;
  if (!Number.isNaN(threadTime())) return THREAD;
  throw new RangeError(
    `Cannot measure: Node ${process.versions.node} has no clock of a thread, expected 23.9 or newer`,
  );
}

/** CPU time of this thread in milliseconds; NaN before Node 23.9. */
export function threadTime(): number {
  const usage = Reflect.get(process, 'threadCpuUsage')?.call(process);
  return usage ? (usage.user + usage.system) / 1000 : Number.NaN;
}
