/** How well an engine of V8 fuses multiply and add, by the version it says it has. */

/** V8's first version, of those that were measured, whose fused sums keep to its registers. */
const FIRST_GOOD = [13, 5] as const;

/**
 * Whether fused sums are slower than products and sums apart. V8 12.4 to 13.0 find no registers for
 * the 6 x 8 tile of fp32: 20 vectors go to the stack or come from it in every step of its depth
 * (docs/kernels.md). From V8 13.5 on none does.
 *
 * @param v8 as `process.versions.v8` has it; undefined for other engines
 */
export function fusesSlowly(v8: string | undefined): boolean {
  const [, major, minor] = v8?.match(/^(\d+)\.(\d+)/) ?? [];
  if (major === undefined) return false;
  const [goodMajor, goodMinor] = FIRST_GOOD;
  return Number(major) < goodMajor || (Number(major) === goodMajor && Number(minor) < goodMinor);
}
