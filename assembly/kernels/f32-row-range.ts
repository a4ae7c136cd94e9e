/**
 * The largest magnitude of a row of f32: what the scale of its whole numbers is made from
 * (f32-quantize-row.ts, q8-rows.ts).
 */
import { lanes } from '../simd/lanes';

const INFINITY: i32 = 0x7f800000;
/** Rows and columns whose largest number is smaller count as zero; 1 / scale stays finite for the others. */
export const SMALLEST: f32 = 7.888609052210118e-31; // 2^-100

/**
 * max |x * factors| over `count`, NaN where the row holds NaN or an infinity, 0 where all of it is
 * below 2^-100. `factors` may be 0: none. Reads whole vectors of x and factors.
 */
export function f32RowRange(x: usize, factors: usize, count: i32): f32 {
  return finite(bits.largest(x, factors, count, false));
}

/** The same for a row that holds nothing below zero but -0, as ReLU leaves it: no sign to take off. */
export function f32MagnitudeRange(x: usize, factors: usize, count: i32): f32 {
  const largest = bits.largest(x, factors, count, true);
  // Bits with a sign come last: NaN, or a -0 that hides the numbers.
  return largest < 0 ? f32RowRange(x, factors, count) : finite(largest);
}

function finite(bits: i32): f32 {
  if (bits >= INFINITY) return <f32>NaN;
  const largest = reinterpret<f32>(bits);
  return largest >= SMALLEST ? largest : 0;
}

abstract class bits {
  /**
   * As whole numbers they are in order, infinities and NaN last. Signs are taken off but where
   * `isMagnitude`, a literal.
   */
  @inline static largest(x: usize, factors: usize, count: i32, isMagnitude: bool): i32 {
    const end = x + ((<usize>(count & ~15)) << 2);
    const first = x;
    let most = i32x4.splat(0);
    let other = most;
    if (factors) {
      let f = factors;
      for (; x < end; x += 64, f += 64) {
        most = bits.next(isMagnitude, most, bits.product(x, f));
        other = bits.next(isMagnitude, other, bits.product(x + 16, f + 16));
        most = bits.next(isMagnitude, most, bits.product(x + 32, f + 32));
        other = bits.next(isMagnitude, other, bits.product(x + 48, f + 48));
      }
    } else {
      for (; x < end; x += 64) {
        most = bits.next(isMagnitude, most, v128.load(x));
        other = bits.next(isMagnitude, other, v128.load(x, 16));
        most = bits.next(isMagnitude, most, v128.load(x, 32));
        other = bits.next(isMagnitude, other, v128.load(x, 48));
      }
    }
    for (let rest = count & 15; rest > 0; rest -= 4, x += 16) {
      const v = factors ? bits.product(x, factors + (x - first)) : v128.load(x);
      most = bits.next(isMagnitude, most, v128.and(v, lanes.first(rest)));
    }
    most = bits.next(isMagnitude, most, other);
    most = bits.next(isMagnitude, most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
    most = bits.next(isMagnitude, most, v128.shuffle<i32>(most, most, 1, 0, 3, 2));
    return i32x4.extract_lane(most, 0);
  }

  @inline static next(isMagnitude: bool, most: v128, v: v128): v128 {
    return isMagnitude ? i32x4.max_u(most, v) : i32x4.max_s(most, f32x4.abs(v));
  }

  @inline static product(x: usize, factors: usize): v128 {
    return f32x4.mul(v128.load(x), v128.load(factors));
  }
}
