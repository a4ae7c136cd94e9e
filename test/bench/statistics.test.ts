/** What benches make of samples and of two results: bounds that a verdict rests on. */
import { describe, expect, it } from 'vitest';
import { ratioOf } from '../../bench/ours/compare.ts';
import type { Entry } from '../../bench/ours/result.ts';
import { interval, quantile } from '../../bench/support/statistics.js';

const count = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe('quantile()', () => {
  it.each([
    [0, 1],
    [0.5, 6],
    [0.9, 10],
    [1, 11],
  ])('of 1 to 11 at %f is %i, whatever their order', (part, expected) => {
    expect(quantile(count(11).reverse(), part)).toBe(expected);
  });
});

describe('interval()', () => {
  // Conover, Practical Nonparametric Statistics, section 3.2: binomial bounds of a median's ranks.
  it.each([
    [10, 1, 10],
    [20, 5, 16],
    [100, 40, 61],
  ])('of %i values takes those of ranks %i and %i', (n, low, high) => {
    const [from, to] = interval(count(n));
    expect([from, to]).toEqual([low, high]);
  });

  it('of a few values is all of them', () => {
    expect(interval([3, 1, 2])).toEqual([1, 3]);
  });
});

describe('ratioOf()', () => {
  const entry = (value: number, low: number, high: number): Entry => ({
    ...{ name: 'S = 8', unit: 'ms', value, low, high, spread: 0.01, samples: 20, isNoisy: false },
  });

  it('calls the same what lies within the noise of both', () => {
    expect(ratioOf(entry(10, 9.5, 10.5), entry(10.4, 10, 10.8)).verdict).toBe('same');
  });

  it('calls the same what differs by less than two runs always do', () => {
    expect(ratioOf(entry(10, 10, 10), entry(10.2, 10.2, 10.2)).verdict).toBe('same');
  });

  it('says less and more where both bounds are on one side of 1', () => {
    expect(ratioOf(entry(10, 9.9, 10.1), entry(8, 7.9, 8.1)).verdict).toBe('less');
    expect(ratioOf(entry(8, 7.9, 8.1), entry(10, 9.9, 10.1)).verdict).toBe('more');
  });
});
