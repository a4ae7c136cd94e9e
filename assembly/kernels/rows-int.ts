/**
 * Rows of A of the q8 products (gemm-int.ts): f32 quantised on the way in, laid out as the build's
 * dot product reads them. A row takes q8RowBytes(K) and holds
 *
 *   builds without relaxed dot products   | k=0 .. K-1, i16 |
 *   with them, I16 and UpperI8            | upper bytes + 128 | lower bytes + 128 |   two planes
 *   with them, I8                         | bytes + 128 |
 *   with them, U8                         | bytes |
 *   with them, U16                        | upper bytes | lower bytes |               two planes
 *
 * Relaxed dot products take unsigned bytes; the sums start from what takes the 128 off again
 * (q8Starts). An i16 is 256 times its upper byte plus its lower one, both signed, so that the upper
 * bytes alone are the row rounded to 8 bits. The numbers, and so the sums, are the same in every
 * build.
 */
import { BYTE_ROWS, DOT_DEPTHS } from '../simd/build';
import { lanes, ROUND } from '../simd/lanes';
import { i16s } from '../simd/units';
import { f32MagnitudeRange, f32QuantizeRow, f32RowRange } from './quantize';

/** How finely a row is quantised. Builds without BYTE_ROWS have I16 alone. */
export const enum RowForm {
  /** 16 bits: -32639 .. 32639, whose upper bytes are -127 .. 127. */
  I16 = 0,
  /** 8 bits: -127 .. 127. */
  I8 = 1,
  /** 8 bits of numbers that are never negative: 0 .. 255. */
  U8 = 2,
  /**
   * 16 bits, of which this product reads the upper 8; another product of the same rows reads all.
   */
  UpperI8 = 3,
  /** 16 bits of numbers that are never negative: a row that U8 would be too coarse for. */
  U16 = 4,
}

/** The unit of an upper byte. */
export const UPPER: f32 = 256;

/** The largest i16 of a row: 127 in both bytes. */
const I16_LIMIT: i32 = 127 * 257;
/**
 * ROUND plus the offset of a byte, or of both bytes: the lowest bits of a sum are then unsigned.
 */
const ROUND_BYTE = memory.data<f32>([12582912 + 128]);
const ROUND_I16 = memory.data<f32>([12582912 + 128 * 257]);
/** The lower byte of each i16. */
const LOW_BYTES = memory.data<i32>([0x00ff00ff]);
/**
 * Bytes of a row are too coarse where less than one of so many is at least LARGE: a few numbers are so
 * much larger than the others that rounding moves these by 2 % and more. Of normal numbers, two of
 * three are. Behind ReLU, where zeros are exact, one of sixteen is enough.
 */
