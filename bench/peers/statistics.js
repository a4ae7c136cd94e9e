/** Numbers of many samples. */

/** A share of the samples lies below; `part` from 0 to 1. */
export function quantile(values, part) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.round(part * (sorted.length - 1))];
}

export function median(values) {
  return quantile(values, 0.5);
}

/** The median, and from the 10th to the 90th percentile as a part of it. */
export function figure(values) {
  const ms = median(values);
  return {
    ms: round(ms, 4),
    spread: round((quantile(values, 0.9) - quantile(values, 0.1)) / ms, 2),
  };
}

/** |found - expected| / |expected|, both as vectors; NaN where lengths differ. */
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

/** To so many significant digits. */
export function round(value, digits) {
  return Number(value.toPrecision(digits));
}
