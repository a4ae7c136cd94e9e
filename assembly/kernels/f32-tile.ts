/**
 * The tile of f32-gemm-nr8.ts: up to TILE_ROWS rows times one panel in registers, or the last rows times
 * two, and the epilogue on its way out.
 */
import { FLOATS, PANELS, TILE_ROWS } from '../simd/build';
import { lanes } from '../simd/lanes';
import { Epilogue } from './epilogue';
import { nextTile, wideRows } from './next-tile';
import { Prefetch, prefetch } from './prefetch';

/** Bytes of one k-step of a panel: eight f32. */
const STEP: usize = 32;

export abstract class f32Tile {
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
    depth: i32, residual: usize, scale: usize, shift: usize, ahead: usize, every: usize,
  ): void {
    let b0 = v128.load(panel), b1 = v128.load(panel, 16);
    let c00 = b0, c10 = b0, c20 = b0, c30 = b0, c40 = b0, c50 = b0;
    let c01 = b1, c11 = b1, c21 = b1, c31 = b1, c41 = b1, c51 = b1;
    let a0 = a, a1 = a + aStride, a2 = a + 2 * aStride;
    let a3 = a + 3 * aStride, a4 = a + 4 * aStride, a5 = a + 5 * aStride;
    let b = panel + STEP;
    const end = b + <usize>depth * STEP;
    // Attention's context, whose panels are activations, leaves that to its scores.
    const isReading = FLOATS && !(epilogue & Epilogue.RowScale);
    while (b < end) {
      const pause = isReading ? min(b + every, end) : end;
      while (b < pause) {
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
      if (isReading) prefetch.step(changetype<Prefetch>(ahead));
    }
    // Per-row scales lie 4 bytes apart; per-column ones are the same for every row.
    const step: usize = epilogue & Epilogue.RowScale ? 4 : 0;
    f32Tile.store(epilogue, c, c00, c01, residual, scale, shift);
    if (rows > 1) f32Tile.store(epilogue, c + cStride, c10, c11, residual + cStride, scale + step, shift);
    if (rows > 2) f32Tile.store(epilogue, c + 2 * cStride, c20, c21, residual + 2 * cStride, scale + 2 * step, shift);
    if (rows > 3) f32Tile.store(epilogue, c + 3 * cStride, c30, c31, residual + 3 * cStride, scale + 3 * step, shift);
    if (rows > 4) f32Tile.store(epilogue, c + 4 * cStride, c40, c41, residual + 4 * cStride, scale + 4 * step, shift);
    if (rows > 5) f32Tile.store(epilogue, c + 5 * cStride, c50, c51, residual + 5 * cStride, scale + 5 * step, shift);
  }

  /**
   * `rows` (1 or 2, a literal) x 16: the last rows over two panels at once, since the few sums of one
   * would wait for each other. Scales are per column.
   */
  // biome-ignore format: one vector of the panels a line
  @inline static wide(
    rows: i32, epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, second: usize,
    depth: i32, residual: usize, scale: usize, shift: usize, ahead: usize, every: usize,
  ): void {
    let c00 = v128.load(panel), c10 = c00;
    let c01 = v128.load(panel, 16), c11 = c01;
    let c02 = v128.load(panel + second), c12 = c02;
    let c03 = v128.load(panel + second, 16), c13 = c03;
    let a0 = a, a1 = a + aStride;
    let b = panel + STEP;
    const end = b + <usize>depth * STEP;
    while (b < end) {
      const pause = min(b + every, end);
      while (b < pause) {
        const s0 = v128.load32_splat(a0), s1 = rows > 1 ? v128.load32_splat(a1) : s0;
        let v = v128.load(b); c00 = lanes.madd(s0, v, c00); if (rows > 1) c10 = lanes.madd(s1, v, c10);
        v = v128.load(b, 16); c01 = lanes.madd(s0, v, c01); if (rows > 1) c11 = lanes.madd(s1, v, c11);
        v = v128.load(b + second); c02 = lanes.madd(s0, v, c02); if (rows > 1) c12 = lanes.madd(s1, v, c12);
        v = v128.load(b + second, 16); c03 = lanes.madd(s0, v, c03); if (rows > 1) c13 = lanes.madd(s1, v, c13);
        a0 += 4;
        if (rows > 1) a1 += 4;
        b += STEP;
      }
      prefetch.step(changetype<Prefetch>(ahead));
    }
    f32Tile.store(epilogue, c, c00, c01, residual, scale, shift);
    f32Tile.store(epilogue, c + 32, c02, c03, residual + 32, scale + 32, shift + 32);
    if (rows > 1) f32Tile.store(epilogue, c + cStride, c10, c11, residual + cStride, scale, shift);
    if (rows > 1) f32Tile.store(epilogue, c + cStride + 32, c12, c13, residual + cStride + 32, scale + 32, shift + 32);
  }

  /**
   * All rows, in tiles of at most TILE_ROWS, or 5 at the end; of two panels, `second` bytes apart (0:
   * one), the last rows over both at once where that is faster. Scales per row go with one panel.
   */
  // biome-ignore format: one tile a line
  @inline static panel(
    epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, second: usize,
    rows: i32, depth: i32, residual: usize, scale: usize, shift: usize, ahead: usize,
  ): void {
    const row: usize = epilogue & Epilogue.RowScale ? 4 : 0;
    const every = changetype<Prefetch>(ahead).every;
    const last = PANELS == 2 && second ? wideRows(rows) : 0;
    for (let n: usize = 0; n <= (PANELS == 2 && second ? 32 : 0); n += 32) {
      const from = panel + (n ? second : 0);
      let to = c + n, x = a, r = residual + n, f = scale + n;
      let left = rows - last;
      while (left > 0) {
        const done = nextTile(left, TILE_ROWS);
        if (TILE_ROWS == 6 && done == 6) f32Tile.run(6, epilogue, to, cStride, x, aStride, from, depth, r, f, shift + n, ahead, every);
        else if (done == 5) f32Tile.run(5, epilogue, to, cStride, x, aStride, from, depth, r, f, shift + n, ahead, every);
        else if (done == 4) f32Tile.run(4, epilogue, to, cStride, x, aStride, from, depth, r, f, shift + n, ahead, every);
        else if (done == 3) f32Tile.run(3, epilogue, to, cStride, x, aStride, from, depth, r, f, shift + n, ahead, every);
        else if (done == 2) f32Tile.run(2, epilogue, to, cStride, x, aStride, from, depth, r, f, shift + n, ahead, every);
        else f32Tile.run(1, epilogue, to, cStride, x, aStride, from, depth, r, f, shift + n, ahead, every);
        const m = <usize>done;
        to += m * cStride;
        x += m * aStride;
        r += m * cStride;
        f += m * row;
        left -= done;
      }
    }
    if (PANELS == 1 || !last) return;
    const m = <usize>(rows - last);
    c += m * cStride;
    a += m * aStride;
    residual += m * cStride;
    // No else: Binaryen would fold both into one loop that asks for their rows at every step.
    if (last == 2) f32Tile.wide(2, epilogue, c, cStride, a, aStride, panel, second, depth, residual, scale, shift, ahead, every);
    if (last == 1) f32Tile.wide(1, epilogue, c, cStride, a, aStride, panel, second, depth, residual, scale, shift, ahead, every);
  }
}
