/**
 * Panels of eight columns of words, made anew for every product (qd16-gemm-nr8.ts):
 *
 *   | bias 0..7 f32 | scale 0..7 f32 | k=0,1: column 0, .. column 7 | k=2,3: ... |
 *
 * Two depths of a column lie together, as the product of words reads them; an odd depth's neighbour is 0.
 */
import { ROUND, lanes } from '../simd/lanes';
import { f32QuantizeRow } from './f32-quantize-row';

/** Bytes in front of a panel's words. */
export const Q16_HEAD: usize = 64;
/** Bytes of one step: a pair of words of each column. */
const STEP: usize = 32;

const MAGNITUDE: i32 = 0x7fffffff;
/** Columns whose largest number is smaller count as zero; 1 / scale stays finite for the others. */
const SMALLEST: f32 = 7.888609052210118e-31; // 2^-100

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
 * Source row k, `columns` f32 -> depth k of columns in panels of eight, one scale a column (the values of
 * attention); biases are 0. A column that holds NaN or an infinity has the scale NaN. Reads whole
 * vectors.
 */
export function q16PackColumns(
  panels: usize,
  from: usize,
  stride: usize,
  rows: i32,
  columns: i32,
  limit: i32,
): void {
  const bytes = q16PanelBytes(rows);
  for (; columns > 0; columns -= 8) {
    eight.pack(
      panels,
      from,
      stride,
      rows,
      lanes.first(columns),
      lanes.first(columns - 4),
      <f32>limit,
    );
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
    const magnitude = i32x4.splat(MAGNITUDE);
    const end = from + <usize>rows * stride;
    let most0 = i32x4.splat(0);
    let most1 = most0;
    for (let row = from; row < end; row += stride) {
      most0 = i32x4.max_s(most0, v128.and(v128.load(row), magnitude));
      most1 = i32x4.max_s(most1, v128.and(v128.load(row, 16), magnitude));
    }
    v128.store(panel, f32x4.splat(0));
    v128.store(panel, f32x4.splat(0), 16);
    const inverse0 = eight.scale(panel + 32, v128.and(most0, left), limit);
    const inverse1 = eight.scale(panel + 48, v128.and(most1, right), limit);
    const round = f32x4.splat(ROUND);
    let to = panel + Q16_HEAD;
    for (let row = from; row < end; row += 2 * stride, to += STEP) {
      const even = eight.words(row, inverse0, inverse1, round);
      let odd = i16x8.splat(0);
      if (row + stride < end) odd = eight.words(row + stride, inverse0, inverse1, round);
      v128.store(to, v128.shuffle<i16>(even, odd, 0, 8, 1, 9, 2, 10, 3, 11));
      v128.store(to, v128.shuffle<i16>(even, odd, 4, 12, 5, 13, 6, 14, 7, 15), 16);
    }
  }

  /** Stores the scales of four columns; what takes numbers to words, 0 for columns that have none. */
  @inline static scale(to: usize, most: v128, limit: f32): v128 {
    const isFinite = f32x4.lt(most, f32x4.splat(Infinity));
    const scale = f32x4.div(most, f32x4.splat(limit));
    v128.store(to, v128.bitselect(scale, f32x4.splat(NaN), isFinite));
    const isUsed = v128.and(isFinite, f32x4.ge(most, f32x4.splat(SMALLEST)));
    return v128.and(f32x4.div(f32x4.splat(limit), most), isUsed);
  }

  /** Eight numbers of a row as words. */
  @inline static words(row: usize, inverse0: v128, inverse1: v128, round: v128): v128 {
    return i16x8.narrow_i32x4_s(
      lanes.whole(f32x4.mul(v128.load(row), inverse0), round),
      lanes.whole(f32x4.mul(v128.load(row, 16), inverse1), round),
    );
  }
}
