/**
 * What time is: the wall's, which is what a user waits, or what the calling thread computed, which
 * other programs on the same core do not lengthen. The latter finds figures on a busy machine that
 * come near those of a quiet one; caches and memory are still shared.
 */

export const CLOCKS = ['wall', 'thread'] as const;
export type ClockName = (typeof CLOCKS)[number];

/** A clock, and how long a sample must be for its steps not to count. */
export interface Clock {
  /** Milliseconds since some moment. */
  readonly now: () => number;
  readonly sampleMs: number;
}

/** Steps of microseconds; the call from JavaScript counts little in 2 ms. */
export const WALL: Clock = { now: () => performance.now(), sampleMs: 2 };

/** The system adds up a thread's time at its ticks, every 1 to 10 ms. */
const THREAD: Clock = { now: threadTime, sampleMs: 100 };

/** @throws RangeError where this runtime has no such clock */
export function clockOf(name: ClockName): Clock {
  if (name === 'wall') return WALL;
  if (!Number.isNaN(threadTime())) return THREAD;
  throw new RangeError(
    `Cannot measure: Node ${process.versions.node} has no clock of a thread, expected 23.9 or newer`,
  );
}

/** Milliseconds that this thread has computed; NaN before Node 23.9. */
export function threadTime(): number {
  const usage = Reflect.get(process, 'threadCpuUsage')?.call(process);
  return usage ? (usage.user + usage.system) / 1000 : Number.NaN;
}
