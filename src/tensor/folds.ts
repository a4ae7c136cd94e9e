/**
 * The folds behind Tensor's reductions: a line of values in (start, step, count), one value out.
 * Sums of floats run in double precision; the result is rounded once, when it is stored.
 */

import type { Fold } from './layout.ts';

/** Sum of floats or of integers up to 32 bits. */
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

/** Index of the largest (`sign` 1) or smallest (-1) value; the first of equals, or of NaNs. */
export function bestIndex(sign: 1 | -1): Fold {
  return (values, start, step, count) => {
    if (count === 0) throw new RangeError('Cannot take min or max: found no values, expected one');
    let best = 0;
    let found = values[start]!;
    for (let k = 1; k < count; k++) {
      const x = values[start + k * step]!;
      const better = sign > 0 ? x > found : x < found;
      // NaN beats every number, as in PyTorch; comparisons alone would pass it over.
      if (better || (Number.isNaN(x) && !Number.isNaN(found))) {
        best = k;
        found = x;
      }
    }
    return best;
  };
}

/** The largest (`sign` 1) or smallest (`sign` -1) value itself. */
export function bestValue(sign: 1 | -1): Fold {
  const find = bestIndex(sign);
  return (values, start, step, count) => values[start + find(values, start, step, count) * step]!;
}
