/** Expected values were computed with PyTorch 2.13, unless a line says otherwise. */

import { describe, expect, it } from 'vitest';
import {
  full,
  full_like,
  ones,
  ones_like,
  rand,
  randn,
  zeros,
  zeros_like,
} from '../../../src/tensor/creation.ts';
import { cat, stack } from '../../../src/tensor/joining.ts';
import { matmul } from '../../../src/tensor/matmul.ts';
import { permute, quantize_embeddings, slice, topk } from '../../../src/tensor/operations.ts';
import { layer_norm, mean, mean_pooling, std_mean } from '../../../src/tensor/statistics.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { cos_sim, dot, log_softmax, magnitude, softmax } from '../../../src/tensor/vectors.ts';

const f32 = (data: number[], dims: number[]) => new Tensor('float32', data, dims);
const iota = (...dims: number[]) =>
  f32(
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i),
    dims,
  );
const sample = () => f32([3, -1, 2, 0.5, 4, -2.5], [2, 3]);

/** A few ulps of float32: PyTorch sums in float32, we in float64. */
const NEAR = 1e-6;

function expectNear(actual: ArrayLike<number | bigint>, expected: number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(Number(actual[i]) - value)).toBeLessThanOrEqual(NEAR * Math.abs(value));
  }
}

describe('creation', () => {
  it('full() takes its type from the value', () => {
    expect(full([2], 1.5)).toMatchObject({ type: 'float32', dims: [2] });
    expect(full([1], 3n).tolist()).toEqual([3n]);
    expect(full([1], true)).toMatchObject({ type: 'bool', data: Uint8Array.of(1) });
    expect(() => full([1], 'x' as unknown as number)).toThrow(TypeError);
  });

  it('full_like() keeps the type, ones() and zeros() are int64', () => {
    expect(full_like(sample(), 2).data).toEqual(new Float32Array(6).fill(2));
    expect(ones([2]).tolist()).toEqual([1n, 1n]);
    expect(zeros([1, 1]).tolist()).toEqual([[0n]]);
    expect(ones_like(sample()).dims).toEqual([2, 3]);
    expect(zeros_like(sample()).type).toBe('int64');
  });

  it('rand() is uniform in [0, 1), randn() normal', () => {
    const uniform = rand([20_000]);
    expect(uniform.min().item()).toBeGreaterThanOrEqual(0);
    expect(uniform.max().item()).toBeLessThan(1);
    // Five standard errors of a mean of 20,000 draws.
    expect(Math.abs(uniform.mean().item() - 0.5)).toBeLessThan(0.0103);
    const [std, average] = std_mean(randn([20_000]));
    expect(Math.abs(average.item())).toBeLessThan(0.036);
    expect(Math.abs(std.item() - 1)).toBeLessThan(0.025);
  });
});

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

describe('statistics', () => {
  it('mean() is the method', () => expectNear(mean(sample(), 1).data, [4 / 3, 2 / 3]));

  it('std_mean() with and without correction', () => {
    const [std, average] = std_mean(sample());
    expectNear([std.item(), average.item()], [2.469817877, 1]);
    expectNear(std_mean(sample(), 1)[0].data, [2.081665993, 3.25320363]);
    const [low, means] = std_mean(sample(), 0, 0, true);
    expectNear(low.data, [1.25, 2.5, 2.25]);
    expectNear(means.data, [1.75, 1.5, -0.25]);
    expect(low.dims).toEqual([1, 3]);
    expect(std_mean(iota(1))[0].item()).toBeNaN();
  });

  it('layer_norm() over the last axes', () => {
    const rows = [0.980578959, -1.372810602, 0.392231554, -0.062745519, 1.254910827, -1.192165136];
    expectNear(layer_norm(sample(), [3]).data, rows);
    const all = [0.887064695, -0.887064695, 0.443532348, -0.221766174, 1.330597043, -1.552363157];
    expectNear(layer_norm(sample(), [2, 3]).data, all);
    expect(() => layer_norm(sample(), [2])).toThrow(/expected them to end in \[2\]/);
    expect(() => layer_norm(ones([2]), [2])).toThrow(TypeError);
  });

  it('mean_pooling() leaves masked tokens out', () => {
    const hidden = iota(2, 2, 2);
    const mask = new Tensor('int64', [1, 0, 1, 1], [2, 2]);
    expect(mean_pooling(hidden, mask).tolist()).toEqual([
      [0, 1],
      [5, 6],
    ]);
    expect(mean_pooling(hidden, zeros([2, 2])).tolist()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(() => mean_pooling(hidden, zeros([2, 3]))).toThrow(/expected \[B, S, H\] and \[B, S\]/);
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

  it('matmul() broadcasts as numpy does', async () => {
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

describe('vectors', () => {
  it('softmax() and log_softmax()', () => {
    expectNear(softmax([1, 2, 3]), [0.090030573, 0.244728471, 0.665240956]);
    expectNear(log_softmax([1, 2, 3]), [-2.407605964, -1.407605964, -0.407605964]);
    expect(softmax([1000, 1000])).toEqual([0.5, 0.5]);
    expect(log_softmax([0, -1000])).toEqual([0, -1000]);
    expect(softmax(Float32Array.of(0, 0))).toBeInstanceOf(Float32Array);
    expect(softmax([])).toEqual([]);
  });

  it('dot(), magnitude() and cos_sim()', () => {
    expect(dot([1, 2, 3], Float32Array.of(4, 5, 6))).toBe(32);
    expect(magnitude([3, 4])).toBe(5);
    expectNear([cos_sim([1, 1], [1, 0])], [Math.SQRT1_2]);
    expect(() => dot([1], [1, 2])).toThrow(/lengths are 1 and 2/);
  });
});
