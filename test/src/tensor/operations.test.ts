/** Expected values were computed with PyTorch 2.13, unless a line says otherwise. */

import { describe, expect, it } from 'vitest';
import { ones, zeros } from '../../../src/tensor/creation.ts';
import {
  cat,
  permute,
  quantize_embeddings,
  slice,
  stack,
  topk,
} from '../../../src/tensor/operations.ts';
import { f32, iota } from './samples.ts';

describe('cat() and stack()', () => {
  it('joins along any axis', () => {
    const a = iota(2, 2);
    const b = iota(2, 1);
    expect(cat([a, b], 1).tolist()).toEqual([
      [0, 1, 0],
      [2, 3, 1],
    ]);
    expect(cat([a, b], -1).dims).toEqual([2, 3]);
    expect(cat([a, a]).dims).toEqual([4, 2]);
    expect(stack([b, b], 0).dims).toEqual([2, 2, 1]);
    expect(stack([a, a], -1).tolist()).toEqual([
      [
        [0, 0],
        [1, 1],
      ],
      [
        [2, 2],
        [3, 3],
      ],
    ]);
    expect(cat([ones([1]), zeros([1])]).tolist()).toEqual([1n, 0n]);
  });

  it('refuses tensors that do not fit', () => {
    expect(() => cat([])).toThrow(/found no tensors/);
    expect(() => cat([iota(2, 2), iota(3, 2)], 1)).toThrow(/float32 \[3,2\], expected/);
    expect(() => cat<'float32' | 'int64'>([iota(1), ones([1])])).toThrow(/found int64/);
  });
});

describe('operations', () => {
  it('permute()', () => expect(permute(iota(1, 2, 3), [2, 1, 0]).dims).toEqual([3, 2, 1]));

  it('slice() follows the ONNX operator', async () => {
    const data = iota(3, 4);
    expect((await slice(data, [1, 0], [3, 4], [0, 1], [1, 2])).tolist()).toEqual([
      [4, 6],
      [8, 10],
    ]);
    expect((await slice(data, [-2], [99], [1])).dims).toEqual([3, 2]);
    await expect(slice(data, [0], [1], [0], [0])).rejects.toThrow(/step is 0/);
  });

  it('topk() sorts the largest first, ties by index', async () => {
    const [values, indices] = await topk(f32([1, 3, 2, 5, 5, 4], [2, 3]), 2);
    expect(values.tolist()).toEqual([
      [3, 2],
      [5, 5],
    ]);
    expect(indices.tolist()).toEqual([
      [1n, 2n],
      [0n, 1n],
    ]);
    expect((await topk(iota(3), 9))[0].tolist()).toEqual([2, 1, 0]);
    await expect(topk(iota(3), -1)).rejects.toThrow(RangeError);
  });

  it('quantize_embeddings() packs signs, first value highest', () => {
    const embedding = f32([1, -1, 0, 2, -3, 0.5, 0, 1], [1, 8]);
    expect([...quantize_embeddings(embedding, 'ubinary').data]).toEqual([0b10010101]);
    expect([...quantize_embeddings(embedding, 'binary').data]).toEqual([0b10010101 - 128]);
    expect(() => quantize_embeddings(iota(1, 4), 'binary')).toThrow(/a multiple of 8/);
    expect(() => quantize_embeddings(iota(1, 8), 'int8' as 'binary')).toThrow(
      /precision is "int8"/,
    );
  });
});
