/**
 * One product over packed panels, whatever its weights are kept in: f32 panels as they lie, half
 * precision widened panel by panel into L1, 8-bit panels against rows that are quantised here.
 */
import { Kind } from '../abi';
import { f32FromBf16, f32FromF16 } from '../kernels/f32-convert';
import {
  f32GemmNr8,
  f32GemmReluNr8,
  f32GemmResidualNr8,
  f32GemmResidualScaleShiftNr8,
  f32GemmScaleShiftNr8,
} from '../kernels/f32-gemm-nr8';
import { PANELS } from '../kernels/next-tile';
import { reach } from '../kernels/read-ahead';
import { RowForm, UPPER, q8Planes, q8QuantizeRow, q8RowBytes } from '../kernels/q8-rows';
import {
  q8GemmNr8,
  q8GemmReluNr8,
  q8GemmResidualNr8,
  q8GemmResidualScaleShiftNr8,
  q8GemmScaleShiftNr8,
} from '../kernels/qd-f32-qc8w-gemm-nr8';
import {
  Linear,
  NR,
  f32s,
  panelBytes,
  roundUp8,
  rowBytes,
  weightPanelBytes,
} from '../memory/layout';
import { ready } from '../memory/ready';
import { ROW_BLOCK, activations } from '../memory/request';
import { FLOATS, SMALL, TAPPED } from '../simd/lanes';
import { twinOf } from './tap';

/** What stands behind a product. */
export const enum Behind {
  Nothing,
  Relu,
  Residual,
  Norm,
  ResidualNorm,
}

/** The most of `rows` that one product after the other may read `again`. */
export function rowsAtOnce(rows: i32): i32 {
  // Calibration is shown all rows of a layer together; it quantises none.
  return TAPPED ? rows : ROW_BLOCK;
}

export abstract class product {
  /**
   * Blocks of rows outside, panels inside; `behind` is a literal, one kernel a kind remains per caller.
   * `again`: the product before read these rows, of one block, by the same factors: what it quantised
   * them to is multiplied. For calibration, the second half of the rows meets other weights (tap.ts).
   */
  // biome-ignore format: extents and strides together
  @inline static run(
    behind: Behind, y: usize, x: usize, xBytes: usize, rows: i32, w: Linear, residual: usize,
    scale: usize, shift: usize, again: bool = false,
  ): void {
    if (TAPPED) {
      const half = rows >> 1;
      const yRows = <usize>half * rowBytes(w.outputs);
      const twin = twinOf(w, x, xBytes, half, residual, y);
      product.inBlocks(behind, y, x, xBytes, half, w, residual, scale, shift, again);
      product.inBlocks(
        behind, y + yRows, x + <usize>half * xBytes, xBytes, half, twin, residual + yRows, scale, shift, again,
      );
    } else {
      product.inBlocks(behind, y, x, xBytes, rows, w, residual, scale, shift, again);
    }
  }

  // biome-ignore format: extents and strides together
  @inline static inBlocks(
    behind: Behind, y: usize, x: usize, xBytes: usize, rows: i32, w: Linear, residual: usize,
    scale: usize, shift: usize, again: bool,
  ): void {
    const yBytes = rowBytes(w.outputs);
    for (; rows > 0; rows -= ROW_BLOCK) {
      const block = min(rows, ROW_BLOCK);
      if (SMALL && w.kind == Kind.Q8) product.ofWords(behind, y, yBytes, x, xBytes, block, w, residual, scale, shift, again);
      else product.ofFloats(behind, y, yBytes, x, xBytes, block, w, residual, scale, shift);
      x += <usize>block * xBytes;
      y += <usize>block * yBytes;
      residual += <usize>block * yBytes;
    }
  }

