import { describe, expect, it } from 'vitest';
import { fromBf16, fromHalf, roundTo24, toHalf } from '../../../src/numerics/half.ts';

describe('fromHalf()', () => {
  // IEEE 754-2008, binary16.
  it.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
    [0x7e00, Number.NaN],
  ])('reads %i', (bits, value) => expect(fromHalf(bits)).toBe(value));
});

describe('fromBf16()', () => {
  it.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x3f80, 1],
    [0xc020, -2.5],
    [0x0001, 2 ** -133],
    [0x7f7f, 255 * 2 ** 120],
    [0x7f80, Number.POSITIVE_INFINITY],
    [0x7fc0, Number.NaN],
  ])('reads %i', (bits, value) => expect(fromBf16(bits)).toBe(value));
});

describe('roundTo24()', () => {
  // Sixteen digits: from 1 to 2 in steps of 2^-15.
  it.each([
    [0, 0],
    [1 + 2 ** -15, 1 + 2 ** -15],
    [1 + 2 ** -16, 1],
    [1 + 2 ** -16 + 2 ** -23, 1 + 2 ** -15],
    [-1 - 3 * 2 ** -16, -1 - 2 ** -14],
    [2 - 2 ** -20, 2],
    [2 ** -100 + 2 ** -120, 2 ** -100],
    [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ])('rounds %d', (x, value) => expect(roundTo24(x)).toBe(value));
});

describe('toHalf()', () => {
  it('gives back every half', () => {
    const numbers = every(2 ** 16).filter((bits) => !Number.isNaN(fromHalf(bits)));
    expect(numbers.filter((bits) => toHalf(fromHalf(bits)) !== bits)).toEqual([]);
  });

  it('rounds to the nearer neighbour, and halfway to the even one', () => {
    const wrong = every(0x7bff).filter((bits) => {
      const middle = (fromHalf(bits) + fromHalf(bits + 1)) / 2;
      const even = bits + (bits & 1);
      const near = middle * 2 ** -20;
      return (
        toHalf(middle - near) !== bits ||
        toHalf(middle) !== even ||
        toHalf(-middle) !== (even | 0x8000) ||
        toHalf(middle + near) !== bits + 1
      );
    });
    expect(wrong).toEqual([]);
  });

  it.each([
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [-1e30, 0xfc00],
    [Number.POSITIVE_INFINITY, 0x7c00],
    [1e-30, 0],
    [-1e-30, 0x8000],
    [Number.NaN, 0x7e00],
  ])('rounds %d', (value, bits) => expect(toHalf(value)).toBe(bits));
});

function every(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
