/**
 * The tile of products of whole numbers: rows of bytes or words with one scale a row, panels of eight
 * columns with one scale a column. Sums are exact, their order does not matter. What follows a sum is
 * f32, the same bits in every build that does not fuse; the one that does (q8-fast) fuses it for panels
 * of bytes. Loops and registers are those of f32-gemm-nr8.ts.
 *
 * A panel's head is | bias 0..7 f32 | scale 0..7 f32 |. `starts` [8 i32] is what sums begin with, `planes`
 * 2 where rows are words as upper and lower bytes (else 1).
 */
import { BYTE_ROWS, PANELS } from '../simd/build';
import { lanes } from '../simd/lanes';
import { Epilogue } from './epilogue';
import { nextTile, wideRows } from './next-tile';

/** Bytes of one step of a panel: a 32-bit lane of each of eight columns. */
const STEP: usize = 32;

export abstract class integerTile {
  /** One step of a vector of sums: `depths` (a literal) is 4 for bytes, 2 for words. */
  @inline static dot(depths: i32, weights: v128, row: v128, sum: v128): v128 {
    return depths == 4 ? lanes.dot(weights, row, sum) : lanes.dotWords(weights, row, sum);
  }

  /** a * b + c of what follows a sum. */
  @inline static madd(depths: i32, a: v128, b: v128, c: v128): v128 {
    return depths == 4 ? lanes.madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
  }

  /** Two vectors of sums of one row through the epilogue into C. */
  // biome-ignore format: one row of the tile a line
  @inline static store(
    depths: i32, epilogue: i32, c: usize, left: v128, right: v128, panel: usize, rowScale: usize,
    residual: usize, scale: usize, shift: usize,
  ): void {
    const factor = v128.load32_splat(rowScale);
    const factor0 = f32x4.mul(factor, v128.load(panel, 32));
    const factor1 = f32x4.mul(factor, v128.load(panel, 48));
    left = integerTile.madd(depths, f32x4.convert_i32x4_s(left), factor0, v128.load(panel));
    right = integerTile.madd(depths, f32x4.convert_i32x4_s(right), factor1, v128.load(panel, 16));
    if (epilogue & Epilogue.Relu) {
      left = f32x4.pmax(left, f32x4.splat(0));
      right = f32x4.pmax(right, f32x4.splat(0));
    }
    if (epilogue & Epilogue.Residual) {
      left = f32x4.add(left, v128.load(residual));
      right = f32x4.add(right, v128.load(residual, 16));
    }
    if (epilogue & Epilogue.ScaleShift) {
      left = integerTile.madd(depths, left, v128.load(scale), v128.load(shift));
      right = integerTile.madd(depths, right, v128.load(scale, 16), v128.load(shift, 16));
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
      integerTile.store(depths, epilogue, c, integerTile.join(c00, c10), integerTile.join(c01, c11), panel, aScales, residual, scale, shift);
      if (rows > 2) integerTile.store(depths, epilogue, c + cStride, integerTile.join(c20, c30), integerTile.join(c21, c31), panel, aScales + 4, residual + cStride, scale, shift);
      if (rows > 4) integerTile.store(depths, epilogue, c + 2 * cStride, integerTile.join(c40, c50), integerTile.join(c41, c51), panel, aScales + 8, residual + 2 * cStride, scale, shift);
      return;
    }
    integerTile.store(depths, epilogue, c, c00, c01, panel, aScales, residual, scale, shift);
    if (rows > 1) integerTile.store(depths, epilogue, c + cStride, c10, c11, panel, aScales + 4, residual + cStride, scale, shift);
    if (rows > 2) integerTile.store(depths, epilogue, c + 2 * cStride, c20, c21, panel, aScales + 8, residual + 2 * cStride, scale, shift);
    if (rows > 3) integerTile.store(depths, epilogue, c + 3 * cStride, c30, c31, panel, aScales + 12, residual + 3 * cStride, scale, shift);
    if (rows > 4) integerTile.store(depths, epilogue, c + 4 * cStride, c40, c41, panel, aScales + 16, residual + 4 * cStride, scale, shift);
    if (rows > 5) integerTile.store(depths, epilogue, c + 5 * cStride, c50, c51, panel, aScales + 20, residual + 5 * cStride, scale, shift);
  }

