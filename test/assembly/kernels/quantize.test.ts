/**
 * Ranges, scales and rounding against float32 steps in JavaScript, in every build: integers and
 * scales must be equal. Column ranges are held to proportions in float64.
 */
import { describe, expect, it } from 'vitest';
import { expectClose } from '../../support/close.ts';
import { Kernels } from '../../support/kernels.ts';
import { random } from '../../support/random.ts';
import { padRows } from '../../support/records.ts';
import { variants } from '../../support/variants.ts';

const COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 16, 19, 128, 511];
const RANGE_COUNTS = [1, 3, 4, 5, 8, 15, 16, 17, 33, 128, 511];
const RANGES = ['f32RowRange', 'f32MagnitudeRange'] as const;
const LIMITS = [127, 32767];
const f = Math.fround;

describe.each(variants)('ranges of rows ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  it.each(RANGE_COUNTS)('f32RowRange() finds the largest of %i magnitudes', (count) => {
    for (let place = 0; place < count; place += 1 + (count >> 4)) {
      const numbers = random(count + place);
      const x = numbers.uniforms(count, -1, 1);
      x[place] = -2;
      const factors = numbers.uniforms(count, 1, 2);
      expect(rangeOf('f32RowRange', x)).toBe(2);
      expect(rangeOf('f32RowRange', x, factors)).toBe(largestOf(x, factors));
    }
  });

  it.each(RANGE_COUNTS)(
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
      // What lies behind a row is read, but must not count.
      const row = frame.input(tail(x, Number.NaN));
      return exports[range](row, factors ? frame.input(tail(factors, Infinity)) : 0, x.length);
    });
  }
});

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
      expect(quantize(new Float32Array(9).fill(x), 127)).toEqual({ scale: 0, integers: zeros(16) });
    }
  });

  it.each([Number.NaN, Infinity, -Infinity])('gives zeros with the scale NaN for %d', (bad) => {
    for (const at of [0, 5, 8, 10]) {
      const x = new Float32Array(11).fill(1);
      x[at] = bad;
      expect(quantize(x, 127)).toEqual({ scale: Number.NaN, integers: zeros(16) });
    }
  });

  it('takes the largest float32 without overflow', () => {
    const x = Float32Array.of(3.4028234663852886e38, -1.7e38);
    expect(quantize(x, 127).integers.slice(0, 2)).toEqual([127, -63]);
  });

  function quantize(x: Float32Array, limit: number, factors?: Float32Array) {
    const padded = (x.length + 7) & ~7;
    return kernels.call((frame, exports) => {
      const to = frame.output(padded / 2);
      // What lies behind a row is read, but must not count.
      const row = frame.input(tail(x, Number.NaN));
      const other = factors ? frame.input(tail(factors, Infinity)) : 0;
      const scale = exports.f32QuantizeRow(to, row, other, x.length, limit);
      const integers = new Int16Array(frame.read(to, padded / 2).buffer);
      return { scale, integers: Array.from(integers) };
    });
  }
});

describe.each(variants)('f32RoundRow() ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  it('rounds halves to even and leaves zeros behind the row', () => {
    const found = kernels.call((frame, exports) => {
      const to = frame.output(4);
      exports.f32RoundRow(to, frame.input(Float32Array.of(0.5, 1.5, -2.5, 3.25, 1, 9, 9, 9)), 5, 2);
      return Array.from(new Int16Array(frame.read(to, 4).buffer));
    });
    expect(found).toEqual([1, 3, -5, 6, 2, 0, 0, 0]);
    const halves = kernels.call((frame, exports) => {
      const to = frame.output(4);
      exports.f32RoundRow(to, frame.input(Float32Array.of(0.5, 1.5, -2.5, -0.5, 0, 0, 0, 0)), 4, 1);
      return Array.from(new Int16Array(frame.read(to, 4).buffer)).slice(0, 4);
    });
    expect(halves).toEqual([0, 2, -2, 0]);
  });
});

describe.each(variants)('f32ColumnRanges() ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  it.each([1, 3, 4, 7, 128])('keeps the larger proportion of each of %i columns', (count) => {
    const numbers = random(count);
    const [x, factors, before] = [
      numbers.normals(count),
      numbers.uniforms(count, 1, 4),
      numbers.uniforms(count, 0, 0.5),
    ];
    const sizes = Array.from(x, (value, i) => Math.abs(value * factors[i]!));
    const largest = Math.max(...sizes);
    const expected = sizes.map((size, i) => Math.max(size / largest, before[i]!));
    // A product, a reciprocal and a product: three roundings.
    expectClose(ranges(x, factors, before), expected, { ulp: 3 });
  });

  it.each([0, Number.NaN, Infinity])('changes nothing for a row with nothing but %d', (bad) => {
    const before = Float32Array.of(0.25, 0.5, 1);
    const x = new Float32Array(3).fill(bad);
    expect(ranges(x, new Float32Array(3).fill(1), before)).toEqual(before);
  });

  function ranges(x: Float32Array, factors: Float32Array, before: Float32Array) {
    const padded = (row: Float32Array) => padRows(row, row.length);
    return kernels.call((frame, exports) => {
      const to = frame.inout(padded(before));
      exports.f32ColumnRanges(to, frame.input(padded(x)), frame.input(padded(factors)), x.length);
      return frame.read(to, x.length);
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

const zeros = (count: number) => new Array<number>(count).fill(0);

function expectedOf(x: Float32Array, limit: number, factors?: Float32Array) {
  const scaled = x.map((value, i) => value * (factors?.[i] ?? 1));
  const largest = scaled.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const inverse = f(limit / largest);
  const integers = Array.from(scaled, (value) => toEven(f(value * inverse)) + 0);
  return { scale: f(largest / limit), integers: [...integers, ...zeros(-x.length & 7)] };
}

/** To the nearest integer, ties to even. */
function toEven(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}
