/**
 * C := epilogue(A B + bias) in f32: all rows of A times one packed panel of eight columns of B.
 *
 *   A [M,K]   row-major, rows `aStride` bytes apart
 *   B [K,8]   a panel: | bias 0..7 | k=0: 0..7 | k=1: 0..7 | ... | k=K-1: 0..7 |   (K + 1) * 32 bytes
 *   C [M,8]   row-major, rows `cStride` bytes apart; all eight columns are written
 *
 * `c` may be `residual`, because each element is read before it is written. It must not be `a`.
 * Nothing has to be aligned, but panels at multiples of 64 bytes are faster.
 *
 * `second` is 0, or, where PANELS is 2, the bytes from the panel to a second one, whose columns are
 * the next eight of C, `residual`, `scale` and `shift`. `prefetch` is the address of a Prefetch,
 * which continues while tiles multiply. The tile is that of XNNPACK's f32-gemm-4x8-wasmsimd-splat,
 * with as many rows as the build has registers for.
 */
import { FLOATS, PANELS, TILE_ROWS } from '../simd/build';
import { lanes } from '../simd/lanes';
import { IDLE_PREFETCH, Prefetch } from './prefetch';
import { Epilogue, NR_BYTES, nextTile, tile, wideRows } from './tile';

/** C = A B + bias */
// biome-ignore format: extents and strides together
export function f32GemmNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, second: usize, rows: i32, depth: i32,
  prefetch: usize,
): void {
  f32Tile.panel(Epilogue.None, c, cStride, a, aStride, panel, second, rows, depth, 0, 0, 0, prefetch);
}

/** C = max(A B + bias, 0) */
// biome-ignore format: extents and strides together
export function f32GemmReluNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, second: usize, rows: i32, depth: i32,
  prefetch: usize,
): void {
  f32Tile.panel(Epilogue.Relu, c, cStride, a, aStride, panel, second, rows, depth, 0, 0, 0, prefetch);
}

/** C = A B + bias + residual */
// biome-ignore format: extents and strides together
export function f32GemmResidualNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, second: usize, rows: i32, depth: i32,
  prefetch: usize, residual: usize,
): void {
  f32Tile.panel(Epilogue.Residual, c, cStride, a, aStride, panel, second, rows, depth, residual, 0, 0, prefetch);
}

/** C = (A B + bias) * scale [8] + shift [8] */
// biome-ignore format: extents and strides together
export function f32GemmScaleShiftNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, second: usize, rows: i32, depth: i32,
  prefetch: usize, scale: usize, shift: usize,
): void {
  f32Tile.panel(Epilogue.ScaleShift, c, cStride, a, aStride, panel, second, rows, depth, 0, scale, shift, prefetch);
}

/** C = (A B + bias + residual) * scale [8] + shift [8] */
// biome-ignore format: extents and strides together
export function f32GemmResidualScaleShiftNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, second: usize, rows: i32, depth: i32,
  prefetch: usize, residual: usize, scale: usize, shift: usize,
): void {
  const epilogue = Epilogue.Residual | Epilogue.ScaleShift;
  f32Tile.panel(epilogue, c, cStride, a, aStride, panel, second, rows, depth, residual, scale, shift, prefetch);
}

/** C = (A B + bias) * scale [M], one factor for each row; one panel, no prefetch */
// biome-ignore format: extents and strides together
export function f32GemmRowScaleNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, rows: i32, depth: i32,
  scale: usize,
): void {
  f32Tile.panel(Epilogue.RowScale, c, cStride, a, aStride, panel, 0, rows, depth, 0, scale, 0, IDLE_PREFETCH);
}

abstract class f32Tile {
  /**
   * A tile of `rows` (1..6, a literal: the code of other rows is not compiled) x 8. One k-step in
   * each iteration and one pointer for each row: after unrolling by hand, V8 hoists all splats and
   * spills registers (docs/kernels.md).
   */
  // biome-ignore format: one row of the tile a line
  @inline static run(
    rows: i32, epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, panel: usize,
    depth: i32, residual: usize, scale: usize, shift: usize, prefetch: usize, every: usize,
  ): void {
    let b0 = v128.load(panel), b1 = v128.load(panel, 16);
    let c00 = b0, c10 = b0, c20 = b0, c30 = b0, c40 = b0, c50 = b0;
    let c01 = b1, c11 = b1, c21 = b1, c31 = b1, c41 = b1, c51 = b1;
    let a0 = a, a1 = a + aStride, a2 = a + 2 * aStride;
    let a3 = a + 3 * aStride, a4 = a + 4 * aStride, a5 = a + 5 * aStride;
    let b = panel + NR_BYTES;
    const end = b + <usize>depth * NR_BYTES;
    // RowScale is attention's context, whose panels are activations and in the cache.
    const hasPauses = FLOATS && !(epilogue & Epilogue.RowScale);
    while (b < end) {
      const pause = hasPauses ? min(b + every, end) : end;
      while (b < pause) {
        b0 = v128.load(b);
        b1 = v128.load(b, 16);
        let s = v128.load32_splat(a0); c00 = lanes.madd(s, b0, c00); c01 = lanes.madd(s, b1, c01); a0 += 4;
        if (rows > 1) { s = v128.load32_splat(a1); c10 = lanes.madd(s, b0, c10); c11 = lanes.madd(s, b1, c11); a1 += 4; }
        if (rows > 2) { s = v128.load32_splat(a2); c20 = lanes.madd(s, b0, c20); c21 = lanes.madd(s, b1, c21); a2 += 4; }
        if (rows > 3) { s = v128.load32_splat(a3); c30 = lanes.madd(s, b0, c30); c31 = lanes.madd(s, b1, c31); a3 += 4; }
        if (rows > 4) { s = v128.load32_splat(a4); c40 = lanes.madd(s, b0, c40); c41 = lanes.madd(s, b1, c41); a4 += 4; }
        if (rows > 5) { s = v128.load32_splat(a5); c50 = lanes.madd(s, b0, c50); c51 = lanes.madd(s, b1, c51); a5 += 4; }
        b += NR_BYTES;
      }
      if (hasPauses) changetype<Prefetch>(prefetch).step();
    }
    // Scales of rows lie 4 bytes apart; scales of columns are the same for every row.
    const step: usize = epilogue & Epilogue.RowScale ? 4 : 0;
    tile.store(true, epilogue, c, c00, c01, residual, scale, shift);
    if (rows > 1) tile.store(true, epilogue, c + cStride, c10, c11, residual + cStride, scale + step, shift);
    if (rows > 2) tile.store(true, epilogue, c + 2 * cStride, c20, c21, residual + 2 * cStride, scale + 2 * step, shift);
    if (rows > 3) tile.store(true, epilogue, c + 3 * cStride, c30, c31, residual + 3 * cStride, scale + 3 * step, shift);
    if (rows > 4) tile.store(true, epilogue, c + 4 * cStride, c40, c41, residual + 4 * cStride, scale + 4 * step, shift);
    if (rows > 5) tile.store(true, epilogue, c + 5 * cStride, c50, c51, residual + 5 * cStride, scale + 5 * step, shift);
  }

