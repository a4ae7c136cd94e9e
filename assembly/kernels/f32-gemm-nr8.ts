/**
 * C [M,8] = epilogue(A [M,K] x panel [K,8] + bias): one packed panel of eight columns against all
 * rows. The MRx8 tile of XNNPACK's f32-gemm-4x8-wasmsimd-splat, on panels of the form
 *
 *   | bias 0..7 | k=0: 0..7 | k=1: 0..7 | ... | k=K-1: 0..7 |      (K + 1) * 32 bytes
 *
 * A and C are row-major with strides in bytes; C and the panel are written and read in whole panels,
 * so rows of C hold a multiple of 8 columns. `c` may be `residual` (each element is read before it
 * is written), never `a`. Nothing is aligned by contract; 64-byte panels are faster.
 */
import { lanes, TILE_ROWS } from '../simd/lanes';
import { Epilogue } from './epilogue';
import { nextTile } from './next-tile';

/** Bytes of one k-step of a panel: eight f32. */
const STEP: usize = 32;

abstract class tile {
  /** Two vectors of one row through the epilogue into C. */
  // biome-ignore format: one row of the tile a line
  @inline static store(
    epilogue: i32, c: usize, left: v128, right: v128, residual: usize, scale: usize, shift: usize,
  ): void {
    if (epilogue & Epilogue.Relu) {
      left = f32x4.pmax(left, f32x4.splat(0));
      right = f32x4.pmax(right, f32x4.splat(0));
    }
    if (epilogue & Epilogue.Residual) {
      left = f32x4.add(left, v128.load(residual));
      right = f32x4.add(right, v128.load(residual, 16));
    }
    if (epilogue & Epilogue.ScaleShift) {
      left = lanes.madd(left, v128.load(scale), v128.load(shift));
      right = lanes.madd(right, v128.load(scale, 16), v128.load(shift, 16));
    }
    if (epilogue & Epilogue.RowScale) {
      const factor = v128.load32_splat(scale);
      left = f32x4.mul(left, factor);
      right = f32x4.mul(right, factor);
    }
    v128.store(c, left);
    v128.store(c, right, 16);
  }

  /**
   * `rows` (1..6, a literal: the untaken rows are not compiled) x 8. One k-step an iteration and one
   * pointer per row: unrolling by hand makes V8 hoist all splats and spill (docs/kernels.md).
   */
  // biome-ignore format: one row of the tile a line
  @inline static run(
    rows: i32, epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, panel: usize,
    depth: i32, residual: usize, scale: usize, shift: usize,
  ): void {
    let b0 = v128.load(panel), b1 = v128.load(panel, 16);
    let c00 = b0, c10 = b0, c20 = b0, c30 = b0, c40 = b0, c50 = b0;
    let c01 = b1, c11 = b1, c21 = b1, c31 = b1, c41 = b1, c51 = b1;
    let a0 = a, a1 = a + aStride, a2 = a + 2 * aStride;
    let a3 = a + 3 * aStride, a4 = a + 4 * aStride, a5 = a + 5 * aStride;
    let b = panel + STEP;
    const end = b + <usize>depth * STEP;
    while (b < end) {
      b0 = v128.load(b);
      b1 = v128.load(b, 16);
      let s = v128.load32_splat(a0); c00 = lanes.madd(s, b0, c00); c01 = lanes.madd(s, b1, c01); a0 += 4;
      if (rows > 1) { s = v128.load32_splat(a1); c10 = lanes.madd(s, b0, c10); c11 = lanes.madd(s, b1, c11); a1 += 4; }
      if (rows > 2) { s = v128.load32_splat(a2); c20 = lanes.madd(s, b0, c20); c21 = lanes.madd(s, b1, c21); a2 += 4; }
      if (rows > 3) { s = v128.load32_splat(a3); c30 = lanes.madd(s, b0, c30); c31 = lanes.madd(s, b1, c31); a3 += 4; }
      if (rows > 4) { s = v128.load32_splat(a4); c40 = lanes.madd(s, b0, c40); c41 = lanes.madd(s, b1, c41); a4 += 4; }
      if (rows > 5) { s = v128.load32_splat(a5); c50 = lanes.madd(s, b0, c50); c51 = lanes.madd(s, b1, c51); a5 += 4; }
      b += STEP;
    }
    // Per-row scales lie 4 bytes apart; per-column ones are the same for every row.
    const step: usize = epilogue & Epilogue.RowScale ? 4 : 0;
    tile.store(epilogue, c, c00, c01, residual, scale, shift);
    if (rows > 1) tile.store(epilogue, c + cStride, c10, c11, residual + cStride, scale + step, shift);
    if (rows > 2) tile.store(epilogue, c + 2 * cStride, c20, c21, residual + 2 * cStride, scale + 2 * step, shift);
    if (rows > 3) tile.store(epilogue, c + 3 * cStride, c30, c31, residual + 3 * cStride, scale + 3 * step, shift);
    if (rows > 4) tile.store(epilogue, c + 4 * cStride, c40, c41, residual + 4 * cStride, scale + 4 * step, shift);
    if (rows > 5) tile.store(epilogue, c + 5 * cStride, c50, c51, residual + 5 * cStride, scale + 5 * step, shift);
  }

