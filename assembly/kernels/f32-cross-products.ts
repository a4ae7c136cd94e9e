/**
 * What calibration sums up over rows of activations: means of columns, and products of the columns of
 * two matrices, each about its mean. Sums of float32 stay short: blocks of rows are added up one by one.
 */
import { f32GemmResidualNr8 } from './f32-gemm-nr8';
import { IDLE_PREFETCH } from './prefetch';

/** Rows of a block: 512 columns of them are half a megabyte, which stays in L2. */
const BLOCK: i32 = 256;
/** Bytes from a column of a block to the next: no power of two, which would meet the same cache lines. */
const STRIDE: usize = (<usize>BLOCK + 16) << 2;

/** Bytes of scratch that `f32CrossProducts` needs for `columns` of x. */
export function f32CrossScratchBytes(columns: i32): usize {
  return <usize>columns * STRIDE + ((<usize>(BLOCK + 1)) << 5);
}

/** means [columns] of x [rows, columns], in whole vectors; `sums` has room for as many f64. */
export function f32ColumnMeans(
  means: usize,
  x: usize,
  xBytes: usize,
  rows: i32,
  columns: i32,
  sums: usize,
): void {
  const count = (<usize>columns + 3) & ~3;
  memory.fill(sums, 0, count << 3);
  for (let row = 0; row < rows; row++, x += xBytes) {
    let sum = sums;
    for (let k = x; k < x + (count << 2); k += 16, sum += 32) {
      const v = v128.load(k);
      const high = v128.shuffle<f32>(v, v, 2, 3, 2, 3);
      v128.store(sum, f64x2.add(v128.load(sum), f64x2.promote_low_f32x4(v)));
      v128.store(sum + 16, f64x2.add(v128.load(sum, 16), f64x2.promote_low_f32x4(high)));
    }
  }
  for (let k: usize = 0; k < count; k++) {
    store<f32>(means + (k << 2), <f32>(load<f64>(sums + (k << 3)) / <f64>rows));
  }
}

/**
 * sums [K,N] = sum over rows of (x - xMeans)^T (y - yMeans), of x [rows,K] and y [rows,N]. Rows of sums
 * and y hold whole panels. Of x by itself, what is above the diagonal's panels is left out.
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
  memory.fill(panel, 0, 32); // the bias
  for (; rows > 0; rows -= BLOCK) {
    const depth = min(rows, BLOCK);
    transpose(scratch, x, xBytes, xMeans, depth, K);
    for (let n: usize = 0; n < (<usize>N) << 2; n += 32) {
      const first = x == y ? n >> 2 : 0;
      const from = scratch + first * STRIDE;
      const to = sums + first * sumBytes + n;
      pack(panel + 32, y + n, yBytes, yMeans + n, depth);
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
    let place = to;
    for (let k: usize = 0; k < (<usize>columns) << 2; k += 4, place += STRIDE) {
      store<f32>(place, load<f32>(x + k) - load<f32>(means + k));
    }
  }
}

/** Eight columns of y - means as depths of a panel. */
function pack(to: usize, y: usize, yBytes: usize, means: usize, rows: i32): void {
  const left = v128.load(means);
  const right = v128.load(means, 16);
  for (; rows > 0; rows--, y += yBytes, to += 32) {
    v128.store(to, f32x4.sub(v128.load(y), left));
    v128.store(to, f32x4.sub(v128.load(y, 16), right), 16);
  }
}
