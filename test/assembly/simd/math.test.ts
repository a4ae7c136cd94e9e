/**
 * simd/math.ts and simd/lanes.ts: the error of every function over its range, and what happens at
 * its edges. One bound serves all builds: a relaxed build fuses its multiply-adds or not, as the
 * machine has it.
 */
import { describe, expect, it } from 'vitest';
import { erf } from '../../reference/activations.ts';
import { expectClose } from '../../support/close.ts';
import { Kernels } from '../../support/kernels.ts';
import { variants } from '../../support/variants.ts';

/** `which` of testing.ts' mathOf. */
const WHICH = { exp: 0, exp2OfNonPositive: 1, tanh: 2, erf: 3, sigmoid: 4 } as const;
type Name = keyof typeof WHICH;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

interface Row {
  name: Name;
  reference: (x: number) => number;
  low: number;
  high: number;
  /** Largest error over the range, in units in the last place: what was measured, rounded up. */
  ulp: number;
}

const TABLE: Row[] = [
  { name: 'exp', reference: Math.exp, low: -87.33, high: 88.37, ulp: 1.2 },
  { name: 'exp2OfNonPositive', reference: (x) => 2 ** x, low: -126, high: 0, ulp: 2.3 },
  { name: 'tanh', reference: Math.tanh, low: -0.625, high: 0.625, ulp: 0.8 },
  { name: 'tanh', reference: Math.tanh, low: -20, high: 20, ulp: 1.4 },
  { name: 'erf', reference: erf, low: -1, high: 1, ulp: 1.4 },
  { name: 'erf', reference: erf, low: -6, high: 6, ulp: 1.5 },
  { name: 'sigmoid', reference: sigmoid, low: -87.33, high: 88.37, ulp: 2.5 },
];

/** Where a function is exact: [name, x, result]. */
const EXACT: [Name, number, number][] = [
  ...(['exp', 'exp2OfNonPositive'] as const).flatMap((name): [Name, number, number][] => [
    [name, 0, 1],
    [name, -0, 1],
    [name, 1e-45, 1],
    [name, -1e-45, 1],
    [name, -1e-40, 1],
    [name, -1e-8, 1],
    [name, -Infinity, 0],
    [name, -3.4e38, 0],
    [name, -127, 0],
  ]),
  ['exp', Infinity, Infinity],
  ['exp', 3.4e38, Infinity],
  ['exp', 88.4, Infinity],
  ['exp', -87.7, 0],
  ...[-1, -2, -64, -125, -126].map((x): [Name, number, number] => ['exp2OfNonPositive', x, 2 ** x]),
  ['exp2OfNonPositive', -126.50001, 0],
  ...(['tanh', 'erf'] as const).flatMap((name): [Name, number, number][] => [
    [name, 0, 0],
    [name, -0, -0],
    [name, Infinity, 1],
    [name, -Infinity, -1],
    [name, 3.4e38, 1],
    [name, -3.4e38, -1],
    [name, 10, 1],
    [name, -10, -1],
  ]),
  ['tanh', 1e-45, 2 ** -149],
  ['tanh', -1e-40, Math.fround(-1e-40)],
  ['erf', 4, 1],
  ['erf', -4, -1],
  ['sigmoid', 0, 0.5],
  ['sigmoid', -0, 0.5],
  ['sigmoid', Infinity, 1],
  ['sigmoid', -Infinity, 0],
  ['sigmoid', 1e-40, 0.5],
];

/** Quiet NaNs whose payloads would move an exponent, if they were added to one. */
const NANS = new Float32Array(
  Uint32Array.of(0x7fc00000, 0xffc00000, 0x7fc00001, 0x7fffffff, 0xffffffff, 0x7fc001ff).buffer,
);

