/** Tensors that several tests of this folder start from. */

import { expect } from 'vitest';
import { Tensor } from '../../../src/tensor/tensor.ts';

export const f32 = (data: number[], dims: number[]) => new Tensor('float32', data, dims);

/** 0, 1, 2, .. */
export const iota = (...dims: number[]) =>
  f32(
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i),
    dims,
  );

export const sample = () => f32([3, -1, 2, 0.5, 4, -2.5], [2, 3]);

/** A few ulps of float32: PyTorch sums in float32, we in float64. */
const NEAR = 1e-6;

export function expectNear(actual: ArrayLike<number | bigint>, expected: number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(Number(actual[i]) - value)).toBeLessThanOrEqual(NEAR * Math.abs(value));
  }
}
