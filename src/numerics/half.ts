/**
 * IEEE 754 half precision in plain numbers: for files and readings, not for arithmetic. Runtimes with
 * Float16Array are newer than those that this package runs on.
 */

/** The largest number of half precision. */
export const LARGEST_HALF = 65504;

const word = new Float32Array(1);
const bits = new Uint32Array(word.buffer);

/** The number that 16 bits of half precision hold, exactly. */
export function fromHalf(half: number): number {
  const magnitude = half & 0x7fff;
  if (magnitude > 0x7c00) return Number.NaN;
  // The exponent's bias is 15, not 127; small halves become small floats on the way.
  bits[0] = magnitude << 13;
  const x = magnitude === 0x7c00 ? Number.POSITIVE_INFINITY : word[0]! * 2 ** 112;
  return half & 0x8000 ? -x : x;
}

/** The number that a bfloat16, the upper half of a float32, stands for. */
export function fromBf16(upper: number): number {
  bits[0] = upper << 16;
  return word[0]!;
}

/** The nearest number of a float32's upper 24 bits, halfway to the even one. */
export function roundTo24(x: number): number {
  word[0] = x;
  bits[0] = (bits[0]! + 0x7f + ((bits[0]! >>> 8) & 1)) & ~0xff;
  return word[0]!;
}

/** The 16 bits of the half nearest to a float32, halfway to the even one; past 65520 infinity. */
export function toHalf(x: number): number {
  word[0] = x;
  const sign = (bits[0]! >>> 16) & 0x8000;
  const magnitude = bits[0]! & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude === 0x7f800000 ? 0x7c00 : 0x7e00);
  // 65520 and more is nearer to 65536, which is not there.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below 2^-14 halves are multiples of 2^-24; 0.5 + x has x rounded to those in its last bits.
  if (magnitude < 0x38800000) {
    word[0] = 0.5 + Math.abs(x);
    return sign | (bits[0]! - 0x3f000000);
  }
  const odd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
}
