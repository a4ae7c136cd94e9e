/** A trial is checked for correctness first and then timed; a wrong result gets no time. */
import { Frame } from '../../test/support/kernels.ts';
import type { TestingExports } from '../../test/support/testing-exports.ts';
import type { Figure, Machine, Task } from './harness.ts';

/** Something to measure. */
export interface Trial {
  /** Largest correct error. */
  readonly limit: number;
  /**
   * Runs once and returns the largest error against float64, as a part of the largest right value.
   */
  error(): number | Promise<number>;
  readonly run: Task;
}

/** The outcome of a trial; without a figure where it was wrong. */
export interface Result {
  readonly error: number;
  readonly figure: Figure | undefined;
}

/** Checks, then times. A wrong result fails the process. */
export async function attempt(machine: Machine, trial: Trial): Promise<Result> {
  const error = await trial.error();
  if (!(error <= trial.limit)) {
    process.exitCode = 1;
    return { error, figure: undefined };
  }
  return { error, figure: await machine.measure(trial.run) };
}

/**
 * Runs `body` with its own memory in the build's testing module, then checks the guards around it.
 */
export async function inFrame<T>(
  { kernels: { exports } }: Machine,
  body: (frame: Frame, exports: TestingExports) => Promise<T>,
): Promise<T> {
  const start = exports.mark();
  const frame = new Frame(exports);
  const result = await body(frame, exports);
  frame.check();
  exports.release(start);
  return result;
}

/**
 * The largest |found - expected|, as a part of the largest |expected|; NaN where anything is NaN.
 */
export function largestError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.NaN;
  let error = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    const miss = Math.abs(found[i] - expected[i]);
    if (!(miss <= error)) error = miss;
    if (Number.isNaN(miss)) return miss;
    size = Math.max(size, Math.abs(expected[i]));
  }
  return error / (size || 1);
}
