/** How much of its rows' ranges each column of a matrix uses: what equalises columns (docs/accuracy.md). */
import { lanes } from '../simd/lanes';

/**
 * ranges [count] -> max(ranges, |x * factors| / max |x * factors|), for one row x of the matrix. All
 * three are padded with zeros to whole vectors. A row of zeros, or with NaN or an infinity, says nothing.
 */
export function f32ColumnRanges(ranges: usize, x: usize, factors: usize, count: i32): void {
  const bytes = (<usize>((count + 3) & ~3)) << 2;
  let most = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    most = f32x4.max(most, f32x4.abs(f32x4.mul(v128.load(x + i), v128.load(factors + i))));
  }
  const largest = lanes.max(most);
  if (!(largest > 0 && largest < Infinity)) return;
  const inverse = f32x4.splat(1 / largest);
  for (let i: usize = 0; i < bytes; i += 16) {
    const size = f32x4.abs(f32x4.mul(v128.load(x + i), v128.load(factors + i)));
    v128.store(ranges + i, f32x4.pmax(v128.load(ranges + i), f32x4.mul(size, inverse)));
  }
}
