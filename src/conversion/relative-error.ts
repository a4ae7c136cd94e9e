/** How far answers are from others: relative L2, as docs/accuracy.md has it. */

/** Outputs of one call by name. */
type Answer = ReadonlyMap<string, Float32Array>;

/** |found - expected| / |expected| of the worst output, each taken over all calls. */
export function largestError(found: readonly Answer[], expected: readonly Answer[]): number {
  const sums = new Map<string, { error: number; norm: number }>();
  expected.forEach((answer, call) => {
    for (const [name, exact] of answer) {
      const sum = sums.get(name) ?? { error: 0, norm: 0 };
      const other = found[call]!.get(name)!;
      for (let i = 0; i < exact.length; i++) {
        sum.error += (other[i]! - exact[i]!) ** 2;
        sum.norm += exact[i]! ** 2;
      }
      sums.set(name, sum);
    }
  });
  const errors = Array.from(sums.values(), ({ error, norm }) => Math.sqrt(error / (norm || 1)));
  return Math.max(0, ...errors);
}