  /** All panels over one block of rows, in f32. What q8 models keep so has no ReLU nor norm alone behind it. */
  // biome-ignore format: one kernel a line
  @inline static ofFloats(
    behind: Behind, y: usize, yBytes: usize, x: usize, xBytes: usize, rows: i32, w: Linear,
    residual: usize, scale: usize, shift: usize,
  ): void {
    const depth = w.inputs;
    const step = weightPanelBytes(w.kind, depth);
    let from = w.panels;
    for (let n: usize = 0; n < yBytes; n += 32 * PANELS) {
      let panel = from;
      let second: usize = PANELS == 2 && n + 32 < yBytes ? step : 0;
      if (w.kind != Kind.F32) {
        panel = activations.panel;
        widenPanel(panel, from, w);
        if (PANELS == 2 && second) {
          second = panelBytes(depth);
          widenPanel(panel + second, from + step, w);
        }
      } else if (FLOATS) {
        reach(from, step + second, rows);
      }
      if (behind == Behind.Nothing) f32GemmNr8(y + n, yBytes, x, xBytes, panel, second, rows, depth);
      if (FLOATS && behind == Behind.Relu) f32GemmReluNr8(y + n, yBytes, x, xBytes, panel, second, rows, depth);
      if (behind == Behind.Residual) f32GemmResidualNr8(y + n, yBytes, x, xBytes, panel, second, rows, depth, residual + n);
      if (FLOATS && behind == Behind.Norm) f32GemmScaleShiftNr8(y + n, yBytes, x, xBytes, panel, second, rows, depth, scale + n, shift + n);
      if (behind == Behind.ResidualNorm) f32GemmResidualScaleShiftNr8(y + n, yBytes, x, xBytes, panel, second, rows, depth, residual + n, scale + n, shift + n);
      from += PANELS * step;
    }
  }

  /** The same with rows of whole numbers. */
  // biome-ignore format: one kernel a line
  @inline static ofWords(
    behind: Behind, y: usize, yBytes: usize, x: usize, xBytes: usize, rows: i32, w: Linear,
    residual: usize, scale: usize, shift: usize, again: bool,
  ): void {
    ready(w);
    const depth = w.inputs;
    const columns = roundUp8(w.outputs);
    const a = activations.quantized;
    const aBytes = q8RowBytes(depth);
    const planes = q8Planes(w.rowForm);
    const scratch = activations.panel;
    if (!again) quantizeRows(a, activations.rowScales, x, xBytes, rows, w);
    const aScales = activations.rowScales + (w.rowForm == RowForm.UpperBytes ? f32s(ROW_BLOCK) : 0);
    if (behind == Behind.Nothing) q8GemmNr8(y, yBytes, a, aBytes, aScales, w.panels, rows, columns, depth, planes, w.starts, scratch);
    if (behind == Behind.Relu) q8GemmReluNr8(y, yBytes, a, aBytes, aScales, w.panels, rows, columns, depth, planes, w.starts, scratch);
    if (behind == Behind.Residual) q8GemmResidualNr8(y, yBytes, a, aBytes, aScales, w.panels, rows, columns, depth, planes, w.starts, scratch, residual);
    if (behind == Behind.Norm) q8GemmScaleShiftNr8(y, yBytes, a, aBytes, aScales, w.panels, rows, columns, depth, planes, w.starts, scratch, scale, shift);
    if (behind == Behind.ResidualNorm) q8GemmResidualScaleShiftNr8(y, yBytes, a, aBytes, aScales, w.panels, rows, columns, depth, planes, w.starts, scratch, residual, scale, shift);
  }
}

/** A panel of 16 bits in f32: 16 KB at depth 512, read once per tile of rows. */
function widenPanel(to: usize, from: usize, w: Linear): void {
  memory.copy(to, from, 32);
  if (FLOATS && w.kind == Kind.F16) f32FromF16(to + 32, from + 32, w.inputs * NR);
  else f32FromBf16(to + 32, from + 32, w.inputs * NR);
}

/** x [rows,K] -> rows of whole numbers and two scales each: theirs, and their upper bytes'. */
function quantizeRows(
  to: usize,
  scales: usize,
  x: usize,
  xBytes: usize,
  rows: i32,
  w: Linear,
): void {
  const bytes = q8RowBytes(w.inputs);
  const factors = w.before ? <usize>0 : w.factors;
  for (; rows > 0; rows--) {
    const scale = q8QuantizeRow(w.rowForm, to, x, factors, w.inputs);
    store<f32>(scales, scale);
    store<f32>(scales + f32s(ROW_BLOCK), scale * UPPER);
    to += bytes;
    x += xBytes;
    scales += 4;
  }
}
