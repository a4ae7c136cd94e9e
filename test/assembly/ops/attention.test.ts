/**
 * ops/attention against test/reference in float64: lengths around tiles and blocks, head sizes that
 * are no multiple of 4 or 8, masks that hide little, much and everything.
 */
import { describe, expect, it } from 'vitest';
import { unsignedDotWorks } from '../../../src/engine/features.ts';
import { attention, rowsOf } from '../../reference/ops.ts';
import { expectClose } from '../../support/close.ts';
import { Kernels } from '../../support/kernels.ts';
import { roundUp8 } from '../../support/panels.ts';
import { random } from '../../support/random.ts';
import { cutRows, padRows } from '../../support/records.ts';
import { variants } from '../../support/variants.ts';

const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 127, 128, 129];
/** [heads, head size] */
const HEADS = [
  [4, 1],
  [3, 5],
  [2, 8],
  [2, 32],
];
const MASKS = {
  none: () => 1,
  tail: (s: number, S: number) => (s < Math.ceil(S / 2) ? 1 : 0),
  holes: (s: number) => (s % 3 === 1 ? 0 : 1),
  all: () => 0,
};
type MaskName = keyof typeof MASKS;

/**
 * Relative L2 limits. f32: five roundings of 2^-24 were measured at most, eight are allowed. Words: values
 * are off by 0.29 / 2047 of their column's largest, three to four times the size of most; contexts are
 * means of them, whose signs cancel, so that the same error weighs more: 6.1e-4 at most. Bytes are
 * 16 times coarser.
 */
const KINDS = [
  { kind: 'f32', number: 0, limit: 8 * 2 ** -24 },
  { kind: 'words', number: 1, limit: 2 ** -10 },
  { kind: 'words and bytes', number: 2, limit: 2 ** -6 },
] as const;
type Kind = (typeof KINDS)[number];

interface Case {
  S: number;
  heads: number;
  D: number;
  mask: MaskName;
}

const CASES: Case[] = LENGTHS.flatMap((S) =>
  HEADS.flatMap(([heads, D]) =>
    (Object.keys(MASKS) as MaskName[])
      // The long lengths once per head size: without a mask and with holes.
      .filter((mask) => S <= 33 || mask === 'none' || mask === 'holes')
      .map((mask) => ({ S, heads, D, mask })),
  ),
);

const references = new Map<Case, ReturnType<typeof prepare>>();

const suites = variants.flatMap(({ name, hasFloats, hasByteRows }) =>
  KINDS.slice(hasFloats ? 0 : 1, hasByteRows && unsignedDotWorks() ? 3 : 2).map((kind) => ({
    name,
    ...kind,
  })),
);

