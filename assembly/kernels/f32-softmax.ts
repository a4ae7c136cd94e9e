/**
 * The first two passes of a softmax over one row of scores, in place; the third, the division by the
 * sum, belongs to the epilogue of the product that reads the row.
 */
import { lanes } from '../simd/lanes';
import { math } from '../simd/math';

/**
 * x [count] -> 2^((x - max x) * scale), in place; returns 1 / sum. For e^(s * (x - max x)) pass
 * scale = s * log2 e (> 0). `count` is a multiple of 4; -Infinity weighs exactly 0.
 */
export function f32SoftmaxRow(x: usize, count: i32, scale: f32): f32 {
  const end = x + ((<usize>count) << 2);

  // 1. row maximum; pmax is one instruction where max is seven, and a NaN that it drops returns in 2.
  let largest = f32x4.splat(-Infinity);
  for (let p = x; p < end; p += 16) largest = f32x4.pmax(largest, v128.load(p));
  const peak = f32x4.splat(lanes.max(largest));

  // 2. powers and their sum
  const factor = f32x4.splat(scale);
  let sum = f32x4.splat(0);
  for (let p = x; p < end; p += 16) {
    const power = math.exp2OfNonPositive(f32x4.mul(f32x4.sub(v128.load(p), peak), factor));
    v128.store(p, power);
    sum = f32x4.add(sum, power);
  }
  return 1 / lanes.sum(sum);
}
