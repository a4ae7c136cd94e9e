/**
 * Number formats of checkpoints to f32, and f32 to the formats that weights are kept in: `count`
 * elements from `from` to `to`, which must not overlap. They are read and written in groups of
 * four: both ends need room up to a multiple of 4.
 */
import { lanes } from '../simd/lanes';
import { f32s, i16s } from '../simd/units';

/** Bits of binary16. A loop's constants lie in memory (docs/kernels.md). */
const SIGN = memory.data<i32>([0x8000]);
const MAGNITUDE = memory.data<i32>([0x7fff]);
/** The exponent of f32, and an infinity of binary16 in the place of f32. */
const EXPONENT = memory.data<i32>([0x7f800000]);
const F16_INFINITY = memory.data<i32>([0x0f800000]);
/** 2^112: the exponents of f32 and binary16 have biases of 127 and 15. */
const REBIAS = memory.data<f32>([5.192296858534828e33]);

/** IEEE binary16 -> f32, exact for every value; infinities and NaN stay. */
export function f32FromF16(to: usize, from: usize, count: i32): void {
  const end = to + f32s(count);
  const signBit = lanes.constant(SIGN);
  const magnitude = lanes.constant(MAGNITUDE);
  const exponent = lanes.constant(EXPONENT);
  const infinity = lanes.constant(F16_INFINITY);
  const rebias = lanes.constant(REBIAS);
  for (; to < end; to += 16, from += 8) {
    const half = v128.load16x4_u(from);
    const sign = i32x4.shl(v128.and(half, signBit), 16);
    const rest = i32x4.shl(v128.and(half, magnitude), 13);
    // Read as f32, the exponent is 112 too small. Times 2^112 it is right, subnormals included.
    const scaled = f32x4.mul(rest, rebias);
    const special = v128.or(rest, exponent);
    const isSpecial = i32x4.ge_s(rest, infinity);
    v128.store(to, v128.or(v128.bitselect(special, scaled, isSpecial), sign));
  }
}

/** bfloat16 -> f32: the upper half of the same bits. */
export function f32FromBf16(to: usize, from: usize, count: i32): void {
  const end = to + f32s(count);
  for (; to < end; to += 16, from += 8) {
    v128.store(to, i32x4.shl(v128.load16x4_u(from), 16));
  }
}

/** f64 -> f32, rounded to nearest, ties to even. */
export function f32FromF64(to: usize, from: usize, count: i32): void {
  const end = to + f32s(count);
  for (; to < end; to += 16, from += 32) {
    const low = f32x4.demote_f64x2_zero(v128.load(from));
    const high = f32x4.demote_f64x2_zero(v128.load(from, 16));
    v128.store(to, v128.shuffle<f32>(low, high, 0, 1, 4, 5));
  }
}

/**
 * f32 -> IEEE binary16, rounded to nearest, ties to even, subnormals included. Returns whether all
 * results are finite.
 */
export function f16FromF32(to: usize, from: usize, count: i32): bool {
  const end = to + i16s(count);
  let largest = i32x4.splat(0);
  for (; to < end; to += 8, from += 16) {
    const bits = v128.load(from);
    const magnitude = v128.and(bits, i32x4.splat(0x7fffffff));
    const sign = v128.and(i32x4.shr_u(bits, 16), i32x4.splat(0x8000));
    // To nearest even: add half a unit less 1, and 1 if the last bit is odd. The exponent loses
    // 112.
    const odd = v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(1));
    const rounded = i32x4.add(i32x4.add(magnitude, i32x4.splat(0xfff - 0x38000000)), odd);
    // The last place of 0.5 is 2^-24, the unit of subnormals: adding 0.5 rounds to that unit.
    const half = f32x4.splat(0.5);
    const subnormal = i32x4.sub(f32x4.add(magnitude, half), half);
    const isSubnormal = i32x4.lt_s(magnitude, i32x4.splat(0x38800000));
    let result = v128.bitselect(subnormal, i32x4.shr_u(rounded, 13), isSubnormal);
    result = i32x4.min_s(result, i32x4.splat(0x7c00));
    largest = i32x4.max_s(largest, result);
    result = v128.or(result, sign);
    v128.store64_lane(to, i16x8.narrow_i32x4_u(result, result), 0);
  }
  return !v128.any_true(i32x4.eq(largest, i32x4.splat(0x7c00)));
}

/** f32 -> bfloat16, rounded to nearest, ties to even; NaN stays NaN. */
export function bf16FromF32(to: usize, from: usize, count: i32): void {
  const end = to + i16s(count);
  for (; to < end; to += 8, from += 16) {
    const bits = roundOff(v128.load(from), 16);
    v128.store64_lane(to, v128.shuffle<i16>(bits, bits, 1, 3, 5, 7, 1, 3, 5, 7), 0);
  }
}

/** Rounds f32 in place to their upper 24 bits, to nearest, ties to even; NaN stays NaN. */
export function f32RoundTo24(at: usize, count: i32): void {
  const end = at + f32s(count);
  for (; at < end; at += 16) v128.store(at, roundOff(v128.load(at), 8));
}

/**
 * Clears the `lower` bits of f32, rounding to nearest, ties to even. Beyond the largest number
 * comes infinity; NaN stays NaN.
 */
function roundOff(x: v128, lower: i32): v128 {
  const unit = 1 << lower;
  const odd = v128.and(i32x4.shr_u(x, lower), i32x4.splat(1));
  // To nearest even: add half a unit less 1, and 1 if the last bit is odd.
  const more = i32x4.add(i32x4.add(x, i32x4.splat((unit >> 1) - 1)), odd);
  const rounded = v128.and(more, i32x4.splat(-unit));
  return v128.bitselect(i32x4.splat(0x7fc00000), rounded, f32x4.ne(x, x));
}

/** i8 -> f32: x * scale. Nothing is read or written behind `count`. */
export function f32FromI8(to: usize, from: usize, count: i32, scale: f32): void {
  const end = to + f32s(count & ~7);
  const factor = f32x4.splat(scale);
  for (; to < end; to += 32, from += 8) {
    const wide = v128.load8x8_s(from);
    v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(wide)), factor));
    v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(wide)), factor), 16);
  }
  for (count &= 7; count > 0; count--, to += 4, from++) {
    store<f32>(to, <f32>load<i8>(from) * scale);
  }
}
