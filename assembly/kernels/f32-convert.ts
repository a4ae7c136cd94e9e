/**
 * Checkpoint numbers to f32: `count` elements from `from` to `to`, which must not overlap.
 * Whole groups of four are read and written: both ends need room up to a multiple of 4.
 */

/** IEEE binary16 -> f32, exact for every value; infinities and NaN stay what they are. */
export function f32FromF16(to: usize, from: usize, count: i32): void {
  const end = to + ((<usize>count) << 2);
  for (; to < end; to += 16, from += 8) {
    const half = v128.load16x4_u(from);
    const sign = i32x4.shl(v128.and(half, i32x4.splat(0x8000)), 16);
    const rest = i32x4.shl(v128.and(half, i32x4.splat(0x7fff)), 13);
    // Read as f32 the exponent is 112 too small: a product by 2^112 mends it, subnormals included.
    const scaled = f32x4.mul(rest, f32x4.splat(5.192296858534828e33));
    const special = v128.or(rest, i32x4.splat(0x7f800000));
    const isSpecial = i32x4.ge_s(rest, i32x4.splat(0x0f800000));
    v128.store(to, v128.or(v128.bitselect(special, scaled, isSpecial), sign));
  }
}

/** bfloat16 -> f32: the upper half of the same bits. */
export function f32FromBf16(to: usize, from: usize, count: i32): void {
  const end = to + ((<usize>count) << 2);
  for (; to < end; to += 16, from += 8) {
    v128.store(to, i32x4.shl(v128.load16x4_u(from), 16));
  }
}

/** f64 -> f32, rounded to nearest. */
export function f32FromF64(to: usize, from: usize, count: i32): void {
  const end = to + ((<usize>count) << 2);
  for (; to < end; to += 16, from += 32) {
    const low = f32x4.demote_f64x2_zero(v128.load(from));
    const high = f32x4.demote_f64x2_zero(v128.load(from, 16));
    v128.store(to, v128.shuffle<f32>(low, high, 0, 1, 4, 5));
  }
}
