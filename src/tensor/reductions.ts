/**
 * Reductions along one axis. A fold reads a line of values, given as start, step and count, and
 * returns one number. Sums of floats run in double precision and are rounded once, when stored.
 */

import type { Values } from './data-type.ts';
import { fromEnd, sizeOf } from './layout.ts';

/** Folds `count` values, the first at `start`, each `step` after the one before. */
export type Fold = (values: Values, start: number, step: number, count: number) => number;

/**
 * Folds every line along `dim` to one value; `null` folds all values to a single one.
 * @param keepdim whether the folded axis stays, with size 1
 * @returns the folded values and their dims
 */
export function foldAxis(
  values: Values,
  dims: readonly number[],
  dim: number | null,
  keepdim: boolean,
  fold: Fold,
): { values: number[]; dims: number[] } {
  if (dim === null) {
    return { values: [fold(values, 0, 1, values.length)], dims: keepdim ? dims.map(() => 1) : [] };
  }
  const axis = fromEnd(dim, dims.length, 'dim');
  const count = dims[axis]!;
  const inner = sizeOf(dims.slice(axis + 1));
  const outer = sizeOf(dims.slice(0, axis));
  const folded: number[] = [];
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) folded.push(fold(values, o * count * inner + i, inner, count));
  }
  return {
    values: folded,
    dims: [...dims.slice(0, axis), ...(keepdim ? [1] : []), ...dims.slice(axis + 1)],
  };
}

/** Sum of floats, or of integers of up to 32 bits. */
export const sumOf: Fold = (values, start, step, count) => {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += values[start + k * step]!;
  return sum;
};

/** Sum of bigints. */
export const sumOfBig: Fold = (values, start, step, count) => {
  let sum = 0n as unknown as number;
  for (let k = 0; k < count; k++) sum += values[start + k * step]!;
  return sum;
};

/** Arithmetic mean; NaN for no values. */
export const meanOf: Fold = (values, start, step, count) =>
  sumOf(values, start, step, count) / count;

/** The p-norm, (sum |x|^p)^(1/p); p = Infinity gives the largest magnitude. */
export function normOf(p: number): Fold {
  return (values, start, step, count) => {
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const x = Math.abs(values[start + k * step]!);
      if (p === Infinity) sum = Math.max(sum, x);
      else sum += p === 2 ? x * x : x ** p;
    }
    if (p === Infinity) return sum;
    return p === 2 ? Math.sqrt(sum) : sum ** (1 / p);
  };
}

/**
 * Index of the largest (`sign` 1) or smallest (-1) value. Among equals the first one counts.
 * @throws RangeError for no values
 */
export function bestIndex(sign: 1 | -1): Fold {
  return (values, start, step, count) => {
    if (count === 0) throw new RangeError('Cannot take min or max: found no values, expected one');
    let best = 0;
    let found = values[start]!;
    for (let k = 1; k < count; k++) {
      const x = values[start + k * step]!;
      const better = sign > 0 ? x > found : x < found;
      // NaN beats every number, as in PyTorch; both comparisons are false for it.
      if (better || (Number.isNaN(x) && !Number.isNaN(found))) {
        best = k;
        found = x;
      }
    }
    return best;
  };
}

/** The largest (`sign` 1) or smallest (-1) value itself. */
export function bestValue(sign: 1 | -1): Fold {
  const find = bestIndex(sign);
  return (values, start, step, count) => values[start + find(values, start, step, count) * step]!;
}
