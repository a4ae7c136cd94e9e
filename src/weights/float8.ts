/**
 * Eight-bit floats (OCP 8-bit Floating Point Specification, 1.0) as half precision, which holds every
 * value of both types exactly. Half precision is what the engine reads.
 */

import { toHalf } from '../numerics/half.ts';

/** By safetensors' names: E5M2, and E4M3 without infinities (PyTorch's float8_e4m3fn). */
export type Float8 = 'F8_E4M3' | 'F8_E5M2';

/** Whether an element type is one of the two. */
export function isFloat8(dtype: string): dtype is Float8 {
  return dtype === 'F8_E4M3' || dtype === 'F8_E5M2';
}

/** The same values in half precision, in memory of their own. */
export function halvesOf(bytes: Uint8Array, dtype: Float8): Uint8Array {
  const table = TABLES[dtype];
  const halves = new Uint16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) halves[i] = table[bytes[i]!]!;
  return new Uint8Array(halves.buffer);
}

const TABLES: Readonly<Record<Float8, Uint16Array>> = {
  F8_E4M3: Uint16Array.from({ length: 256 }, (_, bits) => toHalf(valueOfE4M3(bits))),
  // The upper half of a binary16: the same sign and exponent, and two bits of the mantissa.
  F8_E5M2: Uint16Array.from({ length: 256 }, (_, bits) => bits << 8),
};

/** Sign, 4 bits of exponent with bias 7, 3 bits of mantissa. All ones are NaN. */
function valueOfE4M3(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits >> 3) & 15;
  const mantissa = bits & 7;
  if (exponent === 15 && mantissa === 7) return Number.NaN;
  if (exponent === 0) return sign * mantissa * 2 ** -9;
  return sign * (8 + mantissa) * 2 ** (exponent - 10);
}
