/** Numbers of many samples. */

/** A share of the values lies below; `part` from 0 to 1. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.round(part * (sorted.length - 1))];
}

/**
 * Where the median of all that could have been sampled lies with 95 % certainty: the order
 * statistics n/2 -+ 0.98 sqrt(n), which no shape of distribution can mislead. Below six values it
 * is all of them, and less certain.
 */
export function interval(values: readonly number[]): [low: number, high: number] {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  const reach = 0.98 * Math.sqrt(n);
  const first = Math.max(0, Math.floor(n / 2 - reach) - 1);
  const last = Math.min(n - 1, Math.ceil(n / 2 + reach));
  return [sorted[first], sorted[last]];
}
