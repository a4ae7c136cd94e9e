import { describe, expect, it } from 'vitest';
import { scoresOf, TopK, topIndices } from '../../../src/pipelines/scores.ts';
import { expectClose } from '../../support/close.ts';
import { random } from '../../support/random.ts';

// One rounding to float32 for each exponential and one for each quotient.
const ULPS = 4;

/** Numbers with many equal ones among them. */
const coarse = (length: number) =>
  random(length)
    .uniforms(length)
    .map((x) => Math.round(20 * x));

const sorted = (scores: Float32Array) =>
  Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);

describe('scoresOf()', () => {
  it.each([[[1, 2, 3]], [[-1000, 1000]], [[88.5, 88, -88]], [[0]], [[5, 5, 5, 5]]])(
    'gives softmax as computed in float64: %j',
    (logits) => {
      const largest = Math.max(...logits);
      const exps = logits.map((x) => Math.exp(x - largest));
      const sum = exps.reduce((a, b) => a + b);
      const expected = exps.map((x) => x / sum);
      expectClose(scoresOf(Float32Array.from(logits), 'softmax'), expected, { ulp: ULPS });
    },
  );

  it.each([[[0, 1, -1]], [[-20, 20]], [[-3.5]]])('gives each its own sigmoid: %j', (logits) => {
    const expected = logits.map((x) => 1 / (1 + Math.exp(-x)));
    expectClose(scoresOf(Float32Array.from(logits), 'sigmoid'), expected, { ulp: ULPS });
  });

  it('gives logits as they are without a function', () => {
    expect([...scoresOf(Float32Array.of(3, -2), 'none')]).toEqual([3, -2]);
  });

  it('leaves the logits unchanged', () => {
    const logits = Float32Array.of(1, 2);
    scoresOf(logits, 'softmax');
    scoresOf(logits, 'sigmoid');
    expect([...logits]).toEqual([1, 2]);
  });
});

describe('topIndices()', () => {
  const scores = Float32Array.of(0.1, 0.4, 0.1, 0.3, 0.4);

  it.each([
    [1, [1]],
    [2, [1, 4]],
    [4, [1, 4, 3, 0]],
    [9, [1, 4, 3, 0, 2]],
    [null, [1, 4, 3, 0, 2]],
  ])('gives the %s best, equal ones in their order', (k, expected) => {
    expect(topIndices(scores, k)).toEqual(expected);
  });

  it.each([1, 2, 7, 15, 16, 400, 1000])('takes %i of 1000 as sorting does', (k) => {
    const many = coarse(1000);
    expect(topIndices(many, k)).toEqual(sorted(many).slice(0, k));
  });
});

describe('TopK', () => {
  it.each([1, 2, 5, 100])('keeps the %i highest, of equal ones the first', (k) => {
    const scores = coarse(60);
    const top = new TopK<number>(k);
    for (const [i, score] of scores.entries()) top.offer(score, i);
    expect(top.entries.map(({ value }) => value)).toEqual(sorted(scores).slice(0, k));
  });

  it('tells beforehand which scores it would keep', () => {
    const top = new TopK<string>(2);
    expect(top.accepts(-Infinity)).toBe(true);
    top.offer(1, 'a');
    top.offer(2, 'b');
    expect([top.accepts(1), top.accepts(1.5)]).toEqual([false, true]);
  });
});
