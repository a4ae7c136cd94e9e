/**
 * The first two passes of a softmax over one row of scores, in place. The third, the division by
 * the sum, is the epilogue of the product that reads the row.
 */
import { lanes } from '../simd/lanes';
import { math } from '../simd/math';
import { f32s } from '../simd/units';

/**
 * x [count] -> 2^((x - max x) * scale), in place. Returns 1 / sum. For e^(s * (x - max x)) pass
 * scale = s * log2 e (> 0). `count` is a multiple of 8; -Infinity becomes exactly 0.
 */
// biome-ignore format: independent chains side by side
export function f32SoftmaxRow(x: usize, count: i32, scale: f32): f32 {
  const end = x + f32s(count);

  // 1. The row's maximum. pmax is one instruction, max is seven. It may drop a NaN, which pass 2
  // keeps.
  let m0 = f32x4.splat(-Infinity), m1 = m0, m2 = m0, m3 = m0;
  let p = x;
  for (; p + 32 < end; p += 64) {
    m0 = f32x4.pmax(m0, v128.load(p)); m1 = f32x4.pmax(m1, v128.load(p, 16));
    m2 = f32x4.pmax(m2, v128.load(p, 32)); m3 = f32x4.pmax(m3, v128.load(p, 48));
  }
  if (p < end) { m0 = f32x4.pmax(m0, v128.load(p)); m1 = f32x4.pmax(m1, v128.load(p, 16)); }
  const peak = f32x4.splat(lanes.max(f32x4.pmax(f32x4.pmax(m0, m1), f32x4.pmax(m2, m3))));

  // 2. Powers and their sum. Both powers come before the stores, so that they share their
  // constants.
  const factor = f32x4.splat(scale);
  let s0 = f32x4.splat(0), s1 = s0;
  for (p = x; p < end; p += 32) {
    const left = math.exp2OfNonPositive(f32x4.mul(f32x4.sub(v128.load(p), peak), factor));
    const right = math.exp2OfNonPositive(f32x4.mul(f32x4.sub(v128.load(p, 16), peak), factor));
    v128.store(p, left);
    v128.store(p, right, 16);
    s0 = f32x4.add(s0, left);
    s1 = f32x4.add(s1, right);
  }
  return 1 / lanes.sum(f32x4.add(s0, s1));
}
