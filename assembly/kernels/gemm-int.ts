/**
 * C := epilogue(A B + bias) in integers: rows and columns are quantised, each with a scale of its
 * own.
 *
 *   A [M,K]   rows of integers (rows-int.ts), `aStride` bytes apart; `aScales` f32 [M]
 *   B [K,8]   a panel (panels-int.ts): | bias 0..7 f32 | scale 0..7 f32 | steps of a 32-bit lane a column |
 *   C [M,N]   f32, as in gemm-f32.ts; so are `residual`, `scale` and `shift`
 *
 * c = sum * (row's scale * column's scale) + bias. Sums are exact, so their order does not matter.
 * What follows a sum is f32 and rounds every step, which gives the same bits in every build, with
 * one exception: products of bytes fuse in the build that fuses, which q8-fast alone takes.
 */
import { BYTE_ROWS, DOT_DEPTHS, PANELS } from '../simd/build';
import { lanes } from '../simd/lanes';
import { f32s } from '../simd/units';
import { PANEL_HEAD, q8OpenPanel, q8PanelBytes, q16Steps } from './panels-int';
import { q8Depth } from './rows-int';
import { Epilogue, NR_BYTES, nextTile, tile, wideRows } from './tile';

/** Where sums of i16 start. */
const ZEROS = memory.data<i32>([0, 0, 0, 0, 0, 0, 0, 0], 16);

/*
 * q8: rows of 8 or 16 bits by panels of 8-bit weights; XNNPACK's qd-f32-qc8w: rows quantised
 * dynamically, weights for each channel. N is a multiple of 8, and all panels lie one behind the
 * other. `starts` i32 [N]: where sums start. `planes`: 2 where a row's two planes of bytes are both
 * multiplied, else 1. `scratch`: q8ScratchBytes(K).
 */

/** C = A B + bias */
// biome-ignore format: extents and strides together
export function q8GemmNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, columns: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize,
): void {
  q8Gemm.run(Epilogue.None, c, cStride, a, aStride, aScales, panel, rows, columns, depth, planes, starts, scratch, 0, 0, 0);
}

/** C = max(A B + bias, 0) */
// biome-ignore format: extents and strides together
export function q8GemmReluNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, columns: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize,
): void {
  q8Gemm.run(Epilogue.Relu, c, cStride, a, aStride, aScales, panel, rows, columns, depth, planes, starts, scratch, 0, 0, 0);
}

/** C = A B + bias + residual */
// biome-ignore format: extents and strides together
export function q8GemmResidualNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, columns: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize, residual: usize,
): void {
  q8Gemm.run(Epilogue.Residual, c, cStride, a, aStride, aScales, panel, rows, columns, depth, planes, starts, scratch, residual, 0, 0);
}

/** C = (A B + bias) * scale [N] + shift [N] */
// biome-ignore format: extents and strides together
export function q8GemmScaleShiftNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, columns: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize, scale: usize, shift: usize,
): void {
  q8Gemm.run(Epilogue.ScaleShift, c, cStride, a, aStride, aScales, panel, rows, columns, depth, planes, starts, scratch, 0, scale, shift);
}

/** C = (A B + bias + residual) * scale [N] + shift [N] */
// biome-ignore format: extents and strides together
export function q8GemmResidualScaleShiftNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, columns: i32, depth: i32,
  planes: i32, starts: usize, scratch: usize, residual: usize, scale: usize, shift: usize,
): void {
  q8Gemm.run(Epilogue.Residual | Epilogue.ScaleShift, c, cStride, a, aStride, aScales, panel, rows, columns, depth, planes, starts, scratch, residual, scale, shift);
}

/**
 * C [M,8] = A B + bias of i16 by i16, one panel: for products whose two sides are activations, such
 * as attention's. Callers see to |sum| < 2^31.
 */
// biome-ignore format: extents and strides together
export function q16GemmNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, depth: i32,
): void {
  intTile.panel(2, Epilogue.None, c, cStride, a, aStride, aScales, panel, panel + PANEL_HEAD, 0, rows, q16Steps(depth), 1, ZEROS, 0, 0, 0);
}

abstract class q8Gemm {
  /**
   * All panels. The loop over panels is in here, as in XNNPACK: with a call for each pair of
   * panels, a pass of 1 to 8 tokens takes 1 to 3 % longer.
   */
  // biome-ignore format: extents and strides together
  @inline static run(
    epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32,
    columns: i32, depth: i32, planes: i32, starts: usize, scratch: usize, residual: usize, scale: usize, shift: usize,
  ): void {
    const steps = q8Depth(depth) / DOT_DEPTHS;
    const step = q8PanelBytes(depth);
    const end = f32s(columns);
    for (let n: usize = 0; n < end; n += NR_BYTES * PANELS) {
      // A build that widens panels has room for one in scratch.
      const second: usize = PANELS == 2 && n + NR_BYTES < end ? step : 0;
      const weights = q8OpenPanel(panel, depth, scratch);
      intTile.panel(DOT_DEPTHS, epilogue, c + n, cStride, a, aStride, aScales, panel, weights, second, rows, steps, planes, starts + n, residual + n, scale + n, shift + n);
      panel += PANELS * step;
    }
  }
}

