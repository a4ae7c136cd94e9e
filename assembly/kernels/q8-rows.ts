/**
 * Rows of f32 on their way into a product of whole numbers (qd-f32-qc8w-gemm-nr8.ts): quantised, and
 * laid as the build's dot product reads them. A row is `q8RowBytes(K)` long and holds
 *
 *   builds without relaxed dot products   | k=0 .. K-1, 16 bits |
 *   with them, Words                      | upper bytes + 128   | lower bytes |
 *   with them, Bytes and Magnitudes       | bytes + 128, or bytes |
 *
 * Relaxed dot products take unsigned bytes: what the 128 adds is taken off again by the sums that a
 * tile starts from. The numbers are the same in every build, and so are the sums.
 */
import { BYTE_ROWS, DOT_DEPTHS } from '../simd/lanes';
import { f32QuantizeRow } from './f32-quantize-row';

/** How finely a row is quantised; builds without BYTE_ROWS have words alone. */
export const enum RowForm {
  /** 16 bits: -32767 .. 32767. */
  Words = 0,
  /** 8 bits: -127 .. 127. */
  Bytes = 1,
  /** 8 bits of what is never negative: 0 .. 255. */
  Magnitudes = 2,
}

/** The form that this build has for one that is wished for. */
export function q8Form(wished: RowForm): RowForm {
  return BYTE_ROWS ? wished : RowForm.Words;
}

/** Whether bytes of a row are 128 larger than what they stand for. */
export function q8IsOffset(form: RowForm): bool {
  return DOT_DEPTHS == 4 && form != RowForm.Magnitudes;
}

/** Planes of bytes that a row is made of. */
export function q8Planes(form: RowForm): i32 {
  return DOT_DEPTHS == 4 && (!BYTE_ROWS || form == RowForm.Words) ? 2 : 1;
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
 * x [depth] * factors [depth] -> a row at `to`; returns the scale that takes it back. `words` has room
 * for a row. Sums with weights up to 127 stay below 2^31.
 */
export function q8QuantizeRow(
  form: RowForm,
  to: usize,
  words: usize,
  x: usize,
  factors: usize,
  depth: i32,
): f32 {
  if (DOT_DEPTHS == 2) return f32QuantizeRow(to, x, factors, depth, limitOf(form, depth));
  const scale = f32QuantizeRow(words, x, factors, depth, limitOf(form, depth));
  const count = <usize>q8Depth(depth);
  if (!BYTE_ROWS || form == RowForm.Words) split(to, to + count, words, count);
  else if (form == RowForm.Bytes) offsetBytes(to, words, count);
  else bytes(to, words, count);
  return scale;
}

function limitOf(form: RowForm, depth: i32): i32 {
  if (form == RowForm.Bytes) return 127;
  if (form == RowForm.Magnitudes) return 255;
  return min(<i32>i16.MAX_VALUE, i32.MAX_VALUE / (127 * (depth + 1)));
}

/** Words [count] -> their upper bytes + 128, their lower bytes; `count` a multiple of 16. */
function split(upper: usize, lower: usize, words: usize, count: usize): void {
  const offset = i8x16.splat(-128);
  const low = i16x8.splat(255);
  for (const end = upper + count; upper < end; upper += 16, lower += 16, words += 32) {
    const a = v128.load(words);
    const b = v128.load(words, 16);
    const high = i8x16.narrow_i16x8_s(i16x8.shr_s(a, 8), i16x8.shr_s(b, 8));
    v128.store(upper, v128.xor(high, offset));
    v128.store(lower, i8x16.narrow_i16x8_u(v128.and(a, low), v128.and(b, low)));
  }
}

/** Words [count] of -128 .. 127 -> bytes + 128; `count` a multiple of 16. */
function offsetBytes(to: usize, words: usize, count: usize): void {
  const offset = i8x16.splat(-128);
  for (const end = to + count; to < end; to += 16, words += 32) {
    const bytes = i8x16.narrow_i16x8_s(v128.load(words), v128.load(words, 16));
    v128.store(to, v128.xor(bytes, offset));
  }
}

/** Words [count] of 0 .. 255 -> bytes; `count` a multiple of 16. */
function bytes(to: usize, words: usize, count: usize): void {
  for (const end = to + count; to < end; to += 16, words += 32) {
    v128.store(to, i8x16.narrow_i16x8_u(v128.load(words), v128.load(words, 16)));
  }
}
