import { describe, expect, it } from 'vitest';
import { expectClose, relativeL2, ulps } from '../support/close.ts';
import { painted, random } from '../support/random.ts';

describe('expectClose()', () => {
  it('passes values within every limit', () => {
    expectClose([1, 2.00001], [1, 2], { relative: 1e-5, absolute: 1e-4, ulp: 50 });
    expectClose([], [], {});
    expectClose([Infinity, -0], [Infinity, 0], { absolute: 0 });
  });

  it('names the worst element and its index', () => {
    expect(() =>
      expectClose([1, 2.5, 3.1], [1, 2, 3], { relative: 1e-3, label: 'logits' }),
    ).toThrow(
      'logits: relative L2 error 1.363e-1 over 0.001; worst element [1] of 3: found 2.5, expected 2',
    );
  });

  it('asks for equality when no limit is given', () => {
    expect(() => expectClose([1 + 1e-15], [1], {})).toThrow('absolute error');
  });

  it.each([{ relative: 1e9 }, { absolute: Infinity }, { ulp: Infinity }, {}])(
    'never passes NaN, with %o',
    (limits) => {
      expect(() => expectClose([0, Number.NaN], [0, 1], limits)).toThrow('[1]');
      expect(() => expectClose([0, 1], [0, Number.NaN], limits)).toThrow('[1]');
      expect(() => expectClose([Number.NaN], [Number.NaN], limits)).toThrow('[0]');
    },
  );

  it('refuses other lengths', () => {
    expect(() => expectClose([1], [1, 2], { absolute: 9 })).toThrow('found 1 elements, expected 2');
  });
});

describe('relativeL2()', () => {
  it('divides by the norm of what is expected', () => {
    expect(relativeL2([3, 5], [3, 4])).toBe(0.2);
    expect(relativeL2([3, 4], [0, 0])).toBe(5);
  });

  it('is NaN where an infinity would hide an error', () => {
    expect(relativeL2([1, Infinity], [2, Infinity])).toBeNaN();
  });
});

describe('ulps()', () => {
  it('counts float32 steps at the size of the expected number', () => {
    expect(ulps(1 + 2 ** -23, 1)).toBe(1);
    expect(ulps(1.5 - 2 ** -22, 1.5)).toBe(2);
    expect(ulps(2 ** -149, 0)).toBe(1);
  });
});

describe('random()', () => {
  it('repeats with its seed and differs from the next one', () => {
    expect(random(7).normals(5)).toEqual(random(7).normals(5));
    expect(random(7).uniform()).not.toBe(random(8).uniform());
  });

  it('draws from the distributions it names', () => {
    const normals = random(1).normals(20_000, 3, 2);
    const mean = normals.reduce((sum, x) => sum + x, 0) / normals.length;
    const variance = normals.reduce((sum, x) => sum + (x - mean) ** 2, 0) / normals.length;
    // Four standard errors: 2 / sqrt(20,000) and 4 sqrt(2 / 20,000).
    expectClose([mean], [3], { absolute: 0.06 });
    expectClose([variance], [4], { absolute: 0.16 });
    const integers = random(2).integers(1000, -2, 3);
    expect([...new Set(integers)].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  });
});

describe('painted()', () => {
  it('repeats after 251 numbers, all different', () => {
    const numbers = painted(502);
    expect(new Set(numbers).size).toBe(251);
    expect(numbers.slice(251)).toEqual(numbers.slice(0, 251));
    expect(painted(3, 251)).toEqual(painted(3));
  });
});