abstract class intTile {
  /** One step of a vector of sums. `depths` (a literal) of a 32-bit lane: 4 bytes, or 2 i16. */
  @inline static dot(depths: i32, weights: v128, row: v128, sum: v128): v128 {
    return depths == 4 ? lanes.dot(weights, row, sum) : lanes.dotI16(weights, row, sum);
  }

  /** Scales two vectors of sums of one row, adds the bias, and goes on to the epilogue. */
  // biome-ignore format: one row of the tile a line
  @inline static store(
    depths: i32, epilogue: i32, c: usize, left: v128, right: v128, panel: usize, rowScale: usize,
    residual: usize, scale: usize, shift: usize,
  ): void {
    const factor = v128.load32_splat(rowScale);
    const factor0 = f32x4.mul(factor, v128.load(panel, NR_BYTES));
    const factor1 = f32x4.mul(factor, v128.load(panel, NR_BYTES + 16));
    left = tile.madd(depths == 4, f32x4.convert_i32x4_s(left), factor0, v128.load(panel));
    right = tile.madd(depths == 4, f32x4.convert_i32x4_s(right), factor1, v128.load(panel, 16));
    tile.store(depths == 4, epilogue, c, left, right, residual, scale, shift);
  }

  /**
   * A tile of `rows` (1..6, a literal) x 8, with the loop and the registers of gemm-f32.ts. Where
   * `isSplit`, each two rows are the planes of one row of i16: its upper bytes, and behind them its
   * lower bytes.
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
    const end = weights + <usize>steps * NR_BYTES;
    while (weights < end) {
      const b0 = v128.load(weights), b1 = v128.load(weights, 16);
      let s = v128.load32_splat(a0); c00 = intTile.dot(depths, b0, s, c00); c01 = intTile.dot(depths, b1, s, c01); a0 += 4;
      if (rows > 1) { s = v128.load32_splat(a1); c10 = intTile.dot(depths, b0, s, c10); c11 = intTile.dot(depths, b1, s, c11); a1 += 4; }
      if (rows > 2) { s = v128.load32_splat(a2); c20 = intTile.dot(depths, b0, s, c20); c21 = intTile.dot(depths, b1, s, c21); a2 += 4; }
      if (rows > 3) { s = v128.load32_splat(a3); c30 = intTile.dot(depths, b0, s, c30); c31 = intTile.dot(depths, b1, s, c31); a3 += 4; }
      if (rows > 4) { s = v128.load32_splat(a4); c40 = intTile.dot(depths, b0, s, c40); c41 = intTile.dot(depths, b1, s, c41); a4 += 4; }
      if (rows > 5) { s = v128.load32_splat(a5); c50 = intTile.dot(depths, b0, s, c50); c51 = intTile.dot(depths, b1, s, c51); a5 += 4; }
      weights += NR_BYTES;
    }
    if (isSplit) {
      intTile.store(depths, epilogue, c, intTile.join(c00, c10), intTile.join(c01, c11), panel, aScales, residual, scale, shift);
      if (rows > 2) intTile.store(depths, epilogue, c + cStride, intTile.join(c20, c30), intTile.join(c21, c31), panel, aScales + 4, residual + cStride, scale, shift);
      if (rows > 4) intTile.store(depths, epilogue, c + 2 * cStride, intTile.join(c40, c50), intTile.join(c41, c51), panel, aScales + 8, residual + 2 * cStride, scale, shift);
      return;
    }
    intTile.store(depths, epilogue, c, c00, c01, panel, aScales, residual, scale, shift);
    if (rows > 1) intTile.store(depths, epilogue, c + cStride, c10, c11, panel, aScales + 4, residual + cStride, scale, shift);
    if (rows > 2) intTile.store(depths, epilogue, c + 2 * cStride, c20, c21, panel, aScales + 8, residual + 2 * cStride, scale, shift);
    if (rows > 3) intTile.store(depths, epilogue, c + 3 * cStride, c30, c31, panel, aScales + 12, residual + 3 * cStride, scale, shift);
    if (rows > 4) intTile.store(depths, epilogue, c + 4 * cStride, c40, c41, panel, aScales + 16, residual + 4 * cStride, scale, shift);
    if (rows > 5) intTile.store(depths, epilogue, c + 5 * cStride, c50, c51, panel, aScales + 20, residual + 5 * cStride, scale, shift);
  }

  /** A tile of `rows` (1 or 2, a literal) of bytes x 16: the last rows over two panels at once. */
  // biome-ignore format: one vector of the panels a line
  @inline static wide(
    rows: i32, epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize,
    weights: usize, second: usize, starts: usize, steps: i32, residual: usize, scale: usize, shift: usize,
  ): void {
    let c00 = v128.load(starts), c10 = c00;
    let c01 = v128.load(starts, 16), c11 = c01;
    let c02 = v128.load(starts, NR_BYTES), c12 = c02;
    let c03 = v128.load(starts, NR_BYTES + 16), c13 = c03;
    let a0 = a, a1 = a + aStride;
    const end = weights + <usize>steps * NR_BYTES;
    while (weights < end) {
      const s0 = v128.load32_splat(a0), s1 = rows > 1 ? v128.load32_splat(a1) : s0;
      let b = v128.load(weights); c00 = lanes.dot(b, s0, c00); if (rows > 1) c10 = lanes.dot(b, s1, c10);
      b = v128.load(weights, 16); c01 = lanes.dot(b, s0, c01); if (rows > 1) c11 = lanes.dot(b, s1, c11);
      b = v128.load(weights + second); c02 = lanes.dot(b, s0, c02); if (rows > 1) c12 = lanes.dot(b, s1, c12);
      b = v128.load(weights + second, 16); c03 = lanes.dot(b, s0, c03); if (rows > 1) c13 = lanes.dot(b, s1, c13);
      a0 += 4;
      if (rows > 1) a1 += 4;
      weights += NR_BYTES;
    }
    const next = panel + second;
    intTile.store(4, epilogue, c, c00, c01, panel, aScales, residual, scale, shift);
    intTile.store(4, epilogue, c + NR_BYTES, c02, c03, next, aScales, residual + NR_BYTES, scale + NR_BYTES, shift + NR_BYTES);
    if (rows > 1) intTile.store(4, epilogue, c + cStride, c10, c11, panel, aScales + 4, residual + cStride, scale, shift);
    if (rows > 1) intTile.store(4, epilogue, c + cStride + NR_BYTES, c12, c13, next, aScales + 4, residual + cStride + NR_BYTES, scale + NR_BYTES, shift + NR_BYTES);
  }

