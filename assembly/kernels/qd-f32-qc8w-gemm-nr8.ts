/**
 * C [M,8] = epilogue(A [M,K] x panel [K,8] + bias) of whole numbers: rows of 8 or 16 bits with one
 * scale a row (q8-rows.ts), weights of 8 bits with one scale a column (q8-panel.ts); XNNPACK's names: qd,
 * quantised dynamically, qc, quantised per channel. Sums are exact, their order does not matter. What
 * follows the sum is f32 without a fused rounding, in every build: the same bits everywhere. C and
 * `residual` as in f32-gemm-nr8.ts.
 *
 * `starts` [8 i32] is what sums begin with, `planes` 2 where rows are words as upper and lower bytes
 * (else 1), `scratch` q8ScratchBytes().
 */
import { DOT_DEPTHS, DOT_TILE_ROWS, lanes } from '../simd/lanes';
import { Epilogue } from './epilogue';
import { nextTile } from './next-tile';
import { q8OpenPanel } from './q8-panel';
import { q8Depth } from './q8-rows';

/** Bytes of one step of a panel: a 32-bit lane of each of eight columns. */
const STEP: usize = 32;

abstract class tile {
  /** Two vectors of sums of one row through the epilogue into C. */
  // biome-ignore format: one row of the tile a line
  @inline static store(
    epilogue: i32, c: usize, left: v128, right: v128, panel: usize, rowScale: usize,
    residual: usize, scale: usize, shift: usize,
  ): void {
    const factor = v128.load32_splat(rowScale);
    left = f32x4.mul(f32x4.convert_i32x4_s(left), f32x4.mul(factor, v128.load(panel, 32)));
    right = f32x4.mul(f32x4.convert_i32x4_s(right), f32x4.mul(factor, v128.load(panel, 48)));
    left = f32x4.add(left, v128.load(panel));
    right = f32x4.add(right, v128.load(panel, 16));
    if (epilogue & Epilogue.Relu) {
      left = f32x4.pmax(left, f32x4.splat(0));
      right = f32x4.pmax(right, f32x4.splat(0));
    }
    if (epilogue & Epilogue.Residual) {
      left = f32x4.add(left, v128.load(residual));
      right = f32x4.add(right, v128.load(residual, 16));
    }
    if (epilogue & Epilogue.ScaleShift) {
      left = f32x4.add(f32x4.mul(left, v128.load(scale)), v128.load(shift));
      right = f32x4.add(f32x4.mul(right, v128.load(scale, 16)), v128.load(shift, 16));
    }
    v128.store(c, left);
    v128.store(c, right, 16);
  }

  /**
   * `rows` (1..6, a literal) x 8; one step an iteration, one pointer per row (docs/kernels.md). Where
   * `isSplit`, rows are pairs: the upper bytes of a row of words, and the lower ones behind them.
   */
  // biome-ignore format: one row of the tile a line
  @inline static run(
    rows: i32, epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize,
    panel: usize, weights: usize, starts: usize, steps: i32, isSplit: bool, residual: usize, scale: usize, shift: usize,
  ): void {
    let c00 = v128.load(starts), c10 = c00, c20 = c00, c30 = c00, c40 = c00, c50 = c00;
    let c01 = v128.load(starts, 16), c11 = c01, c21 = c01, c31 = c01, c41 = c01, c51 = c01;
    let a0 = a, a1 = a + aStride, a2 = a + 2 * aStride;
    let a3 = a + 3 * aStride, a4 = a + 4 * aStride, a5 = a + 5 * aStride;
    if (isSplit) {
      const plane = <usize>steps * 4;
      a1 = a + plane; a2 = a + aStride; a3 = a2 + plane; a4 = a + 2 * aStride; a5 = a4 + plane;
      c10 = i32x4.splat(0); c11 = c10; c30 = c10; c31 = c10; c50 = c10; c51 = c10;
    }
    const end = weights + <usize>steps * STEP;
    while (weights < end) {
      const b0 = v128.load(weights), b1 = v128.load(weights, 16);
      let s = v128.load32_splat(a0); c00 = lanes.dot(b0, s, c00); c01 = lanes.dot(b1, s, c01); a0 += 4;
      if (rows > 1) { s = v128.load32_splat(a1); c10 = lanes.dot(b0, s, c10); c11 = lanes.dot(b1, s, c11); a1 += 4; }
      if (rows > 2) { s = v128.load32_splat(a2); c20 = lanes.dot(b0, s, c20); c21 = lanes.dot(b1, s, c21); a2 += 4; }
      if (rows > 3) { s = v128.load32_splat(a3); c30 = lanes.dot(b0, s, c30); c31 = lanes.dot(b1, s, c31); a3 += 4; }
      if (rows > 4) { s = v128.load32_splat(a4); c40 = lanes.dot(b0, s, c40); c41 = lanes.dot(b1, s, c41); a4 += 4; }
      if (rows > 5) { s = v128.load32_splat(a5); c50 = lanes.dot(b0, s, c50); c51 = lanes.dot(b1, s, c51); a5 += 4; }
      weights += STEP;
    }
    if (isSplit) {
      tile.store(epilogue, c, tile.join(c00, c10), tile.join(c01, c11), panel, aScales, residual, scale, shift);
      if (rows > 2) tile.store(epilogue, c + cStride, tile.join(c20, c30), tile.join(c21, c31), panel, aScales + 4, residual + cStride, scale, shift);
      if (rows > 4) tile.store(epilogue, c + 2 * cStride, tile.join(c40, c50), tile.join(c41, c51), panel, aScales + 8, residual + 2 * cStride, scale, shift);
      return;
    }
    tile.store(epilogue, c, c00, c01, panel, aScales, residual, scale, shift);
    if (rows > 1) tile.store(epilogue, c + cStride, c10, c11, panel, aScales + 4, residual + cStride, scale, shift);
    if (rows > 2) tile.store(epilogue, c + 2 * cStride, c20, c21, panel, aScales + 8, residual + 2 * cStride, scale, shift);
    if (rows > 3) tile.store(epilogue, c + 3 * cStride, c30, c31, panel, aScales + 12, residual + 3 * cStride, scale, shift);
    if (rows > 4) tile.store(epilogue, c + 4 * cStride, c40, c41, panel, aScales + 16, residual + 4 * cStride, scale, shift);
    if (rows > 5) tile.store(epilogue, c + 5 * cStride, c50, c51, panel, aScales + 20, residual + 5 * cStride, scale, shift);
  }

