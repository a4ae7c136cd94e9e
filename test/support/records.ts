/**
 * Builds the records of assembly/memory/layout.ts that ops take: fields of 4 bytes, in their order.
 */
import { encodeInputs } from '../../src/engine/packed/outliers.ts';
import type { Frame } from './kernels.ts';
import { makePanels, roundUp8 } from './panels.ts';

/** `NormKind` of assembly/abi.ts. */
export const NORM_KIND = { no_norm: 0, layer_norm: 1 } as const;
export type NormName = keyof typeof NORM_KIND;

/** Fields of Linear in front of its outliers. */
const LINEAR_FIELDS = 12;

/**
 * Linear { inputs, outputs, inputStride, panels, weightType .. previous, outliers, outlierCount,
 * outlierRoom } in f32: weight [N,K] as PyTorch has it, bias [N], rows of x `inputStride` bytes apart.
 * The weights of `outlying` inputs are not in the panels.
 */
export function linearRecord(
  frame: Frame,
  weight: Float32Array,
  bias: Float32Array,
  inputs: number,
  inputStride: number,
  outlying: readonly number[] = [],
): number {
  const outputs = bias.length;
  const panels = makePanels(
    outputs,
    inputs,
    (n, k) => (outlying.includes(k) ? 0 : weight[n * inputs + k]),
    (n) => bias[n],
  );
  const record = new Int32Array(LINEAR_FIELDS + 3);
  record.set([inputs, outputs, inputStride, frame.input(panels)]);
  if (outlying.length > 0) {
    const columns = outlying.map((input) => {
      const weights = Float32Array.from(bias, (_, n) => weight[n * inputs + input]);
      return { input, weights };
    });
    const bytes = encodeInputs(columns, outputs);
    record.set([frame.input(bytes), outlying.length, outlying.length], LINEAR_FIELDS);
  }
  return frame.input(record);
}

/** Norm { kind, size, epsilon, scale, shift }; scale and shift are padded with zeros. */
export function normRecord(
  frame: Frame,
  name: NormName,
  scale: Float32Array,
  shift: Float32Array,
  epsilon: number,
): number {
  const [epsilonBits] = new Int32Array(Float32Array.of(epsilon).buffer);
  const addresses = [scale, shift].map((values) => frame.input(padRows(values, values.length)));
  return frame.input(Int32Array.of(NORM_KIND[name], scale.length, epsilonBits, ...addresses));
}

/** Dense rows -> rows of `stride` floats, padded with zeros; by default to whole panels. */
export function padRows(
  dense: Float32Array,
  columns: number,
  stride = roundUp8(columns),
): Float32Array {
  const rows = dense.length / columns;
  const padded = new Float32Array(rows * stride);
  for (let row = 0; row < rows; row++) {
    padded.set(dense.subarray(row * columns, (row + 1) * columns), row * stride);
  }
  return padded;
}

/** Rows of `stride` floats -> dense rows of their first `columns`. */
export function cutRows(padded: Float32Array, columns: number, stride: number): Float32Array {
  const rows = padded.length / stride;
  return Float32Array.from(
    { length: rows * columns },
    (_, i) => padded[Math.floor(i / columns) * stride + (i % columns)],
  );
}
