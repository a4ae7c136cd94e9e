/** Eight-bit floats, against every value of PyTorch's (tools/golden/make-float8.py). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromHalf } from '../../../src/numerics/half.ts';
import { type Float8, halvesOf } from '../../../src/weights/float8.ts';

const golden = JSON.parse(readFileSync('test/golden/float8.json', 'utf8')) as Record<
  Float8,
  (number | string)[]
>;

describe('halvesOf()', () => {
  it.each<Float8>(['F8_E4M3', 'F8_E5M2'])('gives every value of %s exactly', (dtype) => {
    const every = Uint8Array.from({ length: 256 }, (_, bits) => bits);
    const halves = new Uint16Array(halvesOf(every, dtype).buffer);
    const texts: Record<string, number> = {
      nan: Number.NaN,
      inf: Number.POSITIVE_INFINITY,
      '-inf': Number.NEGATIVE_INFINITY,
    };
    const expected = golden[dtype].map((value) => texts[value] ?? value);
    expect(expected.length).toBe(256);
    expect(Array.from(halves, fromHalf)).toEqual(expected);
  });
});
