/**
 * Half precision (IEEE 754 binary16) and bfloat16 as plain numbers, for reading and writing files.
 * Float16Array is newer than the runtimes that this package supports.
 */

/** The largest finite number in half precision. */
export const LARGEST_HALF = 65504;

/** One float32 as a number and as its bits. */
const word = new Float32Array(1);
const bits = new Uint32Array(word.buffer);

/** The exact value of 16 bits of half precision. */
export function fromHalf(half: number): number {
  const magnitude = half & 0x7fff;
  if (magnitude > 0x7c00) return Number.NaN;
  // Shifted into a float32 the exponent's bias is 127 instead of 15: the value is 2^112 too small.
  bits[0] = magnitude << 13;
  const x = magnitude === 0x7c00 ? Number.POSITIVE_INFINITY : word[0]! * 2 ** 112;
  return half & 0x8000 ? -x : x;
}

/** The value of a bfloat16, which is the upper half of a float32. */
export function fromBf16(upper: number): number {
  bits[0] = upper << 16;
  return word[0]!;
}

/** Rounds to float32 without its lowest 8 bits (16 bits of significand), ties to even. */
export function roundTo24(x: number): number {
  word[0] = x;
  bits[0] = (bits[0]! + 0x7f + ((bits[0]! >>> 8) & 1)) & ~0xff;
  return word[0]!;
}

/** The 16 bits of the half nearest to a float32, ties to even; 65520 and more becomes infinity. */
export function toHalf(x: number): number {
  word[0] = x;
  const sign = (bits[0]! >>> 16) & 0x8000;
  const magnitude = bits[0]! & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude === 0x7f800000 ? 0x7c00 : 0x7e00);
  // 0x477ff000 is 65520, halfway between the largest half and 65536, which is infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // 0x38800000 is 2^-14. Halves below are multiples of 2^-24, as are the float32 from 0.5 to 1:
  // adding 0.5 rounds, and leaves the multiple in the lowest bits.
  if (magnitude < 0x38800000) {
    word[0] = 0.5 + Math.abs(x);
    return sign | (bits[0]! - 0x3f000000);
  }
  const odd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
}
