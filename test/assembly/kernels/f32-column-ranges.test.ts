/** f32-column-ranges against the same proportions in float64. */
import { describe, expect, it } from 'vitest';
import { expectClose } from '../../support/close.ts';
import { Kernels } from '../../support/kernels.ts';
import { random } from '../../support/random.ts';
import { padRows } from '../../support/records.ts';
import { variants } from '../../support/variants.ts';

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
