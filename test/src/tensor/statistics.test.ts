/** Expected values were computed with PyTorch 2.13, unless a line says otherwise. */

import { describe, expect, it } from 'vitest';
import { ones, zeros } from '../../../src/tensor/creation.ts';
import { layer_norm, mean, mean_pooling, std_mean } from '../../../src/tensor/statistics.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { expectNear, iota, sample } from './samples.ts';

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