describe.each(variants)('simd/math ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  it.each(TABLE)('$name() is within $ulp ulp on [$low, $high]', (row) => {
    const x = samples(row.low, row.high);
    expectClose(apply(kernels, row.name, x), Array.from(x, row.reference), { ulp: row.ulp });
  });

  it.each(TABLE)('$name() is within $ulp ulp beside its thresholds in [$low, $high]', (row) => {
    const x = thresholds().filter((value) => value >= row.low && value <= row.high);
    expectClose(apply(kernels, row.name, x), Array.from(x, row.reference), { ulp: row.ulp });
  });

  it.each(EXACT)('%s(%d) is exactly %d', (name, x, expected) => {
    expect(apply(kernels, name, Float32Array.of(x))[0]).toBe(expected);
  });

  it.each(Object.keys(WHICH) as Name[])('%s() leaves every NaN a NaN', (name) => {
    for (const found of apply(kernels, name, NANS)) expect(found).toBeNaN();
  });

  it.each(['tanh', 'erf'] as const)('%s() is odd to the last bit', (name) => {
    const x = samples(0, 12);
    const negated = apply(
      kernels,
      name,
      x.map((value) => -value),
    );
    expect(negated).toEqual(apply(kernels, name, x).map((value) => -value));
  });

  it('exp2OfNonPositive() is 0 for every number below -126.5', () => {
    const x = Float32Array.from({ length: 4000 }, (_, i) => -126.50001 * 1.0221 ** i);
    expect(apply(kernels, 'exp2OfNonPositive', x)).toEqual(new Float32Array(x.length));
  });

  it('exp2OfNonPositive() is between 0 and the smallest normal number from -126.5 to -126', () => {
    const x = Float32Array.from({ length: 1000 }, (_, i) => -126.5 + (i * 0.4999) / 1000);
    for (const found of apply(kernels, 'exp2OfNonPositive', x)) {
      expect(found).toBeGreaterThanOrEqual(0);
      expect(found).toBeLessThan(2 ** -126);
    }
  });

  it('exp() is between 0 and the smallest normal number from -87.7 to -87.33', () => {
    const x = Float32Array.from({ length: 1000 }, (_, i) => -87.7 + (i * 0.37) / 1000);
    for (const found of apply(kernels, 'exp', x)) {
      expect(found).toBeGreaterThanOrEqual(0);
      expect(found).toBeLessThan(1.2e-38);
    }
  });
});

describe.each(variants)('simd/lanes ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);
  const reduce = (name: 'lanesSum' | 'lanesMax', ...lanes: number[]) =>
    kernels.call((frame, exports) => exports[name](frame.input(Float32Array.from(lanes))));

  it('lanes.sum() adds all four', () => {
    expect(reduce('lanesSum', 1, 20, 300, 4000)).toBe(4321);
    expect(reduce('lanesSum', 1, 2, Number.NaN, 4)).toBeNaN();
    expect(reduce('lanesSum', Infinity, 0, 0, -Infinity)).toBeNaN();
  });

  it('lanes.max() finds the largest wherever it is', () => {
    for (let lane = 0; lane < 4; lane++) {
      const lanes = [-4, -3, -2, -8];
      lanes[lane] = -1;
      expect(reduce('lanesMax', ...lanes)).toBe(-1);
      lanes[lane] = Number.NaN;
      expect(reduce('lanesMax', ...lanes)).toBeNaN();
    }
    expect(reduce('lanesMax', -Infinity, -Infinity, -Infinity, -Infinity)).toBe(-Infinity);
  });
});

function apply(kernels: Kernels, name: Name, x: Float32Array): Float32Array {
  const padded = new Float32Array(Math.ceil(x.length / 4) * 4);
  padded.set(x);
  return kernels.call((frame, exports) => {
    const address = frame.inout(padded);
    exports.mathOf(WHICH[name], address, padded.length);
    return frame.read(address, x.length);
  });
}

/**
 * 40,000 numbers evenly over the range, and all sizes from 2^-149 up on both sides of 0 within it.
 */
function samples(low: number, high: number): Float32Array {
  const even = Array.from({ length: 40_001 }, (_, i) => low + ((high - low) * i) / 40_000);
  const sizes = Array.from({ length: 4000 }, (_, i) => 2 ** (-149 + (i * 155) / 4000));
  const both = sizes.flatMap((size) => [size, -size]);
  return Float32Array.from([...even, ...both]).filter((x) => x >= low && x <= high);
}

/** Every float32 within 500 steps of a number where a function changes its formula. */
function thresholds(): Float32Array {
  return Float32Array.from(
    [0.5, 0.625, 1, 4, 87, 88, 125.5].flatMap((x) => {
      const [bits] = new Uint32Array(Float32Array.of(x).buffer);
      const around = new Float32Array(
        Uint32Array.from({ length: 1001 }, (_, i) => bits - 500 + i).buffer,
      );
      return [...around, ...around.map((value) => -value)];
    }),
  );
}
