/** The element by element functions of Tensor that need more than an operator. */

/** Logistic function. */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** The nearest integer, halves to the even one, as IEEE 754 and PyTorch round. */
export function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  return x - down === 0.5 && down % 2 === 0 ? down : Math.round(x);
}

/** Not below `low`. Written as comparisons because Math.max takes no bigints. */
export function atLeast(x: number, low: number): number {
  if (x < low) return low;
  return x;
}

/** Not above `high`. */
export function atMost(x: number, high: number): number {
  if (x > high) return high;
  return x;
}
