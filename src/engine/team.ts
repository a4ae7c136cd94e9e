/**
 * The other threads of an engine: how many there are, their start and their end. What they do in
 * a pass is the module's matter (assembly/threads/team.ts).
 */

import { platform } from '#platform';
import { TeamError } from '../errors.ts';
import type { Member } from '../platform/types.ts';
import type { Dimensions, Exports } from './abi.ts';

/** What a caller may ask for. */
export type ThreadCount = number | 'auto';

/** How many threads an engine gets. */
export interface ThreadPlan {
  readonly threads: number;
  /** Why there are fewer than were asked for; null where there are not. */
  readonly obstacle: string | null;
}

const STOPPED = 'one of its threads has stopped';

/** The calling thread by itself, as asked. */
export const ALONE: ThreadPlan = { threads: 1, obstacle: null };

/** Exports of assembly/threaded.ts beside those of index.ts. */
export interface ThreadedExports extends Exports {
  createTeam(pass: number, size: number, patience: number): void;
  memberPass(pass: number, rank: number): number;
  dismissTeam(pass: number): void;
  isTeamBroken(pass: number): number;
}

/** Past four threads nothing has been measured, and phones have four fast cores at most. */
const MOST_BY_ITSELF = 4;

/** More threads than this are a mistake. */
const MOST = 64;

/**
 * Multiply-adds of a token in a block below which 'auto' takes one thread. At 94,000, two threads
 * take 0.79 of one thread's time for 8 tokens; at 24,000 and below up to five times as long, where
 * the second core is busy (Node 24, two cores).
 */
const LEAST_WORK = 60_000;

/** Milliseconds that a thread may take to start. */
const TIME_LIMIT = 10_000;

/** Milliseconds that threads wait for each other, between two barriers of a pass. */
const PATIENCE = 30_000;

/**
 * How many threads a model of these dimensions gets.
 *
 * @throws RangeError for a count that is no whole number from 1 to 64, nor 'auto'
 */
export function planThreads(asked: ThreadCount, dimensions: Dimensions): ThreadPlan {
  if (asked !== 'auto' && !(Number.isInteger(asked) && asked >= 1 && asked <= MOST)) {
    throw new RangeError(
      `Cannot start threads: found ${JSON.stringify(asked)}, expected a whole number from 1 to ${MOST}, or "auto"`,
    );
  }
  if (asked === 1) return ALONE;
  const { threads } = platform;
  const obstacle = threads ? threads.obstacle() : 'this runtime starts no threads';
  if (obstacle !== undefined) return { threads: 1, obstacle };
  if (asked !== 'auto') return { threads: asked, obstacle: null };
  if (workOf(dimensions) < LEAST_WORK) {
    return { threads: 1, obstacle: 'the model is so small that one thread is as fast' };
  }
  return { threads: Math.min(threads!.cores(), MOST_BY_ITSELF), obstacle: null };
}

/** Multiply-adds of one token in one block, attention left out. */
function workOf({ hidden, bottleneck, intermediate, feedForwards }: Dimensions): number {
  return (
    4 * hidden * bottleneck + 3 * bottleneck ** 2 + 2 * feedForwards * bottleneck * intermediate
  );
}

/** Whether a module is one of a team: its memory comes from the host. */
export function isThreaded(module: WebAssembly.Module): boolean {
  return WebAssembly.Module.imports(module).some(({ kind }) => kind === 'memory');
}

/**
 * A shared memory that can grow to 4 GB, or to as much as this machine lets a process reserve.
 *
 * @throws RangeError where that is less than 256 MB
 */
export function sharedMemory(): WebAssembly.Memory {
  for (let maximum = 65536; ; maximum /= 4) {
    try {
      return new WebAssembly.Memory({ initial: 1, maximum, shared: true });
    } catch (cause) {
      if (cause instanceof RangeError && maximum > 4096) continue;
      throw new RangeError(
        'Cannot reserve shared memory for threads: this process may not, expected 256 MB of address space',
        { cause },
      );
    }
  }
}

/** Threads of engines that nobody disposed would sleep, and keep their memory, for ever. */
const forgotten = new FinalizationRegistry((dismiss: () => void) => dismiss());

/** The threads of one engine: the one that calls it, and others that wait for its calls. */
export class Team {
  readonly #exports: ThreadedExports;
  readonly #pass: number;
  #size: number;
  #obstacle: string | null = null;
  #members: Member[] = [];
  #ending: Promise<void> | undefined;

  /** Plans a team for the fresh pass of a threaded module; nobody is started yet. */
  constructor(exports: ThreadedExports, pass: number, size: number, patience = PATIENCE) {
    this.#exports = exports;
    this.#pass = pass;
    this.#size = size;
    exports.createTeam(pass, size, patience);
    forgotten.register(this, () => exports.dismissTeam(pass));
  }

  /** How many threads run a pass, and why there are fewer than were planned. */
  get plan(): ThreadPlan {
    return { threads: this.#size, obstacle: this.#obstacle };
  }

  /**
   * Starts the other threads; settles when all wait for calls. Where one does not start in time,
   * all end, and the calling thread works alone.
   */
  async start(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<void> {
    const starts = Array.from({ length: this.#size - 1 }, (_, i) => {
      const pass = this.#exports.memberPass(this.#pass, i + 1);
      return inTime(platform.threads!.start({ module, memory, pass }));
    });
    const started = await Promise.allSettled(starts);
    this.#members = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = started.find((one) => one.status === 'rejected');
    if (failed) await this.#disband(`a thread did not start: ${(failed.reason as Error).message}`);
    for (const member of this.#members) void member.ended.then(() => this.#lose(member));
  }

  /**
   * Runs a pass with all threads.
   *
   * @throws TeamError when one of them has stopped. Calls fail until the others have ended, and run
   *   on the calling thread from then on.
   */
  run(pass: () => void): void {
    if (this.#ending) throw stopped();
    try {
      pass();
    } catch (cause) {
      if (this.#size === 1 || !this.#exports.isTeamBroken(this.#pass)) throw cause;
      void this.#disband(STOPPED);
      throw stopped(cause);
    }
  }

  /** The other threads end; the calling one works alone from here on. */
  dismiss(): void {
    this.#exports.dismissTeam(this.#pass);
    this.#size = 1;
    this.#members = [];
  }

  /** A thread that ends before it is dismissed was ended from outside. */
  #lose(member: Member): void {
    if (this.#members.includes(member) && !this.#ending) void this.#disband(STOPPED);
  }

  /** A member may still be at work, so the calling thread waits for its end. */
  #disband(obstacle: string): Promise<void> {
    this.#obstacle = obstacle;
    this.#ending = Promise.all(this.#members.map((member) => member.terminate())).then(() => {
      this.dismiss();
      this.#ending = undefined;
    });
    return this.#ending;
  }
}

function stopped(cause?: unknown): TeamError {
  return new TeamError(
    'Cannot run the model: one of its threads has stopped, expected all at the barrier',
    { cause },
  );
}

/** A member that starts too late ends at once. */
async function inTime(starting: Promise<Member>): Promise<Member> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      starting.then((member) => member.terminate()).catch(() => {});
      reject(new Error(`it took more than ${TIME_LIMIT / 1000} s`));
    }, TIME_LIMIT);
  });
  try {
    return await Promise.race([starting, late]);
  } finally {
    clearTimeout(timer);
  }
}
