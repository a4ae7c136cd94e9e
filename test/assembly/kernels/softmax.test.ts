/** The softmax against 2^((x - max x) * scale) in float64, with masks and with extreme scores. */
import { describe, expect, it } from 'vitest';
import { Kernels } from '../../support/kernels.ts';
import { random } from '../../support/random.ts';
import { variants } from '../../support/variants.ts';

const LENGTHS = [8, 16, 24, 32, 40, 120, 128, 384, 512];
/** log2(e) / sqrt(32): the scale of MobileBERT's heads. */
const SCALE = Math.fround(Math.LOG2E / Math.sqrt(32));
const HIDDEN = -3.4028234663852886e38;

/** Half a unit in the last place of 1. */
const ROUNDING = 2 ** -24;

describe.each(variants)('f32SoftmaxRow() ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);
  const run = (scores: Float32Array, scale = SCALE) =>
    kernels.call((frame, exports) => {
      const x = frame.inout(scores);
      const inverse = exports.f32SoftmaxRow(x, scores.length, scale);
      return { weights: frame.read(x, scores.length), inverse };
    });

  it.each(LENGTHS)('is right within its roundings at length %i', (length) => {
    for (const [spread, scale] of [
      [1, SCALE],
      [20, SCALE],
      [300, SCALE],
      [3, Math.fround(Math.LOG2E)],
      [1e-3, 1],
    ]) {
      const scores = random(length).normals(length, 5, spread);
      expectSoftmax(scores, scale, run(scores, scale));
    }
  });

  it.each(LENGTHS)('sums to 1 at length %i', (length) => {
    const { weights, inverse } = run(random(7 * length).normals(length, 0, 8));
    const sum = weights.reduce((total, weight) => total + weight * inverse, 0);
    // length / 4 sums in each lane, two across lanes, the division, the product.
    expect(Math.abs(sum - 1)).toBeLessThanOrEqual((length / 4 + 4) * ROUNDING);
  });

  it('gives hidden scores no weight at all', () => {
    const scores = random(3).normals(32);
    const isHidden = (i: number) => i % 3 === 1 || i > 20;
    const masked = scores.map((score, i) => (isHidden(i) ? HIDDEN : score));
    const { weights } = run(masked);
    expect(Array.from(weights, (weight) => weight === 0)).toEqual(
      Array.from(weights, (_, i) => isHidden(i)),
    );
    expectSoftmax(masked, SCALE, run(masked));
  });

  it('attends evenly where all scores are hidden', () => {
    const { weights, inverse } = run(new Float32Array(24).fill(HIDDEN));
    expect(weights).toEqual(new Float32Array(24).fill(1));
    expect(inverse).toBe(Math.fround(1 / 24));
  });

  it('never weighs -Infinity, not even beside hidden scores only', () => {
    const scores = Float32Array.from({ length: 8 }, (_, i) => (i < 5 ? HIDDEN : -Infinity));
    const { weights, inverse } = run(scores);
    expect(Array.from(weights)).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
    expect(inverse).toBe(Math.fround(1 / 5));
  });

  it('finds the maximum in every place', () => {
    for (let place = 0; place < 24; place++) {
      const scores = new Float32Array(24).fill(-1e6);
      scores[place] = 1e6;
      const { weights, inverse } = run(scores);
      expect(Array.from(weights)).toEqual(Array.from(scores, (_, i) => (i === place ? 1 : 0)));
      expect(inverse).toBe(1);
    }
  });

  it('keeps the order of scores as far apart as float32 allows', () => {
    const { weights } = run(Float32Array.of(3.4e38, -3.4e38, 3.4e38, 0, -1e38, 1e38, 3.3e38, -0));
    expect(Array.from(weights)).toEqual([1, 0, 1, 0, 0, 0, 0, 0]);
  });

  it('weighs equal scores exactly alike, whatever their size', () => {
    for (const score of [0, -0, 1e-45, 7.25, -1e30, 3e38]) {
      const { weights, inverse } = run(new Float32Array(16).fill(score));
      expect(weights).toEqual(new Float32Array(16).fill(1));
      expect(inverse).toBe(1 / 16);
    }
  });

  it.each([
    ['NaN', Number.NaN],
    ['Infinity', Infinity],
  ])('is NaN throughout where a score is %s', (_, bad) => {
    for (let place = 0; place < 8; place++) {
      const scores = new Float32Array(8);
      scores[place] = bad;
      const { weights, inverse } = run(scores);
      expect(inverse).toBeNaN();
      expect(weights[place]).toBeNaN();
    }
  });

  it('is NaN for a NaN of any payload', () => {
    const scores = new Float32Array(
      Uint32Array.of(0x7fc00001, 0, 0xffffffff, 0x7fc00155, 0, 0, 0, 0).buffer,
    );
    const { weights, inverse } = run(scores);
    expect(inverse).toBeNaN();
    expect(weights[0]).toBeNaN();
  });
});

/**
 * t = (x - max) * scale takes two roundings of its own size, 2^t 2.3 ulp (simd/math.test.ts):
 * together at most (4.6 + 2 ln2 |t|) roundings of 2^t. Below 2^-126 a weight is less than that. The
 * sum adds length / 4 + 2 roundings, the division one.
 */
function expectSoftmax(
  scores: Float32Array,
  scale: number,
  found: { weights: Float32Array; inverse: number },
): void {
  const maximum = Math.max(...scores);
  let sum = 0;
  let missed = 0;
  for (const [i, score] of scores.entries()) {
    const t = (score - maximum) * scale;
    const weight = t < -200 ? 0 : 2 ** t;
    const bound = weight * (4.6 + 2 * Math.LN2 * Math.abs(t || 0)) * ROUNDING + 2 ** -126;
    expect(Math.abs(found.weights[i] - weight)).toBeLessThanOrEqual(bound);
    sum += weight;
    missed += weight === 0 ? 0 : bound;
  }
  const bound = missed / sum + (scores.length / 4 + 3) * ROUNDING;
  expect(Math.abs(found.inverse * sum - 1)).toBeLessThanOrEqual(bound);
}
