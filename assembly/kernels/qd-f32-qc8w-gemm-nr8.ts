/**
 * C [M,N] = epilogue(A [M,K] x panels [N/8][K,8] + bias) of whole numbers: rows of 8 or 16 bits with one
 * scale a row (q8-rows.ts), weights of 8 bits with one scale a column (q8-panel.ts); XNNPACK's names: qd,
 * quantised dynamically, qc, quantised per channel. C and `residual` as in f32-gemm-nr8.ts, N a multiple
 * of 8; `starts` [N] and `planes` as in integer-tile.ts, `scratch` q8ScratchBytes(). The loop over panels
 * lies in here, as in XNNPACK: a call for every pair takes 1 to 3 % of a pass longer at 1 to 8 tokens.
 */
import { DOT_DEPTHS, PANELS } from '../simd/build';
import { Epilogue } from './epilogue';
import { integerTile } from './integer-tile';
import { q8OpenPanel, q8PanelBytes } from './q8-panel';
import { q8Depth } from './q8-rows';

abstract class product {
  // biome-ignore format: extents and strides together
  @inline static run(
    epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32,
    columns: i32, depth: i32, planes: i32, starts: usize, scratch: usize, residual: usize, scale: usize, shift: usize,
  ): void {
    const steps = q8Depth(depth) / DOT_DEPTHS;
    const step = q8PanelBytes(depth);
    const end = (<usize>columns) << 2;
    for (let n: usize = 0; n < end; n += 32 * PANELS) {
      // A build that widens has one panel in scratch.
      const second: usize = PANELS == 2 && n + 32 < end ? step : 0;
      const weights = q8OpenPanel(panel, depth, scratch);
      integerTile.panel(DOT_DEPTHS, epilogue, c + n, cStride, a, aStride, aScales, panel, weights, second, rows, steps, planes, starts + n, residual + n, scale + n, shift + n);
      panel += PANELS * step;
    }
  }
}

/** C = A B + bias */
// biome-ignore format: extents and strides together
export function q8GemmNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, columns: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize,
): void {
  product.run(Epilogue.None, c, cStride, a, aStride, aScales, panel, rows, columns, depth, planes, starts, scratch, 0, 0, 0);
}

/** C = max(A B + bias, 0) */
// biome-ignore format: extents and strides together
export function q8GemmReluNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, columns: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize,
): void {
  product.run(Epilogue.Relu, c, cStride, a, aStride, aScales, panel, rows, columns, depth, planes, starts, scratch, 0, 0, 0);
}

/** C = A B + bias + residual */
// biome-ignore format: extents and strides together
export function q8GemmResidualNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, columns: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize, residual: usize,
): void {
  product.run(Epilogue.Residual, c, cStride, a, aStride, aScales, panel, rows, columns, depth, planes, starts, scratch, residual, 0, 0);
}

/** C = (A B + bias) * scale [N] + shift [N] */
// biome-ignore format: extents and strides together
export function q8GemmScaleShiftNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, columns: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize, scale: usize, shift: usize,
): void {
  product.run(Epilogue.ScaleShift, c, cStride, a, aStride, aScales, panel, rows, columns, depth, planes, starts, scratch, 0, scale, shift);
}

/** C = (A B + bias + residual) * scale [N] + shift [N] */
// biome-ignore format: extents and strides together
export function q8GemmResidualScaleShiftNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, columns: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize, residual: usize, scale: usize, shift: usize,
): void {
  product.run(Epilogue.Residual | Epilogue.ScaleShift, c, cStride, a, aStride, aScales, panel, rows, columns, depth, planes, starts, scratch, residual, scale, shift);
}
