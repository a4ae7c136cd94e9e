/**
 * The seam between kernels and the instruction set: operations on a vector of four 32-bit lanes.
 */
import { FUSED_MADD, RELAXED_DOT } from './build';
import { f32s } from './units';

/**
 * 1.5 * 2^23: a number added to it is rounded to an integer, ties to even. It lies in memory, like
 * all constants of a loop: load it with `lanes.constant` in front of the loop.
 */
export const ROUND = memory.data<f32>([12582912]);

export abstract class lanes {
  /** a * b + c, with one rounding where the build fuses, two elsewhere. */
  @inline static madd(a: v128, b: v128, c: v128): v128 {
    return FUSED_MADD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
  }

  /**
   * sum + weights . row in each lane, exact. With relaxed dot products: four signed bytes by four
   * unsigned ones, which the specification leaves open but the host has tested. Else two i16 by
   * two.
   */
  @inline static dot(weights: v128, row: v128, sum: v128): v128 {
    return RELAXED_DOT
      ? i32x4.relaxed_dot_i8x16_i7x16_add_s(weights, row, sum)
      : lanes.dotI16(weights, row, sum);
  }

  /** sum + weights . row in each lane, exact: two i16 by two, in every build. */
  @inline static dotI16(weights: v128, row: v128, sum: v128): v128 {
    return i32x4.add(sum, i32x4.dot_i16x8_s(row, weights));
  }

  /** v as i32, ties to even, for |v| < 2^22; `round` is ROUND in all lanes. */
  @inline static roundToInt(v: v128, round: v128): v128 {
    return i32x4.sub(f32x4.add(v, round), round);
  }

  /** Element `index` of a table made by `memory.data<f32>`, in all lanes. */
  @inline static constant(table: usize, index: i32 = 0): v128 {
    return v128.load32_splat(table + f32s(index));
  }

  /** Sum of the four lanes, pairwise. */
  @inline static sum(v: v128): f32 {
    const pairs = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
    return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
  }

  /** Largest of the four lanes. */
  @inline static max(v: v128): f32 {
    const pairs = f32x4.max(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
    return max<f32>(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
  }

  /** All bits set in lanes 0 .. count-1, none above. */
  @inline static first(count: i32): v128 {
    return i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3));
  }
}
