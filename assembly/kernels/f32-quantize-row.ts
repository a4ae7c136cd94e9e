/**
 * One row of f32 to whole numbers of 16 bits and one scale: activations on their way into a q8
 * product (limit up to 32767), weights and table rows on their way into memory (limit 127).
 */
import { ROUND, lanes } from '../simd/lanes';
import { f32RowRange } from './f32-row-range';

/**
 * x [count] * factors [count] -> i16 [count rounded up to 8] with |number| <= limit, zeros behind
 * `count`; returns the scale that takes them back: largest / limit. `factors` may be 0: none. Reads
 * whole vectors of x and factors. No rounding is fused in any build: the same bits everywhere.
 * A row that holds NaN or an infinity becomes zeros with the scale NaN.
 */
export function f32QuantizeRow(to: usize, x: usize, factors: usize, count: i32, limit: i32): f32 {
  const largest = f32RowRange(x, factors, count);
  if (largest > 0) row.round(to, x, factors, count, <f32>limit / largest);
  else memory.fill(to, 0, (<usize>((count + 7) & ~7)) << 1);
  return largest / <f32>limit;
}

/** x [count] * factor, rounded, as above; |number| < 2^15 is the caller's to see to. */
export function f32RoundRow(to: usize, x: usize, count: i32, factor: f32): void {
  row.round(to, x, 0, count, factor);
}

abstract class row {
  /** x * factors * inverse, rounded, eight at a time. */
  @inline static round(to: usize, x: usize, factors: usize, count: i32, inverse: f32): void {
    const scale = f32x4.splat(inverse);
    const round = lanes.constant(ROUND);
    const end = to + ((<usize>(count & ~15)) << 1);
    if (factors) {
      for (; to < end; to += 32, x += 64, factors += 64) {
        const a = row.whole(row.product(x, factors), scale, round);
        const b = row.whole(row.product(x + 16, factors + 16), scale, round);
        v128.store(to, i16x8.narrow_i32x4_s(a, b));
        const c = row.whole(row.product(x + 32, factors + 32), scale, round);
        const d = row.whole(row.product(x + 48, factors + 48), scale, round);
        v128.store(to, i16x8.narrow_i32x4_s(c, d), 16);
      }
    } else {
      for (; to < end; to += 32, x += 64) {
        const a = row.whole(v128.load(x), scale, round);
        const b = row.whole(v128.load(x, 16), scale, round);
        v128.store(to, i16x8.narrow_i32x4_s(a, b));
        const c = row.whole(v128.load(x, 32), scale, round);
        const d = row.whole(v128.load(x, 48), scale, round);
        v128.store(to, i16x8.narrow_i32x4_s(c, d), 16);
      }
    }
    for (let rest = count & 15; rest > 0; rest -= 8, to += 16) {
      let low = row.whole(row.scaled(x, factors), scale, round);
      let high = i32x4.splat(0);
      if (rest > 4) {
        high = row.whole(row.scaled(x + 16, factors ? factors + 16 : 0), scale, round);
        high = v128.and(high, lanes.first(rest - 4));
      }
      low = v128.and(low, lanes.first(rest));
      v128.store(to, i16x8.narrow_i32x4_s(low, high));
      x += 32;
      if (factors) factors += 32;
    }
  }

  @inline static product(x: usize, factors: usize): v128 {
    return f32x4.mul(v128.load(x), v128.load(factors));
  }

  @inline static scaled(x: usize, factors: usize): v128 {
    return factors ? row.product(x, factors) : v128.load(x);
  }

  /** v * scale as i32. */
  @inline static whole(v: v128, scale: v128, round: v128): v128 {
    return lanes.whole(f32x4.mul(v, scale), round);
  }
}
