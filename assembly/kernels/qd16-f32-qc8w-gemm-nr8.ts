/**
 * C [M,8] = epilogue(A [M,K] x panel [K,8] + bias) of whole numbers: activations of 16 bits with one
 * scale a row, weights of 8 bits with one scale a column (XNNPACK's names: qd, quantised dynamically;
 * qc, quantised per channel). Sums are exact: the caller keeps 127 K |a| below 2^31. Panels are
 *
 *   | bias 0..7 f32 | scale 0..7 f32 | k=0,1: pairs 0..7 i8 | k=2,3: pairs 0..7 | ...
 *
 * 64 + ceil(K / 2) * 16 bytes; an odd K ends with zeros. A holds pairs as well: rows of i16 of even
 * length. What follows the sum is f32 without a fused rounding, in every build: the same bits
 * everywhere. C and `residual` as in f32-gemm-nr8.ts.
 */
import { Epilogue } from './epilogue';
import { nextTile } from './next-tile';

/** Rows of a tile: 8 sums, 2 vectors of the panel, 1 splat and 1 product fit V8's 15 registers. */
const ROWS: i32 = 4;

/** Bytes of a panel in front of its weights, and of two depths of it. */
const HEAD: usize = 64;
const STEP: usize = 16;

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

  /** `rows` (1..5, a literal) x 8; two depths an iteration, one pointer per row (docs/kernels.md). */
  // biome-ignore format: one row of the tile a line
  @inline static run(
    rows: i32, epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize,
    panel: usize, depth: i32, residual: usize, scale: usize, shift: usize,
  ): void {
    let c00 = i32x4.splat(0), c10 = c00, c20 = c00, c30 = c00, c40 = c00;
    let c01 = c00, c11 = c00, c21 = c00, c31 = c00, c41 = c00;
    let a0 = a, a1 = a + aStride, a2 = a + 2 * aStride, a3 = a + 3 * aStride, a4 = a + 4 * aStride;
    let b = panel + HEAD;
    const end = b + <usize>((depth + 1) >> 1) * STEP;
    while (b < end) {
      const b0 = v128.load8x8_s(b), b1 = v128.load8x8_s(b, 8);
      let s = v128.load32_splat(a0); c00 = i32x4.add(c00, i32x4.dot_i16x8_s(s, b0)); c01 = i32x4.add(c01, i32x4.dot_i16x8_s(s, b1)); a0 += 4;
      if (rows > 1) { s = v128.load32_splat(a1); c10 = i32x4.add(c10, i32x4.dot_i16x8_s(s, b0)); c11 = i32x4.add(c11, i32x4.dot_i16x8_s(s, b1)); a1 += 4; }
      if (rows > 2) { s = v128.load32_splat(a2); c20 = i32x4.add(c20, i32x4.dot_i16x8_s(s, b0)); c21 = i32x4.add(c21, i32x4.dot_i16x8_s(s, b1)); a2 += 4; }
      if (rows > 3) { s = v128.load32_splat(a3); c30 = i32x4.add(c30, i32x4.dot_i16x8_s(s, b0)); c31 = i32x4.add(c31, i32x4.dot_i16x8_s(s, b1)); a3 += 4; }
      if (rows > 4) { s = v128.load32_splat(a4); c40 = i32x4.add(c40, i32x4.dot_i16x8_s(s, b0)); c41 = i32x4.add(c41, i32x4.dot_i16x8_s(s, b1)); a4 += 4; }
      b += STEP;
    }
    tile.store(epilogue, c, c00, c01, panel, aScales, residual, scale, shift);
    if (rows > 1) tile.store(epilogue, c + cStride, c10, c11, panel, aScales + 4, residual + cStride, scale, shift);
    if (rows > 2) tile.store(epilogue, c + 2 * cStride, c20, c21, panel, aScales + 8, residual + 2 * cStride, scale, shift);
    if (rows > 3) tile.store(epilogue, c + 3 * cStride, c30, c31, panel, aScales + 12, residual + 3 * cStride, scale, shift);
    if (rows > 4) tile.store(epilogue, c + 4 * cStride, c40, c41, panel, aScales + 16, residual + 4 * cStride, scale, shift);
  }

  /** All rows, in tiles of at most ROWS, or 5 at the end. */
  // biome-ignore format: one tile a line
  @inline static panel(
    epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize,
    rows: i32, depth: i32, residual: usize, scale: usize, shift: usize,
  ): void {
    while (rows > 0) {
      const done = nextTile(rows, ROWS);
      if (done == 5) tile.run(5, epilogue, c, cStride, a, aStride, aScales, panel, depth, residual, scale, shift);
      else if (done == 4) tile.run(4, epilogue, c, cStride, a, aStride, aScales, panel, depth, residual, scale, shift);
      else if (done == 3) tile.run(3, epilogue, c, cStride, a, aStride, aScales, panel, depth, residual, scale, shift);
      else if (done == 2) tile.run(2, epilogue, c, cStride, a, aStride, aScales, panel, depth, residual, scale, shift);
      else tile.run(1, epilogue, c, cStride, a, aStride, aScales, panel, depth, residual, scale, shift);
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
): void {
  tile.panel(Epilogue.None, c, cStride, a, aStride, aScales, panel, rows, depth, 0, 0, 0);
}

/** C = max(A B + bias, 0) */
// biome-ignore format: extents and strides together
export function q8GemmReluNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, depth: i32,
): void {
  tile.panel(Epilogue.Relu, c, cStride, a, aStride, aScales, panel, rows, depth, 0, 0, 0);
}

/** C = A B + bias + residual */
// biome-ignore format: extents and strides together
export function q8GemmResidualNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, depth: i32,
  residual: usize,
): void {
  tile.panel(Epilogue.Residual, c, cStride, a, aStride, aScales, panel, rows, depth, residual, 0, 0);
}

/** C = (A B + bias) * scale [8] + shift [8] */
// biome-ignore format: extents and strides together
export function q8GemmScaleShiftNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, depth: i32,
  scale: usize, shift: usize,
): void {
  tile.panel(Epilogue.ScaleShift, c, cStride, a, aStride, aScales, panel, rows, depth, 0, scale, shift);
}

/** C = (A B + bias + residual) * scale [8] + shift [8] */
// biome-ignore format: extents and strides together
export function q8GemmResidualScaleShiftNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, depth: i32,
  residual: usize, scale: usize, shift: usize,
): void {
  tile.panel(Epilogue.Residual | Epilogue.ScaleShift, c, cStride, a, aStride, aScales, panel, rows, depth, residual, scale, shift);
}
