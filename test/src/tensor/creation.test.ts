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
import { std_mean } from '../../../src/tensor/statistics.ts';
import { sample } from './samples.ts';

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