  /** Sums of i16 from those of their upper and their lower bytes. */
  @inline static join(upper: v128, lower: v128): v128 {
    return i32x4.add(i32x4.shl(upper, 8), lower);
  }

  /**
   * All rows over one panel, or over two that lie `second` bytes apart (0: one panel). Tiles have 6
   * rows where the dot product adds to its sums, 4 where its result needs a register, and up to 5
   * at the end; a split row counts as two. Of two panels, the last rows of bytes go over both at
   * once. `weights` holds `steps` 32-bit lanes for each column; the panel's head holds biases and
   * scales.
   */
  // biome-ignore format: one tile a line
  @inline static panel(
    depths: i32, epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize,
    weights: usize, second: usize, rows: i32, steps: i32, planes: i32, starts: usize, residual: usize, scale: usize, shift: usize,
  ): void {
    const most = depths == 4 ? 6 : 4;
    const isSplit = depths == 4 && (!BYTE_ROWS || planes == 2);
    const last = BYTE_ROWS && depths == 4 && second && !isSplit ? wideRows(rows) : 0;
    for (let n: usize = 0; n <= (PANELS == 2 && second ? NR_BYTES : 0); n += NR_BYTES) {
      const head = panel + (n ? second : 0);
      const from = weights + (n ? second : 0);
      let to = c + n, x = a, f = aScales, r = residual + n;
      let left = rows - last;
      while (left > 0) {
        const done = isSplit ? (left == 4 ? 2 : min(left, most / 2)) : nextTile(left, most);
        if (isSplit) {
          if (done == 3) intTile.run(depths, 6, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, true, r, scale + n, shift + n);
          else if (done == 2) intTile.run(depths, 4, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, true, r, scale + n, shift + n);
          else intTile.run(depths, 2, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, true, r, scale + n, shift + n);
        } else if (depths == 4 && done == 6) intTile.run(depths, 6, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, false, r, scale + n, shift + n);
        else if (done == 5) intTile.run(depths, 5, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, false, r, scale + n, shift + n);
        else if (done == 4) intTile.run(depths, 4, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, false, r, scale + n, shift + n);
        else if (done == 3) intTile.run(depths, 3, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, false, r, scale + n, shift + n);
        else if (done == 2) intTile.run(depths, 2, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, false, r, scale + n, shift + n);
        else intTile.run(depths, 1, epilogue, to, cStride, x, aStride, f, head, from, starts + n, steps, false, r, scale + n, shift + n);
        const m = <usize>done;
        to += m * cStride;
        x += m * aStride;
        f += f32s(done);
        r += m * cStride;
        left -= done;
      }
    }
    if (!BYTE_ROWS || depths == 2 || !last) return;
    const m = <usize>(rows - last);
    c += m * cStride;
    a += m * aStride;
    aScales += f32s(rows - last);
    residual += m * cStride;
    // No else, as in gemm-f32.ts.
    if (last == 2) intTile.wide(2, epilogue, c, cStride, a, aStride, aScales, panel, weights, second, starts, steps, residual, scale, shift);
    if (last == 1) intTile.wide(1, epilogue, c, cStride, a, aStride, aScales, panel, weights, second, starts, steps, residual, scale, shift);
  }
}
