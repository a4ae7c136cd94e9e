// @ts-check
/** Statistics of samples. */

/**
 * The value below which a share of the samples lies.
 *
 * @param {readonly number[]} values in any order
 * @param {number} part from 0 to 1
 */
export function quantile(values, part) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.round(part * (sorted.length - 1))];
}

/** @param {readonly number[]} values in any order */
export function median(values) {
  return quantile(values, 0.5);
}

/**
 * From the 10th to the 90th percentile, as a part of the median.
 *
 * @param {readonly number[]} values in any order
 */
export function spread(values) {
  return (quantile(values, 0.9) - quantile(values, 0.1)) / median(values);
}

/**
 * Milliseconds as a result of bench/peers has them: the median and the spread, rounded.
 *
 * @param {readonly number[]} values in any order
 */
export function figure(values) {
  return { ms: round(median(values), 4), spread: round(spread(values), 2) };
}

/**
 * The 95 % confidence interval of the median: the order statistics n/2 -+ 0.98 sqrt(n), which hold
 * for every distribution. Below six values it is their whole range, and less certain.
 *
 * @param {readonly number[]} values in any order
 * @returns {[low: number, high: number]}
 */
export function interval(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  const reach = 0.98 * Math.sqrt(n);
  const first = Math.max(0, Math.floor(n / 2 - reach) - 1);
  const last = Math.min(n - 1, Math.ceil(n / 2 + reach));
  return [sorted[first], sorted[last]];
}

/**
 * |found - expected| / |expected| as vectors; NaN where lengths differ.
 *
 * @param {ArrayLike<number>} found
 * @param {ArrayLike<number>} expected
 */
export function relativeL2(found, expected) {
  if (found.length !== expected.length) return Number.NaN;
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (found[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  return Math.sqrt(difference / norm);
}

/**
 * A value rounded to so many significant digits.
 *
 * @param {number} value
 * @param {number} digits
 */
export function round(value, digits) {
  return Number(value.toPrecision(digits));
}
