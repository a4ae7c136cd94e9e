/**
 * Spans of one window against the product of all starts and all ends, as transformers 4 forms it.
 */
import { describe, expect, it } from 'vitest';
import { bestSpans } from '../../../src/pipelines/answers.ts';
import { expectClose } from '../../support/close.ts';
import { random } from '../../support/random.ts';

const FIRST = 4;

/** [S,2] logits of a window: [CLS], two words, [SEP], `count` tokens, [SEP]. */
function logitsOf(count: number, seed: number, scale = 3): Float32Array {
  return random(seed).uniforms(2 * (FIRST + count + 1), -scale, scale);
}

/** decode_spans, written out: every pair, sorted. */
function allSpans(logits: Float32Array, count: number, maxLength: number) {
  const probabilities = [0, 1].map((side) => {
    const rows = [0, ...Array.from({ length: count }, (_, i) => FIRST + i)];
    const exps = rows.map((row) => Math.exp(logits[2 * row + side]!));
    const sum = exps.reduce((a, b) => a + b);
    return exps.map((exp) => exp / sum);
  });
  const [starts, ends] = probabilities as [number[], number[]];
  const spans = [];
  for (let start = 0; start < count; start++) {
    for (let end = start; end < Math.min(count, start + maxLength); end++) {
      spans.push({ start, end, score: starts[start + 1]! * ends[end + 1]! });
    }
  }
  return { nullScore: starts[0]! * ends[0]!, spans: spans.sort((a, b) => b.score - a.score) };
}

describe('bestSpans()', () => {
  const cases = [1, 2, 7, 40].flatMap((count) =>
    [1, 3, 15, 400].flatMap((length) => [1, 2, 9, 2000].map((k) => [count, length, k] as const)),
  );

  it.each(cases)(
    'finds the best of %i tokens, at most %i long: %i',
    (count, max_answer_len, top_k) => {
      for (let seed = 1; seed <= 5; seed++) {
        const logits = logitsOf(count, seed);
        const found = bestSpans(logits, FIRST, count, { top_k, max_answer_len });
        const expected = allSpans(logits, count, max_answer_len);
        const places = (spans: readonly { start: number; end: number }[]) =>
          spans.map(({ start, end }) => [start, end]);
        expect(places(found.spans)).toEqual(places(expected.spans.slice(0, top_k)));
        // Both sides are float64.
        expectClose([found.nullScore], [expected.nullScore], { relative: 1e-12 });
        const scores = found.spans.map(({ score }) => score);
        expectClose(
          scores,
          expected.spans.slice(0, top_k).map(({ score }) => score),
          {
            relative: 1e-12,
          },
        );
      }
    },
  );

  it('gives the logits of a span and of [CLS], by which windows are compared', () => {
    const logits = logitsOf(9, 3);
    const { spans, nullLogit } = bestSpans(logits, FIRST, 9, { top_k: 1, max_answer_len: 9 });
    const [{ start, end, logit }] = spans as [(typeof spans)[0]];
    expect(logit).toBe(logits[2 * (FIRST + start)]! + logits[2 * (FIRST + end) + 1]!);
    expect(nullLogit).toBe(logits[0]! + logits[1]!);
  });

  it('takes the first of equal spans', () => {
    const flat = new Float32Array(2 * (FIRST + 5 + 1));
    const { spans } = bestSpans(flat, FIRST, 5, { top_k: 2, max_answer_len: 15 });
    expect(spans.map(({ start, end }) => [start, end])).toEqual([
      [0, 0],
      [0, 1],
    ]);
  });

  it('stays finite where logits are large, and finds nothing in nothing', () => {
    const found = bestSpans(logitsOf(5, 1, 1e4), FIRST, 5, { top_k: 1, max_answer_len: 5 });
    expect(found.spans[0]!.score).toBeGreaterThanOrEqual(0);
    expect(Number.isFinite(found.nullScore)).toBe(true);
    expect(bestSpans(logitsOf(0, 1), FIRST, 0, { top_k: 3, max_answer_len: 5 }).spans).toEqual([]);
  });
});
