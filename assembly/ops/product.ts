/**
 * One product over packed panels, whatever its weights are kept in: f32 panels as they lie, half
 * precision widened panel by panel into L1, 8-bit panels against rows that are quantised here.
 */
import { Kind } from '../abi';
import { f32FromF16 } from '../kernels/f32-convert';
import {
  f32GemmNr8,
  f32GemmReluNr8,
  f32GemmResidualNr8,
  f32GemmResidualScaleShiftNr8,
  f32GemmScaleShiftNr8,
} from '../kernels/f32-gemm-nr8';
import { f32QuantizeRow } from '../kernels/f32-quantize-row';
import {
  q8GemmNr8,
  q8GemmReluNr8,
  q8GemmResidualNr8,
  q8GemmResidualScaleShiftNr8,
  q8GemmScaleShiftNr8,
} from '../kernels/qd16-f32-qc8w-gemm-nr8';
import { Linear, NR, rowBytes, weightPanelBytes, wordBytes } from '../memory/layout';
import { ROW_BLOCK, activations } from '../memory/request';

/** What stands behind a product. */
export const enum Behind {
  Nothing,
  Relu,
  Residual,
  Norm,
  ResidualNorm,
}

export abstract class product {
  /** Blocks of rows outside, panels inside; `behind` is a literal, one kernel a kind remains per caller. */
  // biome-ignore format: extents and strides together
  @inline static run(
    behind: Behind, y: usize, x: usize, xBytes: usize, rows: i32, w: Linear, residual: usize,
    scale: usize, shift: usize,
  ): void {
    const yBytes = rowBytes(w.outputs);
    for (; rows > 0; rows -= ROW_BLOCK) {
      const block = min(rows, ROW_BLOCK);
      if (w.kind == Kind.Q8) product.ofWords(behind, y, yBytes, x, xBytes, block, w, residual, scale, shift);
      else product.ofFloats(behind, y, yBytes, x, xBytes, block, w, residual, scale, shift);
      x += <usize>block * xBytes;
      y += <usize>block * yBytes;
      residual += <usize>block * yBytes;
    }
  }

  /** All panels over one block of rows, in f32. */
  // biome-ignore format: one kernel a line
  @inline static ofFloats(
    behind: Behind, y: usize, yBytes: usize, x: usize, xBytes: usize, rows: i32, w: Linear,
    residual: usize, scale: usize, shift: usize,
  ): void {
    const depth = w.inputs;
    const step = weightPanelBytes(w.kind, depth);
    let from = w.panels;
    for (let n: usize = 0; n < yBytes; n += 32) {
      const panel = w.kind == Kind.F16 ? widenPanel(from, depth) : from;
      if (behind == Behind.Nothing) f32GemmNr8(y + n, yBytes, x, xBytes, panel, rows, depth);
      if (behind == Behind.Relu) f32GemmReluNr8(y + n, yBytes, x, xBytes, panel, rows, depth);
      if (behind == Behind.Residual) f32GemmResidualNr8(y + n, yBytes, x, xBytes, panel, rows, depth, residual + n);
      if (behind == Behind.Norm) f32GemmScaleShiftNr8(y + n, yBytes, x, xBytes, panel, rows, depth, scale + n, shift + n);
      if (behind == Behind.ResidualNorm) f32GemmResidualScaleShiftNr8(y + n, yBytes, x, xBytes, panel, rows, depth, residual + n, scale + n, shift + n);
      from += step;
    }
  }

  /** The same with rows of whole numbers. */
  // biome-ignore format: one kernel a line
  @inline static ofWords(
    behind: Behind, y: usize, yBytes: usize, x: usize, xBytes: usize, rows: i32, w: Linear,
    residual: usize, scale: usize, shift: usize,
  ): void {
    const depth = w.inputs;
    const step = weightPanelBytes(Kind.Q8, depth);
    const a = activations.quantized;
    const aBytes = wordBytes(depth);
    const aScales = activations.rowScales;
    quantizeRows(a, aScales, x, xBytes, rows, w);
    let panel = w.panels;
    for (let n: usize = 0; n < yBytes; n += 32) {
      if (behind == Behind.Nothing) q8GemmNr8(y + n, yBytes, a, aBytes, aScales, panel, rows, depth);
      if (behind == Behind.Relu) q8GemmReluNr8(y + n, yBytes, a, aBytes, aScales, panel, rows, depth);
      if (behind == Behind.Residual) q8GemmResidualNr8(y + n, yBytes, a, aBytes, aScales, panel, rows, depth, residual + n);
      if (behind == Behind.Norm) q8GemmScaleShiftNr8(y + n, yBytes, a, aBytes, aScales, panel, rows, depth, scale + n, shift + n);
      if (behind == Behind.ResidualNorm) q8GemmResidualScaleShiftNr8(y + n, yBytes, a, aBytes, aScales, panel, rows, depth, residual + n, scale + n, shift + n);
      panel += step;
    }
  }
}

/** A half-precision panel in f32, in scratch: 16 KB at depth 512, read once per tile of rows. */
function widenPanel(from: usize, depth: i32): usize {
  const panel = activations.panel;
  memory.copy(panel, from, 32);
  f32FromF16(panel + 32, from + 32, depth * NR);
  return panel;
}

/** x [rows,K] -> i16 and one scale a row. Sums of K products with weights up to 127 stay below 2^31. */
function quantizeRows(
  to: usize,
  scales: usize,
  x: usize,
  xBytes: usize,
  rows: i32,
  w: Linear,
): void {
  const limit = min(<i32>i16.MAX_VALUE, i32.MAX_VALUE / (127 * (w.inputs + 1)));
  const bytes = wordBytes(w.inputs);
  for (; rows > 0; rows--) {
    store<f32>(scales, f32QuantizeRow(to, x, w.factors, w.inputs, limit));
    to += bytes;
    x += xBytes;
    scales += 4;
  }
}
