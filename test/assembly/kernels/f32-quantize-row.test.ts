/** f32-quantize-row against float32 steps in JavaScript, in every build: whole numbers must be equal. */
import { describe, expect, it } from 'vitest';
import { Kernels } from '../../support/kernels.ts';
import { random } from '../../support/random.ts';
import { variants } from '../../support/variants.ts';

const COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 16, 19, 128, 511];
const LIMITS = [127, 32767];
const f = Math.fround;

describe.each(variants)('f32QuantizeRow() ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  it.each(COUNTS)('rounds %i numbers to nearest and returns largest / limit', (count) => {
    for (const limit of LIMITS) {
      for (const withFactors of [false, true]) {
        const numbers = random(count);
        const x = numbers.normals(count);
        const factors = withFactors ? numbers.uniforms(count, 0.01, 4) : undefined;
        expect(quantize(x, limit, factors)).toEqual(expectedOf(x, limit, factors));
      }
    }
  });

  it('gives zeros with the scale 0 for zeros and for what is smaller than 2^-100', () => {
    for (const x of [0, -0, 1e-45, -1e-38, 2 ** -101]) {
      expect(quantize(new Float32Array(9).fill(x), 127)).toEqual({ scale: 0, whole: zeros(16) });
    }
  });

  it.each([Number.NaN, Infinity, -Infinity])('gives zeros with the scale NaN for %d', (bad) => {
    for (const at of [0, 5, 8, 10]) {
      const x = new Float32Array(11).fill(1);
      x[at] = bad;
      expect(quantize(x, 127)).toEqual({ scale: Number.NaN, whole: zeros(16) });
    }
  });

  it('takes the largest float32 without overflow', () => {
    const x = Float32Array.of(3.4028234663852886e38, -1.7e38);
    expect(quantize(x, 127).whole.slice(0, 2)).toEqual([127, -63]);
  });

  function quantize(x: Float32Array, limit: number, factors?: Float32Array) {
    const padded = (x.length + 7) & ~7;
    return kernels.call((frame, exports) => {
      const to = frame.output(padded / 2);
      // What lies behind a row is read with it, and must not count.
      const row = frame.input(tail(x, Number.NaN));
      const other = factors ? frame.input(tail(factors, Infinity)) : 0;
      const scale = exports.f32QuantizeRow(to, row, other, x.length, limit);
      const whole = new Int16Array(frame.read(to, padded / 2).buffer);
      return { scale, whole: Array.from(whole) };
    });
  }
});

function tail(x: Float32Array, behind: number): Float32Array {
  const padded = new Float32Array((x.length + 7) & ~7).fill(behind);
  padded.set(x);
  return padded;
}

const zeros = (count: number) => new Array<number>(count).fill(0);

function expectedOf(x: Float32Array, limit: number, factors?: Float32Array) {
  const scaled = x.map((value, i) => value * (factors?.[i] ?? 1));
  const largest = scaled.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const inverse = f(limit / largest);
  const whole = Array.from(scaled, (value) => toEven(f(value * inverse)) + 0);
  return { scale: f(largest / limit), whole: [...whole, ...zeros(-x.length & 7)] };
}

/** To the nearest whole number, halves to the even one. */
function toEven(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}
