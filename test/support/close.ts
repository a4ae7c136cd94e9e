/**
 * Comparison of numbers with a stated tolerance.
 * In: computed values, expected values, limits. Out: nothing, or an error that names the worst
 * element. NaN never passes, on either side. An infinity equals only itself, and never passes a
 * relative limit.
 */

/** Limits; every given one must be kept. */
export interface Tolerance {
  /** Largest relative L2 error of the whole: |actual - expected| / |expected|. */
  relative?: number;
  /** Largest error of one element, in units in the last place of float32. */
  ulp?: number;
  /** Largest error of one element. */
  absolute?: number;
  /** Name of the values, for the message. */
  label?: string;
}

/**
 * |actual - expected| / |expected| over all elements, computed in float64; |actual - expected|
 * where the expected norm is 0. NaN where the lengths differ or anything is NaN or infinite.
 */
export function relativeL2(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.NaN;
  let error = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    error += (actual[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  return Number.isFinite(norm) ? Math.sqrt(error / (norm || 1)) : Number.NaN;
}

/**
 * Throws unless `actual` keeps every given limit around `expected`; without limits, unless equal.
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): void {
  const { label = 'values', relative, ulp } = tolerance;
  if (actual.length !== expected.length) {
    throw new Error(`${label}: found ${actual.length} elements, expected ${expected.length}`);
  }
  const isUnlimited = relative === undefined && ulp === undefined;
  const absolute = tolerance.absolute ?? (isUnlimited ? 0 : undefined);
  const byUlp = worst(actual, expected, ulps);
  const bySize = worst(actual, expected, difference);
  const broken = [
    relative !== undefined && over('relative L2', relativeL2(actual, expected), relative),
    absolute !== undefined && over('absolute', bySize.error, absolute),
    ulp !== undefined && over('ulp', byUlp.error, ulp),
  ].filter((message) => typeof message === 'string');
  if (broken.length === 0) return;
  const { index } = broken[0].startsWith('ulp') ? byUlp : bySize;
  throw new Error(
    `${label}: ${broken.join(', ')}; worst element [${index}] of ${expected.length}: ` +
      `found ${actual[index]}, expected ${expected[index]}`,
  );
}

/** Distance in units in the last place of float32, at the size of `expected`. */
export function ulps(actual: number, expected: number): number {
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(expected))));
  return difference(actual, expected) / 2 ** (exponent - 23);
}

function difference(actual: number, expected: number): number {
  return actual === expected ? 0 : Math.abs(actual - expected);
}

/** The message of a broken limit, or nothing where it is kept. NaN keeps no limit. */
function over(measure: string, error: number, limit: number): string | undefined {
  return error <= limit ? undefined : `${measure} error ${error.toExponential(3)} over ${limit}`;
}

/** Index and size of the largest error; NaN counts as the largest. */
function worst(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  measure: (actual: number, expected: number) => number,
): { index: number; error: number } {
  let index = 0;
  let error = 0;
  for (let i = 0; i < expected.length; i++) {
    const found = measure(actual[i], expected[i]);
    if (Number.isNaN(found)) return { index: i, error: found };
    if (found > error) {
      index = i;
      error = found;
    }
  }
  return { index, error };
}
