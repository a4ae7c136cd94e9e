/**
 * C [M,8] = A [M,K] x panel [K,8] + bias, words by words: both sides are quantised on the way
 * (q16-panel.ts), as attention's are. C as in f32-gemm-nr8.ts, the rest as in integer-tile.ts.
 */
import { Epilogue } from './epilogue';
import { integerTile } from './integer-tile';
import { Q16_HEAD, q16Steps } from './q16-panel';

/** What sums start from. */
const ZEROS = memory.data<i32>([0, 0, 0, 0, 0, 0, 0, 0], 16);

/** `aScales` [rows] takes a row of words back; |sum| < 2^31 is the caller's to see to. */
// biome-ignore format: extents and strides together
export function q16GemmNr8(
  c: usize, cStride: usize, a: usize, aStride: usize, aScales: usize, panel: usize, rows: i32, depth: i32,
): void {
  integerTile.panel(2, Epilogue.None, c, cStride, a, aStride, aScales, panel, panel + Q16_HEAD, 0, rows, q16Steps(depth), 1, ZEROS, 0, 0, 0);
}