  /** `rows` (1 or 2, a literal) of bytes x 16: the last rows over two panels at once, as in f32-tile.ts. */
  // biome-ignore format: one vector of the panels a line
  @inline static wide(
    rows: i32, epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize,
    weights: usize, second: usize, starts: usize, steps: i32, residual: usize, scale: usize, shift: usize,
  ): void {
    let c00 = v128.load(starts), c10 = c00;
    let c01 = v128.load(starts, 16), c11 = c01;
    let c02 = v128.load(starts, 32), c12 = c02;
    let c03 = v128.load(starts, 48), c13 = c03;
    let a0 = a, a1 = a + aStride;
    const end = weights + <usize>steps * STEP;
    while (weights < end) {
      const s0 = v128.load32_splat(a0), s1 = rows > 1 ? v128.load32_splat(a1) : s0;
      let b = v128.load(weights); c00 = lanes.dot(b, s0, c00); if (rows > 1) c10 = lanes.dot(b, s1, c10);
      b = v128.load(weights, 16); c01 = lanes.dot(b, s0, c01); if (rows > 1) c11 = lanes.dot(b, s1, c11);
      b = v128.load(weights + second); c02 = lanes.dot(b, s0, c02); if (rows > 1) c12 = lanes.dot(b, s1, c12);
      b = v128.load(weights + second, 16); c03 = lanes.dot(b, s0, c03); if (rows > 1) c13 = lanes.dot(b, s1, c13);
      a0 += 4;
      if (rows > 1) a1 += 4;
      weights += STEP;
    }
    const next = panel + second;
    integerTile.store(4, epilogue, c, c00, c01, panel, aScales, residual, scale, shift);
    integerTile.store(4, epilogue, c + 32, c02, c03, next, aScales, residual + 32, scale + 32, shift + 32);
    if (rows > 1) integerTile.store(4, epilogue, c + cStride, c10, c11, panel, aScales + 4, residual + cStride, scale, shift);
    if (rows > 1) integerTile.store(4, epilogue, c + cStride + 32, c12, c13, next, aScales + 4, residual + cStride + 32, scale + 32, shift + 32);
  }

  /** Sums of upper bytes and of lower ones. */
  @inline static join(upper: v128, lower: v128): v128 {
    return i32x4.add(i32x4.shl(upper, 8), lower);
  }

  /**
   * All rows, in tiles of 6 where products of bytes are added in place, of 4 where products of words
   * need a register (lanes.ts), or 5 at the end; split ones are two rows each. Of two panels, `second`
   * bytes apart (0: one), the last rows of bytes go over both at once. `weights` holds `steps` 32-bit
   * lanes of each column, the panel's head bias and scales.
   */
  // biome-ignore format: one tile a line
  @inline static panel(
    depths: i32, epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize,
    weights: usize, second: usize, rows: i32, steps: i32, planes: i32, starts: usize, residual: usize, scale: usize, shift: usize,
  ): void {
    const most = depths == 4 ? 6 : 4;
    const isSplit = depths == 4 && (!BYTE_ROWS || planes == 2);
    const last = BYTE_ROWS && depths == 4 && second && !isSplit ? wideRows(rows) : 0;
    for (let n: usize = 0; n <= (PANELS == 2 && second ? 32 : 0); n += 32) {
      const head = panel + (n ? second : 0);
      const from = weights + (n ? second : 0);
      let to = c + n, x = a, f = aScales, r = residual + n;
      let left = rows - last;
      while (left > 0) {
        const done = isSplit ? (left == 4 ? 2 : min(left, most / 2)) : nextTile(left, most);
        if (isSplit) {
          if (done == 3) integerTile.run(depths, 6, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, true, r, scale + n, shift + n);
          else if (done == 2) integerTile.run(depths, 4, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, true, r, scale + n, shift + n);
          else integerTile.run(depths, 2, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, true, r, scale + n, shift + n);
        } else if (depths == 4 && done == 6) integerTile.run(depths, 6, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, false, r, scale + n, shift + n);
        else if (done == 5) integerTile.run(depths, 5, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, false, r, scale + n, shift + n);
        else if (done == 4) integerTile.run(depths, 4, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, false, r, scale + n, shift + n);
        else if (done == 3) integerTile.run(depths, 3, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, false, r, scale + n, shift + n);
        else if (done == 2) integerTile.run(depths, 2, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, false, r, scale + n, shift + n);
        else integerTile.run(depths, 1, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, false, r, scale + n, shift + n);
        const m = <usize>done;
        to += m * cStride;
        x += m * aStride;
        f += m << 2;
        r += m * cStride;
        left -= done;
      }
    }
    if (!BYTE_ROWS || depths == 2 || !last) return;
    const m = <usize>(rows - last);
    c += m * cStride;
    a += m * aStride;
    aScales += m << 2;
    residual += m * cStride;
    // No else, as in f32-tile.ts.
    if (last == 2) integerTile.wide(2, epilogue, c, cStride, a, aStride, aScales, panel, weights, second, starts, steps, residual, scale, shift);
    if (last == 1) integerTile.wide(1, epilogue, c, cStride, a, aStride, aScales, panel, weights, second, starts, steps, residual, scale, shift);
  }
}
