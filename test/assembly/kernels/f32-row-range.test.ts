/** f32-row-range against the largest magnitude in float32, in every build: equal. */
import { describe, expect, it } from 'vitest';
import { Kernels } from '../../support/kernels.ts';
import { random } from '../../support/random.ts';
import { variants } from '../../support/variants.ts';

const COUNTS = [1, 3, 4, 5, 8, 15, 16, 17, 33, 128, 511];
const RANGES = ['f32RowRange', 'f32MagnitudeRange'] as const;

describe.each(variants)('f32-row-range ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  it.each(COUNTS)('f32RowRange() finds the largest of %i magnitudes', (count) => {
    for (let place = 0; place < count; place += 1 + (count >> 4)) {
      const numbers = random(count + place);
      const x = numbers.uniforms(count, -1, 1);
      x[place] = -2;
      const factors = numbers.uniforms(count, 1, 2);
      expect(rangeOf('f32RowRange', x)).toBe(2);
      expect(rangeOf('f32RowRange', x, factors)).toBe(largestOf(x, factors));
    }
  });

  it.each(COUNTS)(
    'f32MagnitudeRange() finds the largest of %i beside zeros of any sign',
    (count) => {
      const numbers = random(count);
      const x = numbers.uniforms(count, -1, 1).map((value) => Math.max(value, 0));
      const factors = numbers.uniforms(count, 0.5, 2);
      expect(rangeOf('f32MagnitudeRange', x, factors)).toBe(largestOf(x, factors));
      for (const at of [0, count >> 1, count - 1]) {
        const other = x.slice();
        other[at] = -0;
        expect(rangeOf('f32MagnitudeRange', other)).toBe(largestOf(other));
        expect(rangeOf('f32MagnitudeRange', other, factors)).toBe(largestOf(other, factors));
      }
    },
  );

  describe.each(RANGES)('%s()', (range) => {
    it('is NaN for a row with a NaN of any sign or an infinity', () => {
      for (const bits of [0x7fc00000, 0xffc00000, 0xffffffff, 0x7f800000]) {
        for (const at of [0, 6, 17]) {
          const x = new Float32Array(18).fill(1);
          new Uint32Array(x.buffer)[at] = bits;
          expect(rangeOf(range, x)).toBeNaN();
          expect(rangeOf(range, x, new Float32Array(18).fill(2))).toBeNaN();
        }
      }
    });

    it('is 0 for what is smaller than 2^-100', () => {
      for (const x of [0, -0, 1e-45, 2 ** -101]) {
        expect(rangeOf(range, new Float32Array(9).fill(x))).toBe(0);
      }
    });
  });

  function rangeOf(range: (typeof RANGES)[number], x: Float32Array, factors?: Float32Array) {
    return kernels.call((frame, exports) => {
      // What lies behind a row is read with it, and must not count.
      const row = frame.input(tail(x, Number.NaN));
      return exports[range](row, factors ? frame.input(tail(factors, Infinity)) : 0, x.length);
    });
  }
});

function tail(x: Float32Array, behind: number): Float32Array {
  const padded = new Float32Array((x.length + 7) & ~7).fill(behind);
  padded.set(x);
  return padded;
}

function largestOf(x: Float32Array, factors?: Float32Array): number {
  return x
    .map((value, i) => Math.abs(value * (factors?.[i] ?? 1)))
    .reduce((a, b) => Math.max(a, b));
}
