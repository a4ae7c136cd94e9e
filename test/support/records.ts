/**
 * Builds the records of assembly/memory/layout.ts that ops take: fields of 4 bytes, in their order.
 */
import type { Frame } from './kernels.ts';
import { makePanels, roundUp8 } from './panels.ts';

/** `NormKind` of assembly/abi.ts. */
export const NORM_KIND = { no_norm: 0, layer_norm: 1 } as const;
export type NormName = keyof typeof NORM_KIND;

/**
 * Linear { inputs, outputs, inputStride, panels, weightType, rowForm, factors } in f32: weight [N,K] as PyTorch
 * has it, bias [N], rows of x `inputStride` bytes apart.
 */
export function linearRecord(
  frame: Frame,
  weight: Float32Array,
  bias: Float32Array,
  inputs: number,
  inputStride: number,
): number {
  const outputs = bias.length;
  const panels = makePanels(
    outputs,
    inputs,
    (n, k) => weight[n * inputs + k],
    (n) => bias[n],
  );
  return frame.input(Int32Array.of(inputs, outputs, inputStride, frame.input(panels), 0, 0, 0));
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
