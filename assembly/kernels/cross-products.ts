/**
 * Sums over rows of activations, for calibration: means of columns, and products of the columns of
 * two matrices about their means. Each block of rows is summed by itself and then added, which
 * keeps the sums of f32 short.
 */
import { f32PanelBytes, f32s } from '../simd/units';
import { f32GemmResidualNr8 } from './gemm-f32';
import { IDLE_PREFETCH } from './prefetch';
import { NR_BYTES } from './tile';

/** Rows of a block: with 512 columns half a megabyte, which stays in L2. */
const BLOCK: i32 = 256;
/**
 * Bytes from a column of a block to the next. Powers of two would compete for the same cache lines.
 */
const STRIDE: usize = <usize>(BLOCK + 16) * sizeof<f32>();

/** Bytes of scratch that `f32CrossProducts` needs for `columns` of x. */
export function f32CrossScratchBytes(columns: i32): usize {
  return <usize>columns * STRIDE + f32PanelBytes(BLOCK);
}

/**
 * means [columns] of x [rows, columns], both in whole vectors; `sums` is scratch for as many f64.
 */
export function f32ColumnMeans(
  means: usize,
  x: usize,
  xBytes: usize,
  rows: i32,
  columns: i32,
  sums: usize,
): void {
  const count = (columns + 3) & ~3;
  memory.fill(sums, 0, 2 * f32s(count));
  for (let row = 0; row < rows; row++, x += xBytes) {
    let sum = sums;
    for (let k = x; k < x + f32s(count); k += 16, sum += 32) {
      const v = v128.load(k);
      const high = v128.shuffle<f32>(v, v, 2, 3, 2, 3);
      v128.store(sum, f64x2.add(v128.load(sum), f64x2.promote_low_f32x4(v)));
      v128.store(sum + 16, f64x2.add(v128.load(sum, 16), f64x2.promote_low_f32x4(high)));
    }
  }
  for (let k = 0; k < count; k++) {
    store<f32>(means + f32s(k), <f32>(load<f64>(sums + 2 * f32s(k)) / <f64>rows));
  }
}

/**
 * sums [K,N] = (x - xMeans)^T (y - yMeans), of x [rows,K] and y [rows,N]. Rows of sums and y hold
 * whole panels. If x is y, the sums are symmetric, and panels above the diagonal are left out.
 */
// biome-ignore format: a matrix a line
export function f32CrossProducts(
  sums: usize, sumBytes: usize,
  x: usize, xBytes: usize, xMeans: usize, K: i32,
  y: usize, yBytes: usize, yMeans: usize, N: i32,
  rows: i32, scratch: usize,
): void {
  const panel = scratch + <usize>K * STRIDE;
  memory.fill(sums, 0, <usize>K * sumBytes);
  memory.fill(panel, 0, NR_BYTES); // the bias
  for (; rows > 0; rows -= BLOCK) {
    const depth = min(rows, BLOCK);
    transpose(scratch, x, xBytes, xMeans, depth, K);
    for (let n: usize = 0; n < f32s(N); n += NR_BYTES) {
      const first = x == y ? n >> 2 : 0;
      const from = scratch + first * STRIDE;
      const to = sums + first * sumBytes + n;
      pack(panel + NR_BYTES, y + n, yBytes, yMeans + n, depth);
      f32GemmResidualNr8(to, sumBytes, from, STRIDE, panel, 0, K - <i32>first, depth, IDLE_PREFETCH, to);
    }
    x += <usize>depth * xBytes;
    y += <usize>depth * yBytes;
  }
}

/** (x - means) [rows, columns] -> [columns, rows], columns STRIDE bytes apart */
function transpose(
  to: usize,
  x: usize,
  xBytes: usize,
  means: usize,
  rows: i32,
  columns: i32,
): void {
  for (let row = 0; row < rows; row++, x += xBytes, to += 4) {
    let column = to;
    for (let k: usize = 0; k < f32s(columns); k += 4, column += STRIDE) {
      store<f32>(column, load<f32>(x + k) - load<f32>(means + k));
    }
  }
}

/** Eight columns of y - means -> a panel whose depths are rows. */
function pack(to: usize, y: usize, yBytes: usize, means: usize, rows: i32): void {
  const left = v128.load(means);
  const right = v128.load(means, 16);
  for (; rows > 0; rows--, y += yBytes, to += NR_BYTES) {
    v128.store(to, f32x4.sub(v128.load(y), left));
    v128.store(to, f32x4.sub(v128.load(y, 16), right), 16);
  }
}
