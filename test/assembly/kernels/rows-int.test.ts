/**
 * Quantised rows hold the integers of f32QuantizeRow() in the layout of rows-int.ts, in every
 * build. Bytes are rounded once; i16 are rounded as a product, and then to an integer.
 */
import { describe, expect, it } from 'vitest';
import { Kernels } from '../../support/kernels.ts';
import { type Form, formsOf, q8Depth, q8Row } from '../../support/q8-rows.ts';
import { random } from '../../support/random.ts';
import { variants } from '../../support/variants.ts';

const DEPTHS = [1, 7, 8, 9, 15, 16, 17, 24, 128, 511, 512, 1024];

describe.each(variants)('q8QuantizeRow() ($name)', ({ name: build, hasDot, hasByteRows }) => {
  const kernels = new Kernels(build);

  describe.each(formsOf(hasByteRows))('$name', (form) => {
    it.each(DEPTHS)('lays out the quantised numbers of a row, depth %i', (depth) => {
      const numbers = random(depth);
      const x = form.lowest < 0 ? numbers.normals(depth) : numbers.uniforms(depth, 0, 3);
      const factors = numbers.uniforms(depth, 0.25, 4);
      const found = quantize(form, x, factors);
      expect(found.scale).toBe(found.expected.scale);
      const row = q8Row(form, found.expected.integers, hasDot);
      // The padding may be anything.
      for (const [at, byte] of row.entries()) if (byte === 99) found.row[at] = 99;
      expect(found.row.subarray(0, used(form, depth))).toEqual(row.subarray(0, used(form, depth)));
    });

    it('is zero with the scale NaN for a row with an infinity', () => {
      const x = new Float32Array(16).fill(1);
      x[3] = Infinity;
      const { scale, row } = quantize(form, x, new Float32Array(16).fill(1));
      expect(scale).toBeNaN();
      const zeros = q8Row(form, new Int16Array(16), hasDot);
      expect(row.subarray(0, used(form, 16))).toEqual(zeros.subarray(0, used(form, 16)));
    });
  });

  /** Bytes of a row that the product reads. */
  function used(form: Form, depth: number): number {
    return hasDot && !form.is16Bit ? q8Depth(depth) : 2 * q8Depth(depth);
  }

  function quantize(form: Form, x: Float32Array, factors: Float32Array) {
    const depth = x.length;
    const bytes = 2 * q8Depth(depth);
    const count = (depth + 7) & ~7;
    const limit = form.is16Bit
      ? Math.min(form.highest, Math.floor((2 ** 31 - 1) / (127 * (depth + 1))))
      : form.highest;
    return kernels.call((frame, exports) => {
      const to = frame.output(bytes / 4);
      const other = frame.output(count / 2);
      const row = frame.input(padded(x));
      const factor = frame.input(padded(factors));
      const scale = exports.q8QuantizeRow(form.form, to, row, factor, depth);
      const expected = {
        scale: exports.f32QuantizeRow(other, row, factor, depth, limit),
        integers: new Int16Array(frame.read(other, count / 2).buffer).subarray(0, depth),
      };
      if (!form.is16Bit) expected.integers = roundedOnce(x, factors, form.highest);
      return { scale, row: new Uint8Array(frame.read(to, bytes / 4).buffer), expected };
    });
  }
});

describe.each(variants)('q8IsCoarse() ($name)', ({ name: build, hasByteRows }) => {
  const kernels = new Kernels(build);

  const isCoarse = (form: number, x: Float32Array) =>
    kernels.call((frame, exports) => {
      const to = frame.output(q8Depth(x.length) / 2);
      exports.q8QuantizeRow(form, to, frame.input(padded(x)), 0, x.length);
      return exports.q8IsCoarse(form, to, x.length) !== 0;
    });

  it.each(formsOf(hasByteRows))('finds rows of which few numbers take the range: $name', (form) => {
    for (const depth of [64, 128, 384, 512]) {
      const numbers = random(depth);
      const x = form.lowest < 0 ? numbers.normals(depth) : numbers.uniforms(depth, 0, 3);
      expect(isCoarse(form.form, x), `${depth}`).toBe(false);
      expect(isCoarse(form.form, new Float32Array(depth)), `zeros, ${depth}`).toBe(false);
      // Behind the vectors that are looked at or among them.
      for (const at of [0, 17, depth - 1]) {
        const massive = x.slice();
        massive[at] = 300;
        expect(isCoarse(form.form, massive), `${depth}, ${at}`).toBe(form.planes === 1);
      }
    }
  });
});

function padded(x: Float32Array): Float32Array {
  const wide = new Float32Array((x.length + 7) & ~7);
  wide.set(x);
  return wide;
}

/** In float64 the product of two f32 is exact. */
function roundedOnce(x: Float32Array, factors: Float32Array, limit: number): Int16Array {
  const scaled = x.map((value, k) => value * factors[k]!);
  const inverse = Math.fround(limit / scaled.reduce((most, v) => Math.max(most, Math.abs(v)), 0));
  return Int16Array.from(scaled, (value) => Math.round(value * inverse));
}
