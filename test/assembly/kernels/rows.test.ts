/**
 * Elementwise loops: one rounding for each operation, so results are those of float32 arithmetic to
 * the bit. A scale and shift, which a relaxed build fuses, is tested on numbers that are exact with
 * one rounding and with two.
 */
import { describe, expect, it } from 'vitest';
import { Kernels } from '../../support/kernels.ts';
import { painted, random } from '../../support/random.ts';
import { variants } from '../../support/variants.ts';

const COUNTS = [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 128];
const wholeVectors = (count: number) => Math.ceil(count / 4) * 4;

describe.each(variants)('rows ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  it.each(COUNTS)('f32Scale() multiplies %i elements, in place too', (count) => {
    const x = random(count).normals(wholeVectors(count));
    const expected = x.map((value) => Math.fround(value * Math.fround(0.7)));
    const apart = kernels.call((frame, exports) => {
      const to = frame.output(x.length);
      exports.f32Scale(to, frame.input(x), 0.7, count);
      return frame.read(to, x.length);
    });
    const inPlace = kernels.call((frame, exports) => {
      const to = frame.inout(x);
      exports.f32Scale(to, to, 0.7, count);
      return frame.read(to, x.length);
    });
    expect(apart).toEqual(expected);
    expect(inPlace).toEqual(expected);
  });

  it.each(COUNTS)('f32Multiply() multiplies %i elements by others, in place too', (count) => {
    const a = random(count).normals(wholeVectors(count));
    const b = random(count + 1).normals(wholeVectors(count));
    const expected = a.map((value, i) => Math.fround(value * b[i]));
    for (const isInPlace of [false, true]) {
      const found = kernels.call((frame, exports) => {
        const from = frame.inout(a);
        const to = isInPlace ? from : frame.output(a.length);
        exports.f32Multiply(to, from, frame.input(b), count);
        return frame.read(to, a.length);
      });
      expect(found).toEqual(expected);
    }
  });

  it.each(COUNTS.filter((count) => count % 4 === 0))(
    'f32AddScaled() adds a multiple of %i elements with two roundings, in place too',
    (count) => {
      const [x, column] = [random(count).normals(count), random(count + 1).normals(count)];
      const factor = Math.fround(0.7);
      const expected = x.map((value, i) => value + Math.fround(column[i] * factor));
      for (const isInPlace of [false, true]) {
        const found = kernels.call((frame, exports) => {
          const from = frame.inout(x);
          const to = isInPlace ? from : frame.output(count);
          exports.f32AddScaled(to, from, frame.input(column), factor, count);
          return frame.read(to, count);
        });
        expect(found).toEqual(expected);
      }
    },
  );

  it.each(COUNTS)('f32Add() adds %i elements, onto either operand too', (count) => {
    const a = random(count).normals(wholeVectors(count));
    const b = random(count + 1).normals(wholeVectors(count));
    const expected = a.map((value, i) => Math.fround(value + b[i]));
    for (const target of ['apart', 'a', 'b']) {
      const found = kernels.call((frame, exports) => {
        const [first, second] = [frame.inout(a), frame.inout(b)];
        const to = target === 'apart' ? frame.output(a.length) : target === 'a' ? first : second;
        exports.f32Add(to, first, second, count);
        return frame.read(to, a.length);
      });
      expect(found).toEqual(expected);
    }
  });

  it.each([4, 8, 12, 32, 128])('f32ScaleShift() maps %i elements, in place too', (count) => {
    const [x, scale, shift] = [painted(count), painted(count, 70), painted(count, 140)];
    const expected = x.map((value, i) => value * scale[i] + shift[i]);
    for (const isInPlace of [false, true]) {
      const found = kernels.call((frame, exports) => {
        const from = frame.inout(x);
        const to = isInPlace ? from : frame.output(count);
        exports.f32ScaleShift(to, from, frame.input(scale), frame.input(shift), count);
        return frame.read(to, count);
      });
      expect(found).toEqual(expected);
    }
  });
});