  /** All rows, in tiles of at most TILE_ROWS, or 5 at the end. */
  // biome-ignore format: one tile a line
  @inline static panel(
    epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, rows: i32,
    depth: i32, residual: usize, scale: usize, shift: usize,
  ): void {
    const step: usize = epilogue & Epilogue.RowScale ? 4 : 0;
    while (rows > 0) {
      const done = nextTile(rows, TILE_ROWS);
      if (TILE_ROWS == 6 && done == 6) tile.run(6, epilogue, c, cStride, a, aStride, panel, depth, residual, scale, shift);
      else if (done == 5) tile.run(5, epilogue, c, cStride, a, aStride, panel, depth, residual, scale, shift);
      else if (done == 4) tile.run(4, epilogue, c, cStride, a, aStride, panel, depth, residual, scale, shift);
      else if (done == 3) tile.run(3, epilogue, c, cStride, a, aStride, panel, depth, residual, scale, shift);
      else if (done == 2) tile.run(2, epilogue, c, cStride, a, aStride, panel, depth, residual, scale, shift);
      else tile.run(1, epilogue, c, cStride, a, aStride, panel, depth, residual, scale, shift);
      const r = <usize>done;
      c += r * cStride;
      a += r * aStride;
      residual += r * cStride;
      scale += r * step;
      rows -= done;
    }
  }
}

/** C = A B + bias */
// biome-ignore format: extents and strides together
export function f32GemmNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, rows: i32, depth: i32,
): void {
  tile.panel(Epilogue.None, c, cStride, a, aStride, panel, rows, depth, 0, 0, 0);
}

/** C = max(A B + bias, 0) */
// biome-ignore format: extents and strides together
export function f32GemmReluNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, rows: i32, depth: i32,
): void {
  tile.panel(Epilogue.Relu, c, cStride, a, aStride, panel, rows, depth, 0, 0, 0);
}

/** C = A B + bias + residual */
// biome-ignore format: extents and strides together
export function f32GemmResidualNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, rows: i32, depth: i32,
  residual: usize,
): void {
  tile.panel(Epilogue.Residual, c, cStride, a, aStride, panel, rows, depth, residual, 0, 0);
}

/** C = (A B + bias) * scale [8] + shift [8] */
// biome-ignore format: extents and strides together
export function f32GemmScaleShiftNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, rows: i32, depth: i32,
  scale: usize, shift: usize,
): void {
  tile.panel(Epilogue.ScaleShift, c, cStride, a, aStride, panel, rows, depth, 0, scale, shift);
}

/** C = (A B + bias + residual) * scale [8] + shift [8] */
// biome-ignore format: extents and strides together
export function f32GemmResidualScaleShiftNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, rows: i32, depth: i32,
  residual: usize, scale: usize, shift: usize,
): void {
  tile.panel(
    Epilogue.Residual | Epilogue.ScaleShift,
    c,
    cStride,
    a,
    aStride,
    panel,
    rows,
    depth,
    residual,
    scale,
    shift,
  );
}

/** C = (A B + bias) * scale [M] per row */
// biome-ignore format: extents and strides together
export function f32GemmRowScaleNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, rows: i32, depth: i32,
  scale: usize,
): void {
  tile.panel(Epilogue.RowScale, c, cStride, a, aStride, panel, rows, depth, 0, scale, 0);
}