  /**
   * A tile of `rows` (1 or 2, a literal) x 16: the last rows over two panels at once, because the
   * few sums over one panel would wait for each other. No RowScale.
   */
  // biome-ignore format: one vector of the panels a line
  @inline static wide(
    rows: i32, epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, second: usize,
    depth: i32, residual: usize, scale: usize, shift: usize, prefetch: usize, every: usize,
  ): void {
    let c00 = v128.load(panel), c10 = c00;
    let c01 = v128.load(panel, 16), c11 = c01;
    let c02 = v128.load(panel + second), c12 = c02;
    let c03 = v128.load(panel + second, 16), c13 = c03;
    let a0 = a, a1 = a + aStride;
    let b = panel + NR_BYTES;
    const end = b + <usize>depth * NR_BYTES;
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
        b += NR_BYTES;
      }
      changetype<Prefetch>(prefetch).step();
    }
    tile.store(true, epilogue, c, c00, c01, residual, scale, shift);
    tile.store(true, epilogue, c + NR_BYTES, c02, c03, residual + NR_BYTES, scale + NR_BYTES, shift + NR_BYTES);
    if (rows > 1) tile.store(true, epilogue, c + cStride, c10, c11, residual + cStride, scale, shift);
    if (rows > 1) tile.store(true, epilogue, c + cStride + NR_BYTES, c12, c13, residual + cStride + NR_BYTES, scale + NR_BYTES, shift + NR_BYTES);
  }

  /**
   * All rows over one panel, or over two that lie `second` bytes apart (0: one panel). Tiles have
   * at most TILE_ROWS rows, the last ones up to 5. Of two panels, the last rows go over both at
   * once where that is faster. RowScale goes with one panel.
   */
  // biome-ignore format: one tile a line
  @inline static panel(
    epilogue: i32, c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, second: usize,
    rows: i32, depth: i32, residual: usize, scale: usize, shift: usize, prefetch: usize,
  ): void {
    const row: usize = epilogue & Epilogue.RowScale ? 4 : 0;
    const every = changetype<Prefetch>(prefetch).every;
    const last = PANELS == 2 && second ? wideRows(rows) : 0;
    for (let n: usize = 0; n <= (PANELS == 2 && second ? NR_BYTES : 0); n += NR_BYTES) {
      const from = panel + (n ? second : 0);
      let to = c + n, x = a, r = residual + n, f = scale + n;
      let left = rows - last;
      while (left > 0) {
        const done = nextTile(left, TILE_ROWS);
        if (TILE_ROWS == 6 && done == 6) f32Tile.run(6, epilogue, to, cStride, x, aStride, from, depth, r, f, shift + n, prefetch, every);
        else if (done == 5) f32Tile.run(5, epilogue, to, cStride, x, aStride, from, depth, r, f, shift + n, prefetch, every);
        else if (done == 4) f32Tile.run(4, epilogue, to, cStride, x, aStride, from, depth, r, f, shift + n, prefetch, every);
        else if (done == 3) f32Tile.run(3, epilogue, to, cStride, x, aStride, from, depth, r, f, shift + n, prefetch, every);
        else if (done == 2) f32Tile.run(2, epilogue, to, cStride, x, aStride, from, depth, r, f, shift + n, prefetch, every);
        else f32Tile.run(1, epilogue, to, cStride, x, aStride, from, depth, r, f, shift + n, prefetch, every);
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
    // No else: Binaryen would fold both into one loop that tests `rows` at every step.
    if (last == 2) f32Tile.wide(2, epilogue, c, cStride, a, aStride, panel, second, depth, residual, scale, shift, prefetch, every);
    if (last == 1) f32Tile.wide(1, epilogue, c, cStride, a, aStride, panel, second, depth, residual, scale, shift, prefetch, every);
  }
}
