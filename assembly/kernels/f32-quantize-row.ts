/**
 * One row of f32 to whole numbers of 16 bits and one scale: activations on their way into a q8
 * product (limit up to 32767), weights and table rows on their way into memory (limit 127).
 */
import { ROUND, lanes } from '../simd/lanes';

const MAGNITUDE: i32 = 0x7fffffff;
const INFINITY: i32 = 0x7f800000;
/** Rows whose largest number is smaller count as zero; 1 / scale stays finite for the others. */
const SMALLEST: f32 = 7.888609052210118e-31; // 2^-100

/**
 * x [count] * factors [count] -> i16 [count rounded up to 8] with |number| <= limit, zeros behind
 * `count`; returns the scale that takes them back: largest / limit. `factors` may be 0: none. Reads
 * whole vectors of x and factors. No rounding is fused in any build: the same bits everywhere.
 * A row that holds NaN or an infinity becomes zeros with the scale NaN.
 */
export function f32QuantizeRow(to: usize, x: usize, factors: usize, count: i32, limit: i32): f32 {
  const largest = row.largest(x, factors, count);
  const end = to + ((<usize>((count + 7) & ~7)) << 1);
  if (largest < INFINITY && reinterpret<f32>(largest) >= SMALLEST) {
    row.round(to, x, factors, count, <f32>limit / reinterpret<f32>(largest));
    return reinterpret<f32>(largest) / <f32>limit;
  }
  memory.fill(to, 0, end - to);
  return largest < INFINITY ? 0 : <f32>NaN;
}

/** x [count] * factor, rounded, as above; |number| < 2^15 is the caller's to see to. */
export function f32RoundRow(to: usize, x: usize, count: i32, factor: f32): void {
  row.round(to, x, 0, count, factor);
}

abstract class row {
  /** Bits of the largest magnitude: as whole numbers they are in order, infinities and NaN last. */
  @inline static largest(x: usize, factors: usize, count: i32): i32 {
    const magnitude = i32x4.splat(MAGNITUDE);
    const end = x + ((<usize>(count & ~15)) << 2);
    let most = i32x4.splat(0);
    let other = most;
    if (factors) {
      for (; x < end; x += 64, factors += 64) {
        most = i32x4.max_s(most, v128.and(row.product(x, factors), magnitude));
        other = i32x4.max_s(other, v128.and(row.product(x + 16, factors + 16), magnitude));
        most = i32x4.max_s(most, v128.and(row.product(x + 32, factors + 32), magnitude));
        other = i32x4.max_s(other, v128.and(row.product(x + 48, factors + 48), magnitude));
      }
    } else {
      for (; x < end; x += 64) {
        most = i32x4.max_s(most, v128.and(v128.load(x), magnitude));
        other = i32x4.max_s(other, v128.and(v128.load(x, 16), magnitude));
        most = i32x4.max_s(most, v128.and(v128.load(x, 32), magnitude));
        other = i32x4.max_s(other, v128.and(v128.load(x, 48), magnitude));
      }
    }
    for (let rest = count & 15; rest > 0; rest -= 4) {
      const v = v128.and(row.scaled(x, factors), magnitude);
      most = i32x4.max_s(most, v128.and(v, lanes.first(rest)));
      x += 16;
      if (factors) factors += 16;
    }
    most = i32x4.max_s(most, other);
    most = i32x4.max_s(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
    return max(i32x4.extract_lane(most, 0), i32x4.extract_lane(most, 1));
  }

  /** x * factors * inverse, rounded, eight at a time. */
  @inline static round(to: usize, x: usize, factors: usize, count: i32, inverse: f32): void {
    const scale = f32x4.splat(inverse);
    const round = f32x4.splat(ROUND);
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
