/**
 * From f32 to integers: the range of a row or column gives its scale, and its numbers times 1 /
 * scale are rounded. Rows become i16, for products of integers (limit up to 32767) and for weights
 * on their way into memory (limit 127). panels-int.ts and rows-int.ts lay out what the kernels
 * read.
 *
 * NaN and infinities have no range: the scale is NaN, and the numbers are zeros. No rounding is
 * fused: the same bits in every build. Rows and factors are read in whole vectors, but what lies
 * behind `count` is ignored.
 */
import { lanes, ROUND } from '../simd/lanes';
import { f32s, i16RowBytes, i16s } from '../simd/units';

const INFINITY: i32 = 0x7f800000;
/** 2^-100. Ranges that are smaller count as 0, so that 1 / scale is finite for all others. */
const SMALLEST: f32 = 7.888609052210118e-31;

/**
 * max |x * factors| over `count` numbers: NaN where the row holds NaN or an infinity, 0 where all
 * are below 2^-100. `factors` may be 0: none.
 */
export function f32RowRange(x: usize, factors: usize, count: i32): f32 {
  return finite(range.ofRow(x, factors, count, false));
}

/**
 * The same, faster, for a row without negative numbers, as ReLU leaves it: signs need not be
 * cleared. It may hold -0.
 */
export function f32MagnitudeRange(x: usize, factors: usize, count: i32): f32 {
  const largest = range.ofRow(x, factors, count, true);
  // Bits with a sign are the largest: a NaN, or a -0 that hides the numbers.
  return largest < 0 ? f32RowRange(x, factors, count) : finite(largest);
}

function finite(bits: i32): f32 {
  if (bits >= INFINITY) return <f32>NaN;
  const largest = reinterpret<f32>(bits);
  return largest >= SMALLEST ? largest : 0;
}

/**
 * x [count] * factors [count] -> i16 [count rounded up to 8], at most `limit` in size, zeros behind
 * `count`. Returns the scale that takes them back: largest / limit. `factors` may be 0: none.
 */
export function f32QuantizeRow(to: usize, x: usize, factors: usize, count: i32, limit: i32): f32 {
  const largest = f32RowRange(x, factors, count);
  if (largest > 0) row.round(to, x, factors, count, <f32>limit / largest);
  else memory.fill(to, 0, i16RowBytes(count));
  return largest / <f32>limit;
}

/** x [count] * factor -> i16, as above. Callers see to sizes below 2^15. */
export function f32RoundRow(to: usize, x: usize, count: i32, factor: f32): void {
  row.round(to, x, 0, count, factor);
}

/**
 * ranges [count] -> max(ranges, |x * factors| / max |x * factors|), for one row x of a matrix: how
 * much of its row's range each column uses. Columns are equalised by it (docs/accuracy.md). All
 * three are padded with zeros to whole vectors. A row of zeros, or with NaN or an infinity, changes
 * nothing.
 */
