/**
 * Activations against test/reference in float64: dense samples, then numbers where formulas break.
 */
import { describe, expect, it } from 'vitest';
import { gelu, geluNew, relu, silu } from '../../reference/activations.ts';
import { expectClose } from '../../support/close.ts';
import { Kernels } from '../../support/kernels.ts';
import { variants } from '../../support/variants.ts';

interface Row {
  name: string;
  /** `Activation` of assembly/abi.ts. */
  activation: number;
  reference: (x: number) => number;
  /**
   * Largest error as a part of |x|, in roundings of 2^-24. Of x, not of the result: below zero,
   * gelu is the small difference of x / 2 and x / 2, in PyTorch as here.
   */
  roundings: number;
}

const TABLE: Row[] = [
  { name: 'relu', activation: 0, reference: relu, roundings: 0 },
  { name: 'gelu', activation: 1, reference: gelu, roundings: 2 },
  { name: 'silu', activation: 2, reference: silu, roundings: 3 },
  { name: 'gelu_new', activation: 3, reference: geluNew, roundings: 2.5 },
  { name: 'tanh', activation: 4, reference: Math.tanh, roundings: 2 },
];

const EDGES = [0, -0, 1e-45, -1e-45, 1e-30, -1e-30, 150, -150, 1e7, -1e7, 3e38, -3e38];

describe.each(variants)('f32Activation() ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);
  const run = (x: Float32Array, activation: number) =>
    kernels.call((frame, exports) => {
      const address = frame.inout(x);
      exports.f32Activation(address, x.length, activation);
      return frame.read(address, x.length);
    });

  it.each(TABLE)('$name is right to $roundings roundings of x', (row) => {
    const x = Float32Array.from({ length: 60_000 }, (_, i) => -15 + i / 2000);
    const found = run(x, row.activation);
    const worst = x.reduce((largest, value, i) => {
      const error = Math.abs(found[i] - row.reference(value));
      return Math.max(largest, value === 0 ? error : error / Math.abs(value));
    }, 0);
    expect(worst / 2 ** -24).toBeLessThanOrEqual(row.roundings);
  });

  it.each(TABLE)('$name keeps its value at the edges of float32', ({ activation, reference }) => {
    const found = run(Float32Array.from(EDGES), activation);
    expectClose(found, Array.from(Float32Array.from(EDGES), reference), { ulp: 1 });
  });

  it.each(TABLE)('$name has its limits and keeps NaN', ({ activation, reference }) => {
    const x = Float32Array.of(Infinity, -Infinity, Number.NaN, 0);
    expect(Array.from(run(x, activation))).toEqual(Array.from(x, reference));
  });

  it('leaves the vectors behind its count alone', () => {
    for (let count = 0; count <= 12; count += 4) {
      const found = kernels.call((frame, exports) => {
        const x = frame.inout(new Float32Array(16).fill(-1));
        exports.f32Activation(x, count, 0);
        return frame.read(x, 16);
      });
      expect(Array.from(found)).toEqual(Array.from(found, (_, i) => (i < count ? 0 : -1)));
    }
  });
});
