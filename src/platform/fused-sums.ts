/** Whether a version of V8 compiles fused multiply-adds well. */

/** The first version measured that keeps the operands of fused multiply-adds in registers. */
const FIRST_GOOD = [13, 5] as const;

/**
 * Whether fused multiply-adds are slower than separate products and sums. V8 12.4 to 13.0 run out
 * of registers in the 6 x 8 tile of fp32: every step of its depth moves 20 vectors to or from the
 * stack (docs/kernels.md). V8 13.5 and later move none.
 *
 * @param v8 `process.versions.v8`; undefined for other engines
 */
export function fusesSlowly(v8: string | undefined): boolean {
  const [, major, minor] = v8?.match(/^(\d+)\.(\d+)/) ?? [];
  if (major === undefined) return false;
  const [goodMajor, goodMinor] = FIRST_GOOD;
  return Number(major) < goodMajor || (Number(major) === goodMajor && Number(minor) < goodMinor);
}
