/** Expected values were computed with PyTorch 2.13, unless a line says otherwise. */

import { describe, expect, it } from 'vitest';
import { cos_sim, dot, log_softmax, magnitude, softmax } from '../../../src/tensor/math.ts';
import { expectNear } from './samples.ts';

describe('math', () => {
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
