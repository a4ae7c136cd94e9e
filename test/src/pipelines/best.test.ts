import { describe, expect, it } from 'vitest';
import { Best } from '../../../src/pipelines/best.ts';
import { topIndices } from '../../../src/pipelines/scores.ts';
import { random } from '../../support/random.ts';

/** Numbers with many equal ones among them. */
const coarse = (length: number) =>
  random(length)
    .uniforms(length)
    .map((x) => Math.round(20 * x));

const sorted = (scores: Float32Array) =>
  Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);

describe('Best', () => {
  it.each([1, 2, 5, 100])('keeps the %i highest, of equal ones the first', (room) => {
    const scores = coarse(60);
    const best = new Best<number>(room);
    for (const [i, score] of scores.entries()) best.offer(score, i);
    expect(best.found.map(({ value }) => value)).toEqual(sorted(scores).slice(0, room));
  });

  it('says beforehand what it would keep', () => {
    const best = new Best<string>(2);
    expect(best.takes(-Infinity)).toBe(true);
    best.offer(1, 'a');
    best.offer(2, 'b');
    expect([best.takes(1), best.takes(1.5)]).toEqual([false, true]);
  });
});

describe('topIndices()', () => {
  it.each([1, 2, 7, 15, 16, 400, 1000])('takes %i of 1000 as sorting does', (k) => {
    const scores = coarse(1000);
    expect(topIndices(scores, k)).toEqual(sorted(scores).slice(0, k));
  });
});
