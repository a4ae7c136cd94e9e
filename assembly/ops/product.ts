/**
 * One product over packed panels, whatever its weights are kept in: f32 panels as they lie, 16-bit
 * panels widened one by one into L1, 8-bit panels against rows that are quantised here.
 */
import { WeightType } from '../abi';
import { f32FromBf16, f32FromF16 } from '../kernels/convert';
import {
  f32GemmNr8,
  f32GemmReluNr8,
  f32GemmResidualNr8,
  f32GemmResidualScaleShiftNr8,
  f32GemmScaleShiftNr8,
} from '../kernels/gemm-f32';
import {
  q8GemmNr8,
  q8GemmReluNr8,
  q8GemmResidualNr8,
  q8GemmResidualScaleShiftNr8,
  q8GemmScaleShiftNr8,
} from '../kernels/gemm-int';
import { q8PanelBytes } from '../kernels/panels-int';
import { prefetchTo } from '../kernels/prefetch';
import { q8Planes, q8RowBytes, RowForm } from '../kernels/rows-int';
import { Epilogue } from '../kernels/tile';
import { Linear, Pass, weightPanelBytes } from '../memory/layout';
import { ROW_BLOCK } from '../memory/pass';
import { BYTE_ROWS, FLOATS, OBSERVED, PANELS, QUANTIZED } from '../simd/build';
import { f32PanelBytes, f32s, NR, roundUp8, rowBytes } from '../simd/units';
import { endColumn, firstColumn } from '../threads/team';
import { roundedOf } from './observe';
import { alikeRows, isCoarseAt, quantizeRows } from './quantized-rows';

/** Residual and NoNorm behind one product. */
export const RESIDUAL_NORM: i32 = Epilogue.Residual | Epilogue.ScaleShift;

/** The most of `rows` that several layers can read by one quantised copy (`reuseQuantized`). */
export function rowsAtOnce(rows: i32): i32 {
  // Calibration shows the host all rows of a layer together, and quantises none.
  return OBSERVED ? rows : ROW_BLOCK;
}

/** Columns that one call of a kernel passes over. */
const WIDTH: i32 = NR * <i32>PANELS;

export abstract class product {
  /**
   * y = epilogue(x W + b). Blocks of rows outside, panels inside. `epilogue` is a literal: one
   * kernel of each kind remains per caller. `reuseQuantized`: the product before this one read the
   * same rows, one block of them, by the same factors; its quantised copy is multiplied. In
   * calibration, the second half of the rows meets rounded weights (observe.ts).
   */
  // biome-ignore format: extents together
  @inline static run(
    epilogue: i32, pass: Pass, w: Linear, y: usize, x: usize, rows: i32, residual: usize, scale: usize,
    shift: usize, reuseQuantized: bool = false,
  ): void {
    if (OBSERVED) {
      const half = rows >> 1;
      const yRows = <usize>half * rowBytes(w.outputs);
      const rounded = roundedOf(pass, w, x, half, residual, y);
      product.inBlocks(epilogue, pass, w, y, x, half, residual, scale, shift, reuseQuantized);
      product.inBlocks(
        epilogue, pass, rounded, y + yRows, x + <usize>half * w.inputStride, half, residual + yRows, scale,
        shift, reuseQuantized,
      );
    } else {
      product.inBlocks(epilogue, pass, w, y, x, rows, residual, scale, shift, reuseQuantized);
    }
  }

  // biome-ignore format: extents together
  @inline static inBlocks(
    epilogue: i32, pass: Pass, w: Linear, y: usize, x: usize, rows: i32, residual: usize, scale: usize,
    shift: usize, reuseQuantized: bool,
  ): void {
    const yBytes = rowBytes(w.outputs);
    for (; rows > 0; rows -= ROW_BLOCK) {
      const block = min(rows, ROW_BLOCK);
      if (QUANTIZED && w.weightType == WeightType.Q8) product.ofIntegers(epilogue, pass, w, y, yBytes, x, block, residual, scale, shift, reuseQuantized);
      else product.ofFloats(epilogue, pass, w, y, yBytes, x, block, residual, scale, shift);
      x += <usize>block * w.inputStride;
      y += <usize>block * yBytes;
      residual += <usize>block * yBytes;
    }
  }

