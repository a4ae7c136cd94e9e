/**
 * The tile of products of whole numbers: rows of bytes or words with one scale a row, panels of eight
 * columns with one scale a column. Sums are exact, their order does not matter. What follows a sum is
 * f32 without a fused rounding, in every build: the same bits everywhere. Loops and registers are
 * those of f32-gemm-nr8.ts.
 *
 * A panel's head is | bias 0..7 f32 | scale 0..7 f32 |. `starts` [8 i32] is what sums begin with, `planes`
 * 2 where rows are words as upper and lower bytes (else 1).
 */
import { lanes } from '../simd/lanes';
import { Epilogue } from './epilogue';
import { nextTile } from './next-tile';

/** Bytes of one step of a panel: a 32-bit lane of each of eight columns. */
const STEP: usize = 32;

export abstract class integerTile {
  /** One step of a vector of sums: `depths` (a literal) is 4 for bytes, 2 for words. */
  @inline static dot(depths: i32, weights: v128, row: v128, sum: v128): v128 {
    return depths == 4 ? lanes.dot(weights, row, sum) : lanes.dotWords(weights, row, sum);
  }

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
    depths: i32, rows: i32, epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize,
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
      let s = v128.load32_splat(a0); c00 = integerTile.dot(depths, b0, s, c00); c01 = integerTile.dot(depths, b1, s, c01); a0 += 4;
      if (rows > 1) { s = v128.load32_splat(a1); c10 = integerTile.dot(depths, b0, s, c10); c11 = integerTile.dot(depths, b1, s, c11); a1 += 4; }
      if (rows > 2) { s = v128.load32_splat(a2); c20 = integerTile.dot(depths, b0, s, c20); c21 = integerTile.dot(depths, b1, s, c21); a2 += 4; }
      if (rows > 3) { s = v128.load32_splat(a3); c30 = integerTile.dot(depths, b0, s, c30); c31 = integerTile.dot(depths, b1, s, c31); a3 += 4; }
      if (rows > 4) { s = v128.load32_splat(a4); c40 = integerTile.dot(depths, b0, s, c40); c41 = integerTile.dot(depths, b1, s, c41); a4 += 4; }
      if (rows > 5) { s = v128.load32_splat(a5); c50 = integerTile.dot(depths, b0, s, c50); c51 = integerTile.dot(depths, b1, s, c51); a5 += 4; }
      weights += STEP;
    }
    if (isSplit) {
      integerTile.store(epilogue, c, integerTile.join(c00, c10), integerTile.join(c01, c11), panel, aScales, residual, scale, shift);
      if (rows > 2) integerTile.store(epilogue, c + cStride, integerTile.join(c20, c30), integerTile.join(c21, c31), panel, aScales + 4, residual + cStride, scale, shift);
      if (rows > 4) integerTile.store(epilogue, c + 2 * cStride, integerTile.join(c40, c50), integerTile.join(c41, c51), panel, aScales + 8, residual + 2 * cStride, scale, shift);
      return;
    }
    integerTile.store(epilogue, c, c00, c01, panel, aScales, residual, scale, shift);
    if (rows > 1) integerTile.store(epilogue, c + cStride, c10, c11, panel, aScales + 4, residual + cStride, scale, shift);
    if (rows > 2) integerTile.store(epilogue, c + 2 * cStride, c20, c21, panel, aScales + 8, residual + 2 * cStride, scale, shift);
    if (rows > 3) integerTile.store(epilogue, c + 3 * cStride, c30, c31, panel, aScales + 12, residual + 3 * cStride, scale, shift);
    if (rows > 4) integerTile.store(epilogue, c + 4 * cStride, c40, c41, panel, aScales + 16, residual + 4 * cStride, scale, shift);
    if (rows > 5) integerTile.store(epilogue, c + 5 * cStride, c50, c51, panel, aScales + 20, residual + 5 * cStride, scale, shift);
  }

  /** Sums of upper bytes and of lower ones. */
  @inline static join(upper: v128, lower: v128): v128 {
    return i32x4.add(i32x4.shl(upper, 8), lower);
  }

  /**
   * All rows, in tiles of 6 where products of bytes are added in place, of 4 where products of words
   * need a register (lanes.ts), or 5 at the end; split ones are two rows each. `weights` holds `steps`
   * 32-bit lanes of each column, the panel's head bias and scales.
   */
  // biome-ignore format: one tile a line
  @inline static panel(
    depths: i32, epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize,
    weights: usize, rows: i32, steps: i32, planes: i32, starts: usize, residual: usize, scale: usize, shift: usize,
  ): void {
    const most = depths == 4 ? 6 : 4;
    const isSplit = depths == 4 && planes == 2;
    while (rows > 0) {
      const done = isSplit ? (rows == 4 ? 2 : min(rows, most / 2)) : nextTile(rows, most);
      if (isSplit) {
        if (done == 3) integerTile.run(depths, 6, epilogue, c, cStride, a, aStride, aScales, panel, weights, starts, steps, true, residual, scale, shift);
        else if (done == 2) integerTile.run(depths, 4, epilogue, c, cStride, a, aStride, aScales, panel, weights, starts, steps, true, residual, scale, shift);
        else integerTile.run(depths, 2, epilogue, c, cStride, a, aStride, aScales, panel, weights, starts, steps, true, residual, scale, shift);
      } else if (depths == 4 && done == 6) integerTile.run(depths, 6, epilogue, c, cStride, a, aStride, aScales, panel, weights, starts, steps, false, residual, scale, shift);
      else if (done == 5) integerTile.run(depths, 5, epilogue, c, cStride, a, aStride, aScales, panel, weights, starts, steps, false, residual, scale, shift);
      else if (done == 4) integerTile.run(depths, 4, epilogue, c, cStride, a, aStride, aScales, panel, weights, starts, steps, false, residual, scale, shift);
      else if (done == 3) integerTile.run(depths, 3, epilogue, c, cStride, a, aStride, aScales, panel, weights, starts, steps, false, residual, scale, shift);
      else if (done == 2) integerTile.run(depths, 2, epilogue, c, cStride, a, aStride, aScales, panel, weights, starts, steps, false, residual, scale, shift);
      else integerTile.run(depths, 1, epilogue, c, cStride, a, aStride, aScales, panel, weights, starts, steps, false, residual, scale, shift);
      const r = <usize>done;
      c += r * cStride;
      a += r * aStride;
      aScales += r << 2;
      residual += r * cStride;
      rows -= done;
    }
  }
}
