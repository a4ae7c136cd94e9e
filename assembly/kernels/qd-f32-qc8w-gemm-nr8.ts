/**
 * C [M,8] = epilogue(A [M,K] x panel [K,8] + bias) of whole numbers: rows of 8 or 16 bits with one
 * scale a row (q8-rows.ts), weights of 8 bits with one scale a column (q8-panel.ts); XNNPACK's names: qd,
 * quantised dynamically, qc, quantised per channel. C and `residual` as in f32-gemm-nr8.ts; `starts` and
 * `planes` as in integer-tile.ts, `scratch` q8ScratchBytes(). Two panels where `second` is not 0 (as in
 * f32-gemm-nr8.ts), which builds without relaxed dot products do not take: they widen one at a time.
 */
import { DOT_DEPTHS } from '../simd/lanes';
import { Epilogue } from './epilogue';
import { integerTile } from './integer-tile';
import { q8OpenPanel } from './q8-panel';
import { q8Depth } from './q8-rows';

abstract class product {
  // biome-ignore format: extents and strides together
  @inline static run(
    epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize,
    second: usize, rows: i32, depth: i32, planes: i32, starts: usize, scratch: usize, residual: usize, scale: usize, shift: usize,
  ): void {
    const weights = q8OpenPanel(panel, depth, scratch);
    const steps = q8Depth(depth) / DOT_DEPTHS;
    integerTile.panel(DOT_DEPTHS, epilogue, c, cStride, a, aStride, aScales, panel, weights, second, rows, steps, planes, starts, residual, scale, shift);
  }
}

/** C = A B + bias */
// biome-ignore format: extents and strides together
export function q8GemmNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, second: usize, rows: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize,
): void {
  product.run(Epilogue.None, c, cStride, a, aStride, aScales, panel, second, rows, depth, planes, starts, scratch, 0, 0, 0);
}

/** C = max(A B + bias, 0) */
// biome-ignore format: extents and strides together
export function q8GemmReluNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, second: usize, rows: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize,
): void {
  product.run(Epilogue.Relu, c, cStride, a, aStride, aScales, panel, second, rows, depth, planes, starts, scratch, 0, 0, 0);
}

/** C = A B + bias + residual */
// biome-ignore format: extents and strides together
export function q8GemmResidualNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, second: usize, rows: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize, residual: usize,
): void {
  product.run(Epilogue.Residual, c, cStride, a, aStride, aScales, panel, second, rows, depth, planes, starts, scratch, residual, 0, 0);
}

/** C = (A B + bias) * scale [8] + shift [8] */
// biome-ignore format: extents and strides together
export function q8GemmScaleShiftNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, second: usize, rows: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize, scale: usize, shift: usize,
): void {
  product.run(Epilogue.ScaleShift, c, cStride, a, aStride, aScales, panel, second, rows, depth, planes, starts, scratch, 0, scale, shift);
}

/** C = (A B + bias + residual) * scale [8] + shift [8] */
// biome-ignore format: extents and strides together
export function q8GemmResidualScaleShiftNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, second: usize, rows: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize, residual: usize, scale: usize, shift: usize,
): void {
  product.run(Epilogue.Residual | Epilogue.ScaleShift, c, cStride, a, aStride, aScales, panel, second, rows, depth, planes, starts, scratch, residual, scale, shift);
}
