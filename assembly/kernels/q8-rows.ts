/**
 * Rows of f32 on their way into a product of whole numbers (qd-f32-qc8w-gemm-nr8.ts): quantised, and
 * laid as the build's dot product reads them. A row is `q8RowBytes(K)` long and holds
 *
 *   builds without relaxed dot products   | k=0 .. K-1, 16 bits |
 *   with them, Words and UpperBytes       | upper bytes + 128   | lower bytes + 128 |
 *   with them, Bytes and Magnitudes       | bytes + 128, or bytes |
 *
 * Relaxed dot products take unsigned bytes: what the 128 adds is taken off again by the sums that a
 * tile starts from. A word is 256 times its upper byte, rounded, and a lower one with a sign: upper
 * bytes alone are the row to 8 bits. The numbers are the same in every build, and so are the sums.
 */
import { BYTE_ROWS, DOT_DEPTHS } from '../simd/build';
import { lanes, ROUND } from '../simd/lanes';
import { f32QuantizeRow } from './f32-quantize-row';
import { f32MagnitudeRange, f32RowRange } from './f32-row-range';

/** ROUND, and 128 or 257 times as much more: a sum's lowest bits are then bytes without a sign. */
const ROUND_BYTE = memory.data<f32>([12582912 + 128]);
const ROUND_WORD = memory.data<f32>([12582912 + 32896]);
/** The lower byte of each word. */
const LOW_BYTES = memory.data<i32>([0x00ff00ff]);
const ONES = memory.data<f32>([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);

/** How finely a row is quantised; builds without BYTE_ROWS have words alone. */
export const enum RowForm {
  /** 16 bits: -32639 .. 32639, whose upper bytes are -127 .. 127. */
  I16 = 0,
  /** 8 bits: -127 .. 127. */
  I8 = 1,
  /** 8 bits of what is never negative: 0 .. 255. */
  U8 = 2,
  /** 16 bits, the upper 8 of which are multiplied: where another product reads all of them. */
  UpperI8 = 3,
}

/** The largest word: 127 in both bytes. */
const LARGEST_WORD: i32 = 127 * 257;
/** What an upper byte counts. */
export const UPPER: f32 = 256;

/** The form that this build has for one that is wished for. */
export function supportedForm(wished: RowForm): RowForm {
  return BYTE_ROWS ? wished : RowForm.I16;
}

/** Whether bytes of a row are 128 larger than what they stand for. */
export function isOffset(form: RowForm): bool {
  return DOT_DEPTHS == 4 && form != RowForm.U8;
}

/** Planes of bytes that a row is made of. */
export function q8Planes(form: RowForm): i32 {
  return DOT_DEPTHS == 4 && (!BYTE_ROWS || form == RowForm.I16) ? 2 : 1;
}

/** Depths of a row, padded to whole vectors of bytes. */
export function q8Depth(depth: i32): i32 {
  return (depth + 15) & ~15;
}

/** Bytes of one row, whatever its form. */
export function q8RowBytes(depth: i32): usize {
  return (<usize>q8Depth(depth)) << 1;
}

/**
 * x [depth] * factors [depth] -> a row at `to`; returns the scale that takes it back. Sums with weights
 * up to 127 stay below 2^31. A row that holds NaN or an infinity becomes zeros with the scale NaN. Reads
 * whole vectors of x and factors; `factors` may be 0: none.
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
  else if (isOfWords(form)) {
    words(to, to + <usize>q8Depth(depth), x, factors, depth, inverse);
  } else bytes(to, x, factors, depth, inverse, isMagnitude ? ROUND : ROUND_BYTE);
  return largest / <f32>limit;
}

/** x [count] * factor, which is nowhere below 0 nor above 255, to Magnitudes. */
export function q8RoundMagnitudes(to: usize, x: usize, count: i32, factor: f32): void {
  bytes(to, x, 0, count, factor, ROUND);
}

/** Whether a row is two planes of bytes. */
function isOfWords(form: RowForm): bool {
  return !BYTE_ROWS || form == RowForm.I16 || form == RowForm.UpperI8;
}

function limitOf(form: RowForm, depth: i32): i32 {
  if (form == RowForm.I8) return 127;
  if (form == RowForm.U8) return 255;
  return min(LARGEST_WORD, i32.MAX_VALUE / (127 * (depth + 1)));
}

function zeros(form: RowForm, to: usize, depth: i32): void {
  const count = <usize>q8Depth(depth);
  memory.fill(to, isOffset(form) ? 128 : 0, isOfWords(form) ? 2 * count : count);
}

/** Words as upper and lower bytes. No rounding is fused: the same bits in every build. */
function words(
  upper: usize,
  lower: usize,
  x: usize,
  factors: usize,
  depth: i32,
  inverse: f32,
): void {
  const scale = f32x4.splat(inverse);
  const round = lanes.constant(ROUND);
  const offset = lanes.constant(ROUND_WORD);
  const low = lanes.constant(LOW_BYTES);
  const step: usize = factors ? 64 : 0;
  if (!factors) factors = ONES;
  const end = upper + (<usize>depth & ~15);
  for (; upper < end; upper += 16, lower += 16, x += 64, factors += step) {
    const a = four.words(four.product(x, factors), scale, offset, round);
    const b = four.words(four.product(x + 16, factors + 16), scale, offset, round);
    const c = four.words(four.product(x + 32, factors + 32), scale, offset, round);
    const d = four.words(four.product(x + 48, factors + 48), scale, offset, round);
    four.storeWords(upper, lower, a, b, c, d, low);
  }
  const rest = depth & 15;
  if (!rest) return;
  const a = four.words(four.rest(x, factors, rest), scale, offset, round);
  const b = four.words(four.rest(x + 16, factors + 16, rest - 4), scale, offset, round);
  const c = four.words(four.rest(x + 32, factors + 32, rest - 8), scale, offset, round);
  const d = four.words(four.rest(x + 48, factors + 48, rest - 12), scale, offset, round);
  four.storeWords(upper, lower, a, b, c, d, low);
}

/** Bytes with the offset that is in the sum they are rounded by. */
function bytes(
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

  /** The same of the last `count` numbers of a row: zeros behind them, which are not read where all are. */
  @inline static rest(x: usize, factors: usize, count: i32): v128 {
    if (count <= 0) return i32x4.splat(0);
    return v128.and(four.product(x, factors), lanes.first(count));
  }

  @inline static words(products: v128, scale: v128, offset: v128, round: v128): v128 {
    return i32x4.sub(f32x4.add(f32x4.mul(products, scale), offset), round);
  }

  /** Sixteen words as upper and lower bytes. */
  // biome-ignore format: sources side by side
  @inline static storeWords(
    upper: usize, lower: usize, a: v128, b: v128, c: v128, d: v128, low: v128,
  ): void {
    const ab = i16x8.narrow_i32x4_u(a, b);
    const cd = i16x8.narrow_i32x4_u(c, d);
    v128.store(upper, i8x16.narrow_i16x8_u(i16x8.shr_u(ab, 8), i16x8.shr_u(cd, 8)));
    v128.store(lower, i8x16.narrow_i16x8_u(v128.and(ab, low), v128.and(cd, low)));
  }

  /** Sixteen sums as their lowest bytes. */
  @inline static storeBytes(to: usize, a: v128, b: v128, c: v128, d: v128, low: v128): void {
    // The upper half of a sum is its exponent: past 255, it becomes a byte that is taken off.
    const ab = v128.and(i8x16.narrow_i16x8_u(a, b), low);
    const cd = v128.and(i8x16.narrow_i16x8_u(c, d), low);
    v128.store(to, i8x16.narrow_i16x8_u(ab, cd));
  }
}
