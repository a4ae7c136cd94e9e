/** The counter of executed instructions, on a module whose counts can be told by hand. */
import { describe, expect, it } from 'vitest';
import { CountingModule, stepsOf } from '../../bench/ours/counts.ts';
import { readBuild } from '../support/variants.ts';

const wat = new TextDecoder().decode(readBuild('simd.wat'));

/** Multiply-adds of a pass over S tokens of the released size, without the attention's. */
const PRODUCTS_PER_TOKEN = 384 * 512 + 24 * (3 * 512 * 128 + 3 * 128 * 128 + 9 * 512 * 128);

describe('CountingModule', () => {
  const module = new CountingModule(wat);

  it('finds every multiplication of the products, and few others', () => {
    for (const S of [8, 16]) {
      const attention = 24 * 4 * 2 * S * S * 32;
      const needed = (S * PRODUCTS_PER_TOKEN + attention) / 4;
      const { products } = module.forward(S);
      expect(products).toBeGreaterThanOrEqual(needed);
      // The pads of attention's panels, the softmax and the span head's one panel.
      expect(products).toBeLessThan(1.02 * needed);
    }
  });

  it('counts the same whenever it is asked', () => {
    expect(module.forward(8)).toEqual(module.forward(8));
  });
});

describe('stepsOf()', () => {
  it('finds a k-step of two panel vectors and a splat for each row', () => {
    const steps = stepsOf(wat).filter(({ name }) => name === 'f32GemmNr8');
    expect(steps.length).toBeGreaterThan(0);
    for (const { rows, products, loads } of steps) {
      expect({ rows, products, loads }).toEqual({ rows, products: 2 * rows, loads: 2 + rows });
    }
  });
});
