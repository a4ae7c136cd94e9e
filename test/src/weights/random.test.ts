/**
 * Moments against those of the normal distribution; limits are five standard errors of each
 * estimate.
 */

import { describe, expect, it } from 'vitest';
import type { Parameter } from '../../../src/weights/names.ts';
import { NormalSource } from '../../../src/weights/normal.ts';
import { initialise } from '../../../src/weights/random.ts';

const COUNT = 1_000_000;

function draws(seed: number, count = COUNT): Float32Array {
  const out = new Float32Array(count);
  new NormalSource(seed).fill(out, 1);
  return out;
}

const average = (values: Iterable<number>, of: (x: number) => number) => {
  let sum = 0;
  let count = 0;
  for (const x of values) {
    sum += of(x);
    count++;
  }
  return sum / count;
};

describe('NormalSource', () => {
  it.each([0, 42, -1])('has the moments of a normal distribution, seed %i', (seed) => {
    const values = draws(seed);
    // Variances of x, x^2, x^3, x^4 of a normal x: 1, 2, 15, 96.
    for (const [power, expected, variance] of [
      [1, 0, 1],
      [2, 1, 2],
      [3, 0, 15],
      [4, 3, 96],
    ] as const) {
      const limit = 5 * Math.sqrt(variance / COUNT);
      expect(Math.abs(average(values, (x) => x ** power) - expected)).toBeLessThan(limit);
    }
  });

  it.each([
    [0.1, 0.0796556746],
    [1, 0.6826894921],
    [2, 0.9544997361],
    [3, 0.9973002039],
    [3.5, 0.9995347418],
    [4, 0.9999366575],
  ])('draws the right share within %f deviations, the tail included', (limit, share) => {
    const found = average(draws(7), (x) => (Math.abs(x) < limit ? 1 : 0));
    expect(Math.abs(found - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / COUNT));
  });

  it('draws without correlation between neighbours', () => {
    const values = draws(3);
    let sum = 0;
    for (let i = 1; i < COUNT; i++) sum += values[i]! * values[i - 1]!;
    expect(Math.abs(sum / COUNT)).toBeLessThan(5 / Math.sqrt(COUNT));
  });

  it('gives the same draws for a seed, others for another', () => {
    expect(draws(5, 1000)).toEqual(draws(5, 1000));
    expect(draws(5, 1000)).not.toEqual(draws(6, 1000));
  });
});

describe('initialise()', () => {
  const parameter = (name: string, init: Parameter['init'], shape: number[]): Parameter => ({
    name,
    init,
    shape,
    slots: [],
  });
  const parameters = [
    parameter('words', 'embedding', [6, 4]),
    parameter('weight', 'normal', [700, 600]),
    parameter('bias', 'zeros', [3]),
    parameter('scale', 'ones', [3]),
    parameter('none', 'normal', [0, 5]),
  ];

  function run(options: Partial<Parameters<typeof initialise>[2]> = {}) {
    const values = new Map<string, number[]>();
    initialise(
      parameters,
      (name) => {
        const own: number[] = [];
        values.set(name, own);
        const { shape } = parameters.find((one) => one.name === name)!;
        return {
          shape,
          write(firstRow, rows, bytes, dtype) {
            expect(dtype).toBe('F32');
            expect(firstRow * shape.slice(1).reduce((a, b) => a * b, 1)).toBe(own.length);
            const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
            expect(floats.length / rows).toBe(shape[1] ?? 1);
            for (const x of floats) own.push(x);
          },
        };
      },
      { seed: 1, initializer_range: 0.5, pad_token_id: 2, ...options },
    );
    return values;
  }

  it('fills every kind as _init_weights does', () => {
    const values = run();
    expect(values.get('bias')).toEqual([0, 0, 0]);
    expect(values.get('scale')).toEqual([1, 1, 1]);
    expect(values.get('none')).toEqual([]);
    const weight = values.get('weight')!;
    expect(weight.length).toBe(420_000);
    const deviation = Math.sqrt(average(weight, (x) => x * x));
    expect(Math.abs(deviation - 0.5)).toBeLessThan((5 * 0.5) / Math.sqrt(2 * weight.length));
  });

  it.each([
    [2, 2],
    [-1, 5],
    [null, null],
  ])('with padding id %j the zero row is %j', (pad_token_id, row) => {
    const words = run({ pad_token_id }).get('words')!;
    const zeros = [...words.keys()].filter((i) => words[i] === 0);
    expect(zeros).toEqual(row === null ? [] : [0, 1, 2, 3].map((i) => row * 4 + i));
  });

  it('uses a deviation of 0.02 for 0, as Python does', () => {
    const deviation = Math.sqrt(
      average(run({ initializer_range: 0 }).get('weight')!, (x) => x * x),
    );
    expect(Math.abs(deviation - 0.02)).toBeLessThan(0.0002);
  });

  it('leaves out parameters without a destination, and depends on the seed alone', () => {
    expect(() =>
      initialise(parameters, () => undefined, {
        seed: 1,
        initializer_range: 1,
        pad_token_id: 0,
      }),
    ).not.toThrow();
    expect(run()).toEqual(run());
    expect(run({ seed: 2 }).get('weight')).not.toEqual(run().get('weight'));
  });
});
