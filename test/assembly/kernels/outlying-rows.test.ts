/** Rows that are much larger than the rest: which are listed. */
import { describe, expect, it } from 'vitest';
import { Kernels } from '../../support/kernels.ts';
import { random } from '../../support/random.ts';
import { variants } from '../../support/variants.ts';

const K = 24;

describe.each(variants)('f32OutlyingRows() ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  it.each([
    ['none of ordinary rows', 40, {}, []],
    ['none of a row alone', 1, { 0: 1e6 }, []],
    ['the first', 40, { 0: 1e6 }, [0]],
    ['the last', 9, { 8: 100 }, [8]],
    ['several, in ascending order', 40, { 30: 1e3, 2: 1e6, 17: 1e5 }, [2, 17, 30]],
    ['four at most', 40, { 1: 1e5, 2: 1e5, 3: 1e5, 4: 1e5 }, [1, 2, 3, 4]],
    ['none where more are as large', 40, { 1: 50, 2: 50, 3: 50, 4: 50, 5: 50 }, []],
    ['the largest alone where others are less so', 40, { 1: 1e4, 2: 3, 3: 3 }, [1]],
    ['none less than four times as large', 40, { 5: 2 }, []],
    ['none that holds NaN or an infinity', 40, { 5: Number.NaN, 6: Infinity, 7: 1e4 }, [7]],
    ['rows beside rows of zeros', 40, { 0: 1e3, 1: 0, 2: 0, 3: 0 }, [0]],
  ] as const)('lists %s', (_, rows, factors: Record<number, number>, expected) => {
    const x = random(rows)
      .uniforms(rows * K, 0.5, 1)
      .map((value, i) => value * (factors[Math.floor(i / K)] ?? 1));
    const found = kernels.call((frame, exports) => {
      const list = frame.output(11);
      exports.f32OutlyingRows(list, frame.input(x), 4 * K, rows, K);
      const words = new Int32Array(frame.read(list, 11).buffer);
      return Array.from(words.subarray(1, 1 + words[0]!));
    });
    expect(found).toEqual(expected);
  });
});
