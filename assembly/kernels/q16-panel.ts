/**
 * Panels of eight columns of words, made anew for every product (qd16-gemm-nr8.ts):
 *
 *   | bias 0..7 f32 | scale 0..7 f32 | k=0,1: column 0, .. column 7 | k=2,3: ... |
 *
 * Two depths of a column lie together, as the product of words reads them; an odd depth's neighbour is 0.
 */
import { ROUND, lanes } from '../simd/lanes';
import { columns } from './column-scales';
import { f32QuantizeRow } from './f32-quantize-row';

/** Bytes in front of a panel's words. */
export const Q16_HEAD: usize = 64;
/** Bytes of one step: a pair of words of each column. */
const STEP: usize = 32;

/** Pairs of depths. */
export function q16Steps(depth: i32): i32 {
  return (depth + 1) >> 1;
}

/** Bytes of one panel. */
export function q16PanelBytes(depth: i32): usize {
  return Q16_HEAD + <usize>q16Steps(depth) * STEP;
}

/** The largest word on both sides of a product of `depth`, so that no sum reaches 2^31. */
export function q16Limit(depth: i32): i32 {
  return min(<i32>i16.MAX_VALUE, <i32>Math.sqrt(<f64>i32.MAX_VALUE / <f64>depth));
}

/**
 * Source row i, `depth` f32 -> column i & 7 of panel i / 8, one scale each (the keys of attention).
 * Biases and the columns past `rows` are the caller's. `words` has room for a row, rounded up to 8.
 */
export function q16PackRows(
  panels: usize,
  from: usize,
  stride: usize,
  rows: i32,
  depth: i32,
  words: usize,
): void {
  const bytes = q16PanelBytes(depth);
  const limit = q16Limit(depth);
  const end = words + <usize>q16Steps(depth) * 4;
  for (let i = 0; i < rows; i++, from += stride) {
    const column = panels + <usize>(i >> 3) * bytes + ((<usize>(i & 7)) << 2);
    store<f32>(column, f32QuantizeRow(words, from, 0, depth, limit), 32);
    let to = column + Q16_HEAD;
    for (let pair = words; pair < end; pair += 4, to += STEP) store<i32>(to, load<i32>(pair));
  }
}

/**
 * Source row k, `count` f32 -> depth k of columns in panels of eight, one scale a column (the values of
 * attention); biases are 0. A column that holds NaN or an infinity has the scale NaN. Reads whole
 * vectors.
 */
export function q16PackColumns(
  panels: usize,
  from: usize,
  stride: usize,
  rows: i32,
  count: i32,
  limit: i32,
): void {
  const bytes = q16PanelBytes(rows);
  for (; count > 0; count -= 8) {
    eight.pack(panels, from, stride, rows, lanes.first(count), lanes.first(count - 4), <f32>limit);
    panels += bytes;
    from += STEP;
  }
}

abstract class eight {
  /** Eight columns; `left` and `right` hide those that are none. */
  // biome-ignore format: extents and strides together
  @inline static pack(
    panel: usize, from: usize, stride: usize, rows: i32, left: v128, right: v128, limit: f32,
  ): void {
    const end = from + <usize>rows * stride;
    const most0 = columns.largest(from, stride, rows);
    const most1 = columns.largest(from + 16, stride, rows);
    v128.store(panel, f32x4.splat(0));
    v128.store(panel, f32x4.splat(0), 16);
    const inverse0 = columns.scale(panel + 32, v128.and(most0, left), limit);
    const inverse1 = columns.scale(panel + 48, v128.and(most1, right), limit);
    const round = lanes.constant(ROUND);
    let to = panel + Q16_HEAD;
    for (let row = from; row < end; row += 2 * stride, to += STEP) {
      const even = eight.words(row, inverse0, inverse1, round);
      let odd = i16x8.splat(0);
      if (row + stride < end) odd = eight.words(row + stride, inverse0, inverse1, round);
      v128.store(to, v128.shuffle<i16>(even, odd, 0, 8, 1, 9, 2, 10, 3, 11));
      v128.store(to, v128.shuffle<i16>(even, odd, 4, 12, 5, 13, 6, 14, 7, 15), 16);
    }
  }

  /** Eight numbers of a row as words. */
  @inline static words(row: usize, inverse0: v128, inverse1: v128, round: v128): v128 {
    return i16x8.narrow_i32x4_s(
      lanes.whole(f32x4.mul(v128.load(row), inverse0), round),
      lanes.whole(f32x4.mul(v128.load(row, 16), inverse1), round),
    );
  }
}