describe.each(suites)('attention() in $kind ($name)', ({ name: build, ...kind }) => {
  const kernels = new Kernels(build);
  const { limit } = kind;

  it.each(CASES)('is right for S $S, $heads heads of $D, mask $mask', (extents) => {
    const { inputs, expected } = caseOf(extents);
    for (const scoreRows of [4, 32]) {
      const { context, probabilities } = run(kernels, kind, extents, inputs, scoreRows);
      expectClose(context, expected.context.flat(), { relative: limit, label: 'context' });
      expectClose(probabilities, expected.probabilities.flat(2), {
        relative: limit,
        label: 'probabilities',
      });
    }
  });

  it('attends evenly where every key is hidden, to the last bit', () => {
    const extents: Case = { S: 5, heads: 2, D: 8, mask: 'all' };
    const { probabilities } = run(kernels, kind, extents, caseOf(extents).inputs, 4);
    expect(new Set(probabilities)).toEqual(new Set([Math.fround(1 / 5)]));
  });

  it('gives hidden keys exactly nothing, whatever their values are', () => {
    const extents: Case = { S: 9, heads: 2, D: 8, mask: 'tail' };
    const { inputs, expected } = caseOf(extents);
    const value = inputs.value.map((v, i) => (Math.floor(i / 16) < 5 ? v : 1e30));
    const { context, probabilities } = run(kernels, kind, extents, { ...inputs, value }, 8);
    expectClose(context, expected.context.flat(), { relative: limit });
    for (const [i, p] of probabilities.entries()) {
      if (i % 9 >= 5) expect(p).toBe(0);
    }
  });

  it('sums 1,200 equal powers of one value', () => {
    const extents: Case = { S: 1200, heads: 1, D: 8, mask: 'none' };
    const [query, key] = [new Float32Array(9600).fill(3), new Float32Array(9600).fill(-3)];
    const value = new Float32Array(9600).fill(-7);
    const inputs = { query, key, value, mask: new Int32Array(1200).fill(1) };
    const { context } = run(kernels, kind, extents, inputs, 12, false);
    expectClose(context, Array.from(value), { relative: limit });
  });

  it.each([
    ['one key', [3]],
    ['three keys, the first and the last among them', [0, 17, 32]],
  ])('keeps the digits of other values beside massive ones: %s', (_, massive) => {
    // Queries look away from these keys: they weigh about as much as all others in the context.
    const extents: Case = { S: 33, heads: 2, D: 12, mask: 'none' };
    const { S, heads, D } = extents;
    const T = heads * D;
    const { inputs } = caseOf(extents);
    const query = inputs.query.map((q, i) => (i % D === 0 ? 8 : q));
    const isMassive = (i: number) => massive.includes(Math.floor(i / T));
    const key = inputs.key.map((k, i) => (i % D === 0 ? (isMassive(i) ? -4.5 : 0) : k / 8));
    const value = inputs.value.map((v, i) => (isMassive(i) ? v * 1e4 : v));
    const [q, k, v] = [query, key, value].map((data) => rowsOf(data, T));
    const expected = attention(q!, k!, v!, inputs.mask, heads);
    const { context } = run(kernels, kind, extents, { ...inputs, query, key, value }, 8);
    const small = Array.from({ length: S * T }, (_, i) => i);
    const pick = (data: ArrayLike<number>) => small.map((i) => data[i]!);
    expectClose(pick(context), pick(expected.context.flat()), { relative: 4 * limit });
  });

  it('computes the same context without probabilities', () => {
    const extents: Case = { S: 33, heads: 3, D: 5, mask: 'holes' };
    const { inputs } = caseOf(extents);
    const withThem = run(kernels, kind, extents, inputs, 8);
    const without = run(kernels, kind, extents, inputs, 8, false);
    expect(without.context).toEqual(withThem.context);
  });
});

function caseOf(extents: Case): ReturnType<typeof prepare> {
  const known = references.get(extents);
  if (known) return known;
  const made = prepare(extents);
  references.set(extents, made);
  return made;
}

/** Inputs and the float64 answer. */
function prepare({ S, heads, D, mask: name }: Case) {
  const T = heads * D;
  const numbers = random(S * 1000 + T);
  const [query, key, value] = [0, 1, 2].map(() => numbers.normals(S * T));
  const mask = Int32Array.from({ length: S }, (_, s) => MASKS[name](s, S));
  const matrices = [query, key, value].map((data) => rowsOf(data, T));
  const expected = attention(matrices[0], matrices[1], matrices[2], mask, heads);
  return { inputs: { query, key, value, mask }, expected };
}

/** context [S,T] and probabilities [A,S,S], dense. */
function run(
  kernels: Kernels,
  { number }: Kind,
  { S, heads, D }: Case,
  inputs: ReturnType<typeof prepare>['inputs'],
  scoreRows: number,
  withProbabilities = true,
) {
  const T = heads * D;
  // The last head is written in whole panels, which may reach past T.
  const stride = roundUp8(Math.max(T, (heads - 1) * D + roundUp8(D)));
  const size = heads * S * S;
  return kernels.call((frame, exports) => {
    const [query, key, value] = [inputs.query, inputs.key, inputs.value].map((data) =>
      padRows(data, T),
    ) as [Float32Array, Float32Array, Float32Array];
    const mask = frame.input(inputs.mask);
    const context = frame.output(S * stride);
    // Rows are copied in whole vectors: up to three floats past the last one.
    const probabilities = withProbabilities ? frame.output(size + 3) : 0;
    exports.attentionAlone(
      context,
      4 * stride,
      frame.input(query),
      frame.input(key),
      // Words clear the values of hidden keys.
      number > 0 ? frame.inout(value) : frame.input(value),
      mask,
      S,
      T,
      heads,
      probabilities,
      scoreRows,
      number,
    );
    return {
      context: cutRows(frame.read(context, S * stride), T, stride),
      probabilities: withProbabilities ? frame.read(probabilities, size) : new Float32Array(0),
    };
  });
}
