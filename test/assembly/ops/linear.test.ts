/**
 * ops/linear with everything that stands behind a product, and ops/norm, against test/reference in
 * float64.
 */
import { describe, expect, it } from 'vitest';
import { gelu, geluNew, relu, silu } from '../../reference/activations.ts';
import { add, layerNorm, linear, type Matrix, map, noNorm, rowsOf } from '../../reference/ops.ts';
import { expectClose } from '../../support/close.ts';
import { type Frame, Kernels } from '../../support/kernels.ts';
import { roundUp8 } from '../../support/panels.ts';
import { random } from '../../support/random.ts';
import {
  cutRows,
  linearRecord,
  type NormName,
  normRecord,
  padRows,
} from '../../support/records.ts';
import type { TestingExports } from '../../support/testing-exports.ts';
import { floatVariants } from '../../support/variants.ts';

/**
 * [M, K, N]: below, at and above a block of 64 rows; no multiples of 4 or 8, and MobileBERT's own.
 */
const SHAPES = [
  [1, 1, 1],
  [3, 5, 7],
  [4, 8, 8],
  [9, 33, 13],
  [63, 7, 9],
  [64, 32, 16],
  [65, 32, 17],
  [130, 12, 24],
  [32, 128, 512],
  [33, 512, 128],
];
const EPSILON = 1e-5;

/** The operands of one product. */
interface Operands {
  rows: number;
  inputs: number;
  outputs: number;
  x: Float32Array;
  weight: Float32Array;
  bias: Float32Array;
  residual: Float32Array;
  scale: Float32Array;
  shift: Float32Array;
}

type Call = [pass: number, linear: number, y: number, x: number, rows: number];

const rowsOfCall = ([, , y, x, rows]: Call) => [y, x, rows] as const;

/** What may stand behind a product. */
interface Behind {
  what: string;
  run(exports: TestingExports, call: Call, frame: Frame, operands: Operands, y: number): void;
  expected(product: Matrix, operands: Operands): Matrix;
}

const normOf = (name: NormName, frame: Frame, { scale, shift }: Operands) =>
  normRecord(frame, name, scale, shift, EPSILON);
const normalise = (name: NormName, x: Matrix, { scale, shift }: Operands) =>
  name === 'no_norm' ? noNorm(x, scale, shift) : layerNorm(x, scale, shift, EPSILON);

const activation = (name: string, which: number, reference: (x: number) => number): Behind => ({
  what: `linearActivation() with ${name}`,
  run: (exports, call) => exports.linearActivation(...call, which),
  expected: (product) => map(product, reference),
});

const norm = (name: NormName): Behind => ({
  what: `linearNorm() with ${name}`,
  run: (exports, call, frame, operands) =>
    exports.linearNorm(call[0], call[1], normOf(name, frame, operands), ...rowsOfCall(call), false),
  expected: (product, operands) => normalise(name, product, operands),
});

const residualNorm = (name: NormName, isAliased: boolean): Behind => ({
  what: `linearResidualNorm() with ${name}${isAliased ? ', onto its residual' : ''}`,
  run: (exports, call, frame, operands, y) => {
    const residual = isAliased ? y : frame.input(padRows(operands.residual, operands.outputs));
    const n = normOf(name, frame, operands);
    exports.linearResidualNorm(call[0], call[1], n, ...rowsOfCall(call), residual);
  },
  expected: (product, operands) =>
    normalise(name, add(product, rowsOf(operands.residual, operands.outputs)), operands),
});

const BEHIND: Behind[] = [
  {
    what: 'linear()',
    run: (exports, call) => exports.linear(...call, false),
    expected: (product) => product,
  },
  activation('relu', 0, relu),
  activation('gelu', 1, gelu),
  activation('silu', 2, silu),
  activation('gelu_new', 3, geluNew),
  norm('no_norm'),
  norm('layer_norm'),
  residualNorm('no_norm', false),
  residualNorm('no_norm', true),
  residualNorm('layer_norm', false),
  residualNorm('layer_norm', true),
];

/** The operands and their float64 product, the same for every build. */
const CASES = SHAPES.map(([rows, inputs, outputs]) => {
  const operands = draw(rows, inputs, outputs);
  const { x, weight, bias } = operands;
  return { operands, product: linear(rowsOf(x, inputs), rowsOf(weight, inputs), bias) };
});

describe.each(floatVariants)('ops/linear ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  describe.each(BEHIND)('$what', (behind) => {
    it.each(CASES)(
      'is right for $operands.rows x $operands.inputs x $operands.outputs',
      ({ operands, product }) => {
        const last = operands.inputs - 1;
        const middle = last >> 1;
        for (const { gap, outlying } of [
          { gap: 0, outlying: [] },
          { gap: 3, outlying: [] },
          { gap: 3, outlying: [0] },
          { gap: 0, outlying: middle < last ? [middle, last] : [last] },
        ]) {
          const found = run(kernels, behind, operands, gap, outlying);
          const expected = behind.expected(product, operands).flatMap((row) => Array.from(row));
          // A sum of 512 unit normals misses 7 roundings of 2^-24 in the mean (4.2e-7); what stands
          // behind it adds less.
          expectClose(found, expected, { relative: 1e-6 });
        }
      },
    );
  });

  it.each(['no_norm', 'layer_norm'] as const)(
    'norm() with %s is right over padded rows',
    (name) => {
      for (const columns of [1, 3, 8, 13, 128]) {
        const operands = draw(5, 1, columns);
        const found = kernels.call((frame, exports) => {
          const x = frame.inout(padRows(operands.residual, columns));
          exports.norm(x, 5, normOf(name, frame, operands));
          return cutRows(frame.read(x, 5 * roundUp8(columns)), columns, roundUp8(columns));
        });
        const expected = normalise(name, rowsOf(operands.residual, columns), operands);
        expectClose(
          found,
          expected.flatMap((row) => Array.from(row)),
          { relative: 1e-6 },
        );
      }
    },
  );
});

function draw(rows: number, inputs: number, outputs: number): Operands {
  const numbers = random(rows * 7919 + inputs * 31 + outputs);
  return {
    rows,
    inputs,
    outputs,
    x: numbers.normals(rows * inputs),
    weight: numbers.normals(outputs * inputs),
    bias: numbers.normals(outputs),
    residual: numbers.normals(rows * outputs),
    scale: numbers.normals(outputs),
    shift: numbers.normals(outputs),
  };
}

/** y [M,N], dense; its padding must be zero where nothing but zeros was put there. */
function run(
  kernels: Kernels,
  behind: Behind,
  operands: Operands,
  gap: number,
  outlying: readonly number[],
): Float32Array {
  const { rows, inputs, outputs, x, weight, bias, residual } = operands;
  const xStride = inputs + gap;
  const yStride = roundUp8(outputs);
  const y = kernels.call((frame, exports) => {
    const address = frame.inout(padRows(residual, outputs));
    const from = frame.input(padRows(x, inputs, xStride));
    const record = linearRecord(frame, weight, bias, inputs, 4 * xStride, outlying);
    const call: Call = [exports.emptyPass(), record, address, from, rows];
    behind.run(exports, call, frame, operands, address);
    return frame.read(address, rows * yStride);
  });
  for (const [i, value] of y.entries()) {
    if (i % yStride >= outputs) expect(value + 0).toBe(0);
  }
  return cutRows(y, outputs, yStride);
}