  /**
   * All panels over one block of rows, in f32. In q8 models no such product has ReLU or NoNorm
   * alone behind it.
   */
  // biome-ignore format: one kernel a line
  @inline static ofFloats(
    epilogue: i32, pass: Pass, w: Linear, y: usize, yBytes: usize, x: usize, rows: i32, residual: usize,
    scale: usize, shift: usize,
  ): void {
    const depth = w.inputs;
    const xBytes = w.inputStride;
    const step = weightPanelBytes(w.weightType, depth);
    const ahead = changetype<usize>(pass.scratch.prefetch);
    const columns = roundUp8(w.outputs);
    const first = firstColumn(pass, columns, WIDTH);
    const end = f32s(endColumn(pass, columns, WIDTH));
    let n = f32s(first);
    let from = w.panels + <usize>(first / NR) * step;
    for (; n < end; n += 32 * PANELS) {
      let panel = from;
      let second: usize = PANELS == 2 && n + 32 < yBytes ? step : 0;
      if (w.weightType != WeightType.F32) {
        panel = pass.scratch.panel;
        widenPanel(panel, from, w);
        if (PANELS == 2 && second) {
          second = f32PanelBytes(depth);
          widenPanel(panel + second, from + step, w);
        }
      } else if (FLOATS) {
        prefetchTo(pass.scratch.prefetch, from, step + second, rows);
      }
      if (epilogue == Epilogue.None) f32GemmNr8(y + n, yBytes, x, xBytes, panel, second, rows, depth, ahead);
      if (FLOATS && epilogue == Epilogue.Relu) f32GemmReluNr8(y + n, yBytes, x, xBytes, panel, second, rows, depth, ahead);
      if (epilogue == Epilogue.Residual) f32GemmResidualNr8(y + n, yBytes, x, xBytes, panel, second, rows, depth, ahead, residual + n);
      if (FLOATS && epilogue == Epilogue.ScaleShift) f32GemmScaleShiftNr8(y + n, yBytes, x, xBytes, panel, second, rows, depth, ahead, scale + n, shift + n);
      if (epilogue == RESIDUAL_NORM) f32GemmResidualScaleShiftNr8(y + n, yBytes, x, xBytes, panel, second, rows, depth, ahead, residual + n, scale + n, shift + n);
      from += PANELS * step;
    }
  }

  /** The same with rows of integers: one call for rows that have as many planes. */
  // biome-ignore format: one kernel a line
  @inline static ofIntegers(
    epilogue: i32, pass: Pass, w: Linear, y: usize, yBytes: usize, x: usize, rows: i32, residual: usize,
    scale: usize, shift: usize, reuseQuantized: bool,
  ): void {
    const s = pass.scratch;
    const depth = w.inputs;
    const first = firstColumn(pass, roundUp8(w.outputs), WIDTH);
    const columns = endColumn(pass, roundUp8(w.outputs), WIDTH) - first;
    const n = f32s(first);
    const from = w.panels + <usize>(first / NR) * q8PanelBytes(depth);
    const starts = w.starts + n;
    const aBytes = q8RowBytes(depth);
    let a = s.quantized;
    if (!reuseQuantized) quantizeRows(s, x, rows, w);
    for (let row = 0, count = 0; row < rows; row += count) {
      const isCoarse = BYTE_ROWS && isCoarseAt(s, row);
      count = BYTE_ROWS ? alikeRows(s, row, rows) : rows;
      const planes = BYTE_ROWS && isCoarse ? 2 : q8Planes(w.rowForm);
      const isUpper = w.rowForm == RowForm.UpperI8 && !isCoarse;
      const aScales = s.rowScales + f32s(row) + (isUpper ? f32s(ROW_BLOCK) : 0);
      if (epilogue == Epilogue.None) q8GemmNr8(y + n, yBytes, a, aBytes, aScales, from, count, columns, depth, planes, starts, s.panel);
      if (epilogue == Epilogue.Relu) q8GemmReluNr8(y + n, yBytes, a, aBytes, aScales, from, count, columns, depth, planes, starts, s.panel);
      if (epilogue == Epilogue.Residual) q8GemmResidualNr8(y + n, yBytes, a, aBytes, aScales, from, count, columns, depth, planes, starts, s.panel, residual + n);
      if (epilogue == Epilogue.ScaleShift) q8GemmScaleShiftNr8(y + n, yBytes, a, aBytes, aScales, from, count, columns, depth, planes, starts, s.panel, scale + n, shift + n);
      if (epilogue == RESIDUAL_NORM) q8GemmResidualScaleShiftNr8(y + n, yBytes, a, aBytes, aScales, from, count, columns, depth, planes, starts, s.panel, residual + n, scale + n, shift + n);
      a += <usize>count * aBytes;
      y += <usize>count * yBytes;
      residual += <usize>count * yBytes;
    }
  }
}

/** A panel of 16 bits in f32: 16 KB at depth 512, read once per tile of rows. */
function widenPanel(to: usize, from: usize, w: Linear): void {
  memory.copy(to, from, 32);
  if (FLOATS && w.weightType == WeightType.F16) f32FromF16(to + 32, from + 32, w.inputs * NR);
  else f32FromBf16(to + 32, from + 32, w.inputs * NR);
}
