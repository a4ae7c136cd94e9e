/**
 * C [M,8] = epilogue(A [M,K] x panel [K,8] + bias): one packed panel of eight columns against all
 * rows. The MRx8 tile of XNNPACK's f32-gemm-4x8-wasmsimd-splat, on panels of the form
 *
 *   | bias 0..7 | k=0: 0..7 | k=1: 0..7 | ... | k=K-1: 0..7 |      (K + 1) * 32 bytes
 *
 * A and C are row-major with strides in bytes; C and the panel are written and read in whole panels,
 * so rows of C hold a multiple of 8 columns. `c` may be `residual` (each element is read before it
 * is written), never `a`. Nothing is aligned by contract; 64-byte panels are faster.
 *
 * `second` is 0, or where PANELS is 2 the bytes from the panel to another, whose columns are the next
 * eight of C, of `residual`, and of scale and shift. `ahead` is the address of a Prefetch that goes on while
 * tiles multiply.
 */
import { Epilogue } from './epilogue';
import { f32Tile } from './f32-tile';
import { IDLE_PREFETCH } from './prefetch';

/** C = A B + bias */
// biome-ignore format: extents and strides together
export function f32GemmNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, second: usize, rows: i32, depth: i32, ahead: usize,
): void {
  f32Tile.panel(Epilogue.None, c, cStride, a, aStride, panel, second, rows, depth, 0, 0, 0, ahead);
}

/** C = max(A B + bias, 0) */
// biome-ignore format: extents and strides together
export function f32GemmReluNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, second: usize, rows: i32, depth: i32, ahead: usize,
): void {
  f32Tile.panel(Epilogue.Relu, c, cStride, a, aStride, panel, second, rows, depth, 0, 0, 0, ahead);
}

/** C = A B + bias + residual */
// biome-ignore format: extents and strides together
export function f32GemmResidualNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, second: usize, rows: i32, depth: i32, ahead: usize,
  residual: usize,
): void {
  f32Tile.panel(Epilogue.Residual, c, cStride, a, aStride, panel, second, rows, depth, residual, 0, 0, ahead);
}

/** C = (A B + bias) * scale [8] + shift [8] */
// biome-ignore format: extents and strides together
export function f32GemmScaleShiftNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, second: usize, rows: i32, depth: i32, ahead: usize,
  scale: usize, shift: usize,
): void {
  f32Tile.panel(Epilogue.ScaleShift, c, cStride, a, aStride, panel, second, rows, depth, 0, scale, shift, ahead);
}

/** C = (A B + bias + residual) * scale [8] + shift [8] */
// biome-ignore format: extents and strides together
export function f32GemmResidualScaleShiftNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, second: usize, rows: i32, depth: i32, ahead: usize,
  residual: usize, scale: usize, shift: usize,
): void {
  f32Tile.panel(
    Epilogue.Residual | Epilogue.ScaleShift,
    c,
    cStride,
    a,
    aStride,
    panel,
    second,
    rows,
    depth,
    residual,
    scale,
    shift,
    ahead,
  );
}

/** C = (A B + bias) * scale [M] per row, one panel */
// biome-ignore format: extents and strides together
export function f32GemmRowScaleNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, rows: i32, depth: i32,
  scale: usize,
): void {
  f32Tile.panel(Epilogue.RowScale, c, cStride, a, aStride, panel, 0, rows, depth, 0, scale, 0, IDLE_PREFETCH);
}