const LARGE: i32 = 16;
const ONE_OF: i32 = 4;
const ONE_OF_U8: i32 = 16;
const ONES = memory.data<f32>([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);

/** The form that this build has for a requested one. */
export function supportedForm(requested: RowForm): RowForm {
  return BYTE_ROWS ? requested : RowForm.I16;
}

/** Whether the bytes of a row are 128 larger than their numbers. */
export function isOffset(form: RowForm): bool {
  return DOT_DEPTHS == 4 && form != RowForm.U8 && form != RowForm.U16;
}

/** Planes of bytes that a product reads of a row. */
export function q8Planes(form: RowForm): i32 {
  if (DOT_DEPTHS != 4) return 1;
  return !BYTE_ROWS || form == RowForm.I16 || form == RowForm.U16 ? 2 : 1;
}

/** The form for a row that is too coarse in 8 bits. */
export function finerForm(form: RowForm): RowForm {
  return form == RowForm.U8 ? RowForm.U16 : RowForm.I16;
}

/**
 * Whether 8 bits are too coarse for a quantised row: by every second or fourth vector of it. Never so
 * in the forms of 16 bits, and of zeros.
 */
export function q8IsCoarse(form: RowForm, row: usize, depth: i32): bool {
  if (!BYTE_ROWS || q8Planes(form) == 2) return false;
  const offset = i8x16.splat(form == RowForm.U8 ? 0 : -128);
  const large = i8x16.splat(<i8>LARGE);
  const end = row + <usize>q8Depth(depth);
  const step: usize = depth < 256 ? 32 : 64;
  let any = i32x4.splat(0);
  let looked = 0;
  let found = 0;
  for (; row < end; row += step, looked += 16) {
    const bytes = v128.xor(v128.load(row), offset);
    const sizes = form == RowForm.U8 ? bytes : i8x16.abs(bytes);
    any = v128.or(any, bytes);
    found += popcnt(i8x16.bitmask(i8x16.ge_u(sizes, large)));
  }
  return found * (form == RowForm.U8 ? ONE_OF_U8 : ONE_OF) < looked && v128.any_true(any);
}

/** Depth of a row, padded to whole vectors of bytes. */
export function q8Depth(depth: i32): i32 {
  return (depth + 15) & ~15;
}

/** Bytes of one row of any form. */
export function q8RowBytes(depth: i32): usize {
  return i16s(q8Depth(depth));
}

/**
 * x [depth] * factors [depth] -> a row at `to`. Returns the scale that takes it back. Sums with
 * weights up to 127 stay below 2^31. A row that holds NaN or an infinity becomes zeros with the
 * scale NaN. Reads whole vectors of x and factors; `factors` may be 0: none.
 */
export function q8QuantizeRow(form: RowForm, to: usize, x: usize, factors: usize, depth: i32): f32 {
  const limit = limitOf(form, depth);
  if (DOT_DEPTHS == 2) return f32QuantizeRow(to, x, factors, depth, limit);
  const isMagnitude = BYTE_ROWS && form == RowForm.U8;
  const largest = isMagnitude
    ? f32MagnitudeRange(x, factors, depth)
    : f32RowRange(x, factors, depth);
  const inverse = <f32>limit / largest;
  if (!(largest > 0)) zeros(form, to, depth);
  else if (hasTwoPlanes(form)) {
    const offset = form == RowForm.U16 ? ROUND : ROUND_I16;
    roundToPlanes(to, to + <usize>q8Depth(depth), x, factors, depth, inverse, offset);
  } else roundToBytes(to, x, factors, depth, inverse, isMagnitude ? ROUND : ROUND_BYTE);
  return largest / <f32>limit;
}

/** x [count] * factor -> a row of U8. Callers see to 0 <= x * factor <= 255. */
export function q8RoundMagnitudes(to: usize, x: usize, count: i32, factor: f32): void {
  roundToBytes(to, x, 0, count, factor, ROUND);
}

/** Whether a row is stored as two planes of bytes. */
function hasTwoPlanes(form: RowForm): bool {
  return !BYTE_ROWS || (form != RowForm.I8 && form != RowForm.U8);
}

function limitOf(form: RowForm, depth: i32): i32 {
  if (form == RowForm.I8) return 127;
  if (form == RowForm.U8) return 255;
  return min(I16_LIMIT, i32.MAX_VALUE / (127 * (depth + 1)));
}

function zeros(form: RowForm, to: usize, depth: i32): void {
  const count = <usize>q8Depth(depth);
  memory.fill(to, isOffset(form) ? 128 : 0, hasTwoPlanes(form) ? 2 * count : count);
}

/**
 * x * factors * inverse as i16, in planes, with the offset that `rounding` has beyond ROUND. No
 * rounding is fused: the same bits in every build.
 */
function roundToPlanes(
  upper: usize,
  lower: usize,
  x: usize,
  factors: usize,
  depth: i32,
  inverse: f32,
  rounding: usize,
): void {
  const scale = f32x4.splat(inverse);
  const round = lanes.constant(ROUND);
  const offset = lanes.constant(rounding);
  const low = lanes.constant(LOW_BYTES);
  const step: usize = factors ? 64 : 0;
  if (!factors) factors = ONES;
  const end = upper + (<usize>depth & ~15);
  for (; upper < end; upper += 16, lower += 16, x += 64, factors += step) {
    const a = four.unsigned(four.product(x, factors), scale, offset, round);
    const b = four.unsigned(four.product(x + 16, factors + 16), scale, offset, round);
    const c = four.unsigned(four.product(x + 32, factors + 32), scale, offset, round);
    const d = four.unsigned(four.product(x + 48, factors + 48), scale, offset, round);
    four.storePlanes(upper, lower, a, b, c, d, low);
  }
  const rest = depth & 15;
  if (!rest) return;
  const a = four.unsigned(four.rest(x, factors, rest), scale, offset, round);
  const b = four.unsigned(four.rest(x + 16, factors + 16, rest - 4), scale, offset, round);
  const c = four.unsigned(four.rest(x + 32, factors + 32, rest - 8), scale, offset, round);
  const d = four.unsigned(four.rest(x + 48, factors + 48, rest - 12), scale, offset, round);
  four.storePlanes(upper, lower, a, b, c, d, low);
}

/** x * factors * inverse as bytes, with the offset that `rounding` has beyond ROUND. */
function roundToBytes(
  to: usize,
  x: usize,
  factors: usize,
  depth: i32,
  inverse: f32,
  rounding: usize,
): void {
  const scale = f32x4.splat(inverse);
  const round = lanes.constant(rounding);
  const low = lanes.constant(LOW_BYTES);
  const step: usize = factors ? 64 : 0;
  if (!factors) factors = ONES;
  const end = to + (<usize>depth & ~15);
  for (; to < end; to += 16, x += 64, factors += step) {
    const a = lanes.madd(four.product(x, factors), scale, round);
    const b = lanes.madd(four.product(x + 16, factors + 16), scale, round);
    const c = lanes.madd(four.product(x + 32, factors + 32), scale, round);
    const d = lanes.madd(four.product(x + 48, factors + 48), scale, round);
    four.storeBytes(to, a, b, c, d, low);
  }
  const rest = depth & 15;
  if (!rest) return;
  const a = lanes.madd(four.rest(x, factors, rest), scale, round);
  const b = lanes.madd(four.rest(x + 16, factors + 16, rest - 4), scale, round);
  const c = lanes.madd(four.rest(x + 32, factors + 32, rest - 8), scale, round);
  const d = lanes.madd(four.rest(x + 48, factors + 48, rest - 12), scale, round);
  four.storeBytes(to, a, b, c, d, low);
}

abstract class four {
  @inline static product(x: usize, factors: usize): v128 {
    return f32x4.mul(v128.load(x), v128.load(factors));
  }

  /**
   * The same of the last `count` numbers of a row; zeros behind them. Reads nothing if there are
   * none.
   */
  @inline static rest(x: usize, factors: usize, count: i32): v128 {
    if (count <= 0) return i32x4.splat(0);
    return v128.and(four.product(x, factors), lanes.first(count));
  }

  /** i32 plus the offset of both bytes: the lower 16 bits are two unsigned bytes. */
  @inline static unsigned(products: v128, scale: v128, offset: v128, round: v128): v128 {
    return i32x4.sub(f32x4.add(f32x4.mul(products, scale), offset), round);
  }

  /** The upper and the lower bytes of sixteen numbers. */
  // biome-ignore format: sources side by side
  @inline static storePlanes(
    upper: usize, lower: usize, a: v128, b: v128, c: v128, d: v128, low: v128,
  ): void {
    const ab = i16x8.narrow_i32x4_u(a, b);
    const cd = i16x8.narrow_i32x4_u(c, d);
    v128.store(upper, i8x16.narrow_i16x8_u(i16x8.shr_u(ab, 8), i16x8.shr_u(cd, 8)));
    v128.store(lower, i8x16.narrow_i16x8_u(v128.and(ab, low), v128.and(cd, low)));
  }

  /** The lowest bytes of sixteen sums. */
  @inline static storeBytes(to: usize, a: v128, b: v128, c: v128, d: v128, low: v128): void {
    // The upper half of a sum holds its exponent. It narrows to 255, which the mask clears.
    const ab = v128.and(i8x16.narrow_i16x8_u(a, b), low);
    const cd = v128.and(i8x16.narrow_i16x8_u(c, d), low);
    v128.store(to, i8x16.narrow_i16x8_u(ab, cd));
  }
}