export function f32ColumnRanges(ranges: usize, x: usize, factors: usize, count: i32): void {
  const bytes = f32s((count + 3) & ~3);
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

/** Four neighbouring columns of f32 rows, with a scale for each: the values of attention. */
export abstract class columns {
  /**
   * Bits of the largest sizes in `rows` rows, `stride` bytes apart; NaN and infinities are largest.
   */
  @inline static largest(from: usize, stride: usize, rows: i32): v128 {
    let most = i32x4.splat(0);
    for (const end = from + <usize>rows * stride; from < end; from += stride) {
      most = i32x4.max_s(most, f32x4.abs(v128.load(from)));
    }
    return most;
  }

  /**
   * Stores the scales that take integers up to `limit` back, NaN where `most` is NaN or infinite.
   * Returns the factors that make integers; 0 for columns without a range.
   */
  @inline static scale(to: usize, most: v128, limit: f32): v128 {
    const isFinite = f32x4.lt(most, f32x4.splat(Infinity));
    const scale = f32x4.div(most, f32x4.splat(limit));
    v128.store(to, v128.bitselect(scale, f32x4.splat(NaN), isFinite));
    const isUsed = v128.and(isFinite, f32x4.ge(most, f32x4.splat(SMALLEST)));
    return v128.and(f32x4.div(f32x4.splat(limit), most), isUsed);
  }
}

abstract class range {
  /**
   * Bits of the largest size in a row. As integers, the bits of f32 without a sign are in order,
   * infinities and NaN last. Signs are cleared unless `isMagnitude`, a literal.
   */
  @inline static ofRow(x: usize, factors: usize, count: i32, isMagnitude: bool): i32 {
    const end = x + f32s(count & ~15);
    const first = x;
    let most = i32x4.splat(0);
    let other = most;
    if (factors) {
      let f = factors;
      for (; x < end; x += 64, f += 64) {
        most = range.larger(isMagnitude, most, row.product(x, f));
        other = range.larger(isMagnitude, other, row.product(x + 16, f + 16));
        most = range.larger(isMagnitude, most, row.product(x + 32, f + 32));
        other = range.larger(isMagnitude, other, row.product(x + 48, f + 48));
      }
    } else {
      for (; x < end; x += 64) {
        most = range.larger(isMagnitude, most, v128.load(x));
        other = range.larger(isMagnitude, other, v128.load(x, 16));
        most = range.larger(isMagnitude, most, v128.load(x, 32));
        other = range.larger(isMagnitude, other, v128.load(x, 48));
      }
    }
    for (let rest = count & 15; rest > 0; rest -= 4, x += 16) {
      const v = factors ? row.product(x, factors + (x - first)) : v128.load(x);
      most = range.larger(isMagnitude, most, v128.and(v, lanes.first(rest)));
    }
    most = range.larger(isMagnitude, most, other);
    most = range.larger(isMagnitude, most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
    most = range.larger(isMagnitude, most, v128.shuffle<i32>(most, most, 1, 0, 3, 2));
    return i32x4.extract_lane(most, 0);
  }

  @inline static larger(isMagnitude: bool, most: v128, v: v128): v128 {
    return isMagnitude ? i32x4.max_u(most, v) : i32x4.max_s(most, f32x4.abs(v));
  }
}

abstract class row {
  /** x * factors * inverse as i16, eight at a time. */
  @inline static round(to: usize, x: usize, factors: usize, count: i32, inverse: f32): void {
    const scale = f32x4.splat(inverse);
    const round = lanes.constant(ROUND);
    const end = to + i16s(count & ~15);
    if (factors) {
      for (; to < end; to += 32, x += 64, factors += 64) {
        const a = row.integers(row.product(x, factors), scale, round);
        const b = row.integers(row.product(x + 16, factors + 16), scale, round);
        v128.store(to, i16x8.narrow_i32x4_s(a, b));
        const c = row.integers(row.product(x + 32, factors + 32), scale, round);
        const d = row.integers(row.product(x + 48, factors + 48), scale, round);
        v128.store(to, i16x8.narrow_i32x4_s(c, d), 16);
      }
    } else {
      for (; to < end; to += 32, x += 64) {
        const a = row.integers(v128.load(x), scale, round);
        const b = row.integers(v128.load(x, 16), scale, round);
        v128.store(to, i16x8.narrow_i32x4_s(a, b));
        const c = row.integers(v128.load(x, 32), scale, round);
        const d = row.integers(v128.load(x, 48), scale, round);
        v128.store(to, i16x8.narrow_i32x4_s(c, d), 16);
      }
    }
    for (let rest = count & 15; rest > 0; rest -= 8, to += 16) {
      let low = row.integers(row.scaled(x, factors), scale, round);
      let high = i32x4.splat(0);
      if (rest > 4) {
        high = row.integers(row.scaled(x + 16, factors ? factors + 16 : 0), scale, round);
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
  @inline static integers(v: v128, scale: v128, round: v128): v128 {
    return lanes.roundToInt(f32x4.mul(v, scale), round);
  }
}
