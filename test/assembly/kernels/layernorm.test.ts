/**
 * LayerNorm against test/reference in float64, also where the mean is far larger than the spread.
 */
import { describe, expect, it } from 'vitest';
import { layerNorm } from '../../reference/ops.ts';
import { Kernels } from '../../support/kernels.ts';
import { painted, random } from '../../support/random.ts';
import { variants } from '../../support/variants.ts';

const COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33, 127, 128, 129, 512];
const EPSILONS = [1e-12, 1e-5, 0.5];

/** [what, mean, deviation] of rows. */
const ROWS: [string, number, number][] = [
  ['around zero', 0, 1],
  ['of large numbers', 0, 1e6],
  ['of small numbers', 0, 1e-3],
  ['with a large mean and a small spread', 1000, 0.5],
  ['with a mean of 10,000 spreads', -5000, 0.5],
];

describe.each(variants)('f32LayerNormRow() ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  /** The row's result; whatever x has behind its end must not count. */
  const run = (
    x: Float32Array,
    scale: Float32Array,
    shift: Float32Array,
    epsilon: number,
    padding = 1e9,
  ) =>
    kernels.call((frame, exports) => {
      const address = frame.inout(padded(x, padding));
      const [w, b] = [frame.input(padded(scale, 0)), frame.input(padded(shift, 0))];
      exports.f32LayerNormRow(address, w, b, x.length, epsilon);
      return frame.read(address, padded(x, 0).length);
    });

  describe.each(ROWS)('on rows %s', (_, mean, deviation) => {
    it.each(COUNTS)('is right within its roundings at %i elements', (count) => {
      for (const epsilon of EPSILONS) {
        const numbers = random(count);
        const x = numbers.normals(count, mean, deviation);
        const scale = numbers.normals(count);
        const shift = numbers.normals(count);
        const found = run(x, scale, shift, epsilon);
        expectLayerNorm(found, x, scale, shift, epsilon);
      }
    });
  });

  it.each([1, 3, 7, 128, 513])('gives the shift for %i equal numbers', (count) => {
    for (const value of [0, 1, -1000.1, 3e7]) {
      const shift = painted(count, 5);
      const found = run(new Float32Array(count).fill(value), painted(count, 60), shift, 1e-12);
      // What rounding leaves of x - mean, over sqrt(eps) = 1e-6: nothing but the second
      // correction's own rounding.
      for (let i = 0; i < count; i++) {
        expect(Math.abs(found[i] - shift[i])).toBeLessThanOrEqual(1e-6 * Math.abs(value) + 1e-7);
      }
    }
  });

  it('turns padding into the padding of the shift', () => {
    const found = run(painted(5), painted(5), painted(5), 1e-5, 12345);
    expect(Array.from(found.slice(5))).toEqual([0, 0, 0]);
  });

  it('is NaN throughout where an element is NaN', () => {
    for (const count of [4, 5, 7]) {
      for (let place = 0; place < count; place++) {
        const x = painted(count);
        x[place] = Number.NaN;
        const found = run(x, painted(count, 9), painted(count), 1e-5);
        expect(found.slice(0, count).every(Number.isNaN)).toBe(true);
      }
    }
  });
});

function padded(x: Float32Array, padding: number): Float32Array {
  const room = new Float32Array(Math.ceil(x.length / 4) * 4).fill(padding);
  room.set(x);
  return room;
}

/**
 * Sums of N / 4 terms a lane miss their value by at most N / 4 + 3 roundings of the mean size: the
 * corrected mean by that much of the spread, the deviation by half of it. Six more roundings stand
 * between them and the result.
 */
function expectLayerNorm(
  found: Float32Array,
  x: Float32Array,
  scale: Float32Array,
  shift: Float32Array,
  epsilon: number,
): void {
  const ones = Array.from(x, () => 1);
  const [normalised] = layerNorm([x], ones, new Float32Array(x.length), epsilon);
  const rounding = 2 ** -24;
  for (let i = 0; i < x.length; i++) {
    const expected = normalised[i] * scale[i] + shift[i];
    const roundings = x.length / 4 + 9;
    const size = (1 + Math.abs(normalised[i])) * Math.abs(scale[i]);
    const bound = rounding * (roundings * size + Math.abs(shift[i]));
    expect(Math.abs(found[i] - expected)).toBeLessThanOrEqual(bound);
  }
}