  /** Sums of upper bytes and of lower ones. */
  @inline static join(upper: v128, lower: v128): v128 {
    return i32x4.add(i32x4.shl(upper, 8), lower);
  }

  /** All rows, in tiles of at most DOT_TILE_ROWS, or 5 at the end; split ones are two rows each. */
  // biome-ignore format: one tile a line
  @inline static panel(
    epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize,
    rows: i32, depth: i32, planes: i32, starts: usize, scratch: usize, residual: usize, scale: usize, shift: usize,
  ): void {
    const b = q8OpenPanel(panel, depth, scratch);
    const steps = q8Depth(depth) / DOT_DEPTHS;
    const isSplit = DOT_DEPTHS == 4 && planes == 2;
    while (rows > 0) {
      const done = isSplit ? (rows == 4 ? 2 : min(rows, DOT_TILE_ROWS / 2)) : nextTile(rows, DOT_TILE_ROWS);
      if (isSplit) {
        if (done == 3) tile.run(6, epilogue, c, cStride, a, aStride, aScales, panel, b, starts, steps, true, residual, scale, shift);
        else if (done == 2) tile.run(4, epilogue, c, cStride, a, aStride, aScales, panel, b, starts, steps, true, residual, scale, shift);
        else tile.run(2, epilogue, c, cStride, a, aStride, aScales, panel, b, starts, steps, true, residual, scale, shift);
      } else if (DOT_TILE_ROWS == 6 && done == 6) tile.run(6, epilogue, c, cStride, a, aStride, aScales, panel, b, starts, steps, false, residual, scale, shift);
      else if (done == 5) tile.run(5, epilogue, c, cStride, a, aStride, aScales, panel, b, starts, steps, false, residual, scale, shift);
      else if (done == 4) tile.run(4, epilogue, c, cStride, a, aStride, aScales, panel, b, starts, steps, false, residual, scale, shift);
      else if (done == 3) tile.run(3, epilogue, c, cStride, a, aStride, aScales, panel, b, starts, steps, false, residual, scale, shift);
      else if (done == 2) tile.run(2, epilogue, c, cStride, a, aStride, aScales, panel, b, starts, steps, false, residual, scale, shift);
      else tile.run(1, epilogue, c, cStride, a, aStride, aScales, panel, b, starts, steps, false, residual, scale, shift);
      const r = <usize>done;
      c += r * cStride;
      a += r * aStride;
      aScales += r << 2;
      residual += r * cStride;
      rows -= done;
    }
  }
}

/** C = A B + bias */
// biome-ignore format: extents and strides together
export function q8GemmNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize,
): void {
  tile.panel(Epilogue.None, c, cStride, a, aStride, aScales, panel, rows, depth, planes, starts, scratch, 0, 0, 0);
}

/** C = max(A B + bias, 0) */
// biome-ignore format: extents and strides together
export function q8GemmReluNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize,
): void {
  tile.panel(Epilogue.Relu, c, cStride, a, aStride, aScales, panel, rows, depth, planes, starts, scratch, 0, 0, 0);
}

/** C = A B + bias + residual */
// biome-ignore format: extents and strides together
export function q8GemmResidualNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize, residual: usize,
): void {
  tile.panel(Epilogue.Residual, c, cStride, a, aStride, aScales, panel, rows, depth, planes, starts, scratch, residual, 0, 0);
}

/** C = (A B + bias) * scale [8] + shift [8] */
// biome-ignore format: extents and strides together
export function q8GemmScaleShiftNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize, scale: usize, shift: usize,
): void {
  tile.panel(Epilogue.ScaleShift, c, cStride, a, aStride, aScales, panel, rows, depth, planes, starts, scratch, 0, scale, shift);
}

/** C = (A B + bias + residual) * scale [8] + shift [8] */
// biome-ignore format: extents and strides together
export function q8GemmResidualScaleShiftNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize, residual: usize, scale: usize, shift: usize,
): void {
  tile.panel(Epilogue.Residual | Epilogue.ScaleShift, c, cStride, a, aStride, aScales, panel, rows, depth, planes, starts, scratch, residual, scale, shift);
}
