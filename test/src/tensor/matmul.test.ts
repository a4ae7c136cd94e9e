/** Expected values were computed with PyTorch 2.13, unless a line says otherwise. */

import { describe, expect, it } from 'vitest';
import { ones } from '../../../src/tensor/creation.ts';
import { matmul } from '../../../src/tensor/matmul.ts';
import { iota } from './samples.ts';

describe('matmul()', () => {
  it('broadcasts as numpy does', async () => {
    const a = iota(2, 2, 3);
    expect((await matmul(a, iota(3, 2))).tolist()).toEqual([
      [
        [10, 13],
        [28, 40],
      ],
      [
        [46, 67],
        [64, 94],
      ],
    ]);
    expect((await matmul(iota(3), iota(3))).tolist()).toBe(5);
    expect((await matmul(a, iota(3))).tolist()).toEqual([
      [5, 14],
      [23, 32],
    ]);
    expect((await matmul(iota(2), a)).tolist()).toEqual([
      [3, 4, 5],
      [9, 10, 11],
    ]);
    expect((await matmul(ones([1, 2]), ones([2, 1]))).tolist()).toEqual([[2n]]);
    await expect(matmul(iota(2, 3), iota(2, 3))).rejects.toThrow(/Cannot multiply float32 \[2,3\]/);
    await expect(matmul(iota(2, 1, 1), iota(3, 1, 1))).rejects.toThrow(RangeError);
  });
});
