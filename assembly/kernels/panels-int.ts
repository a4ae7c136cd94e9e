/**
 * Panels of eight columns of integers, with a scale for each column:
 *
 *        | ---- PANEL_HEAD: 64 bytes ---- | ---------- steps: 32 bytes each ---------- |
 *   q8   | bias 0..7 f32 | scale 0..7 f32 | k=0..3 of column 0, .. of column 7 | k=4..7 .. |
 *   q16  | bias 0..7 f32 | scale 0..7 f32 | k=0,1 of column 0, .. of column 7  | k=2,3 ..  |
 *
 * A step holds a 32-bit lane of each column: four bytes, or two i16. The depth of q8 is padded with
 * zeros to a multiple of 16, that of q16 to a multiple of 2. Weights are kept as q8 panels;
 * attention's keys and values are packed for every product.
 *
 * A relaxed dot product reads q8 panels as they are. Builds without it widen one panel into
 * scratch, to steps of i16, once for all rows.
 */
import { DOT_DEPTHS } from '../simd/build';
import { lanes, ROUND } from '../simd/lanes';
import { f32s, NR } from '../simd/units';
import { outlyingCount, outlyingRow } from './outlying-rows';
import { columns, f32QuantizeRow } from './quantize';
import { q8Depth } from './rows-int';
import { NR_BYTES } from './tile';

/** Bytes in front of a panel's integers: biases and scales. */
export const PANEL_HEAD: usize = 2 * NR_BYTES;

/** The largest 8-bit integer of a column; -128 is not used. */
const I8_LIMIT: f32 = 127;
const LOW_BYTE = memory.data<i32>([255]);

/** Bytes of the integers of one q8 panel. */
function q8WeightBytes(depth: i32): usize {
  return <usize>(NR * q8Depth(depth));
}

/** Bytes of one q8 panel. */
export function q8PanelBytes(depth: i32): usize {
  return PANEL_HEAD + q8WeightBytes(depth);
}

/** Bytes of scratch that `q8OpenPanel` needs. */
export function q8ScratchBytes(depth: i32): usize {
  return DOT_DEPTHS == 2 ? 2 * q8WeightBytes(depth) : 0;
}

/** Address of the weight of column `lane` at depth `k`. */
export function q8Weight(panel: usize, k: i32, lane: i32): usize {
  return panel + PANEL_HEAD + <usize>(k >> 2) * NR_BYTES + <usize>((lane << 2) | (k & 3));
}

/**
 * Address of a panel's steps as the build's tile reads them: in the panel, or widened in `scratch`.
 */
export function q8OpenPanel(panel: usize, depth: i32, scratch: usize): usize {
  const weights = panel + PANEL_HEAD;
  if (DOT_DEPTHS == 4) return weights;
  widen(scratch, weights, weights + q8WeightBytes(depth));
  return scratch;
}

/**
 * Where the sums of signed rows start, i32 [8]: -128 times the sum of each column. Relaxed dot
 * products read these rows as unsigned bytes, 128 too large.
 */
export function q8Starts(to: usize, panel: usize, depth: i32): void {
  let weights = panel + PANEL_HEAD;
  const end = weights + q8WeightBytes(depth);
  let left = i32x4.splat(0);
  let right = i32x4.splat(0);
  for (; weights < end; weights += NR_BYTES) {
    const a = i16x8.extadd_pairwise_i8x16_s(v128.load(weights));
    const b = i16x8.extadd_pairwise_i8x16_s(v128.load(weights, 16));
    left = i32x4.add(left, i32x4.extadd_pairwise_i16x8_s(a));
    right = i32x4.add(right, i32x4.extadd_pairwise_i16x8_s(b));
  }
  v128.store(to, i32x4.neg(i32x4.shl(left, 7)));
  v128.store(to, i32x4.neg(i32x4.shl(right, 7)), 16);
}

/** Each step of four depths becomes two steps of two. */
function widen(to: usize, weights: usize, end: usize): void {
  for (; weights < end; weights += NR_BYTES, to += 2 * NR_BYTES) {
    // Columns 0-3 and 4-7, bytes c0k0 c0k1 c0k2 c0k3 c1k0 ..
    const a = v128.load(weights);
    const b = v128.load(weights, 16);
    // Depths 0 and 1 of all columns, then 2 and 3.
    const first = v128.shuffle<i16>(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
    const second = v128.shuffle<i16>(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
    v128.store(to, i16x8.extend_low_i8x16_s(first));
    v128.store(to, i16x8.extend_high_i8x16_s(first), 16);
    v128.store(to, i16x8.extend_low_i8x16_s(second), 32);
    v128.store(to, i16x8.extend_high_i8x16_s(second), 48);
  }
}

/**
 * `count` columns of f32 rows -> q8 panels: element k of a column comes from source row k. For the
 * values of attention in q8-fast. Biases are 0. A column that holds NaN or an infinity has the
 * scale NaN. Rows of the list `skipped` (outlying-rows.ts, 0: none) are left out: zeros. Reads whole
 * vectors.
 */
export function q8PackColumns(
  panels: usize,
  from: usize,
  stride: usize,
  rows: i32,
  count: i32,
  skipped: usize,
): void {
  const bytes = q8PanelBytes(rows);
  for (; count > 0; count -= 8) {
    memory.fill(panels, 0, NR_BYTES);
    packFour(panels, 0, from, stride, rows, count, skipped);
    packFour(panels, 4, from + 16, stride, rows, count - 4, skipped);
    if (skipped) clearDepths(skipped, panels, sizeof<i8>());
    panels += bytes;
    from += NR_BYTES;
  }
}

/** The largest sizes in four columns, but for the rows of a list; 0: no list. */
function largestBut(skipped: usize, from: usize, stride: usize, rows: i32): v128 {
  if (!skipped) return columns.largest(from, stride, rows);
  let most = i32x4.splat(0);
  let first = 0;
  for (let i = 0; i <= outlyingCount(skipped); i++) {
    const end = i < outlyingCount(skipped) ? outlyingRow(skipped, i) : rows;
    const some = columns.largest(from + <usize>first * stride, stride, end - first);
    most = i32x4.max_s(most, some);
    first = end + 1;
  }
  return most;
}

/** Zeros at the listed depths of a panel, whose integers have 1 or 2 bytes. */
function clearDepths(list: usize, panel: usize, bytes: usize): void {
  const perLane = 4 / <i32>bytes;
  for (let i = 0; i < outlyingCount(list); i++) {
    const k = outlyingRow(list, i);
    const step = panel + PANEL_HEAD + <usize>(k / perLane) * NR_BYTES;
    const first = step + <usize>(k % perLane) * bytes;
    for (let lane: usize = 0; lane < NR_BYTES; lane += 4) memory.fill(first + lane, 0, bytes);
  }
}

/** Columns `lane` .. `lane + 3` of a panel; those from `count` on are padding and become zeros. */
function packFour(
  panel: usize,
  lane: i32,
  from: usize,
  stride: usize,
  rows: i32,
  count: i32,
  skipped: usize,
): void {
  const most = v128.and(largestBut(skipped, from, stride, rows), lanes.first(count));
  const inverse = columns.scale(panel + NR_BYTES + f32s(lane), most, I8_LIMIT);
  const round = lanes.constant(ROUND);
  const low = lanes.constant(LOW_BYTE);
  const end = panel + q8PanelBytes(rows);
  let to = q8Weight(panel, 0, lane);
  for (; rows >= 4; rows -= 4, to += NR_BYTES) {
    const a = four.bytes(from, inverse, round, low);
    const b = four.bytes(from + stride, inverse, round, low);
    from += 2 * stride;
    const c = four.bytes(from, inverse, round, low);
    const d = four.bytes(from + stride, inverse, round, low);
    from += 2 * stride;
    const ab = v128.or(a, i32x4.shl(b, 8));
    const cd = v128.or(i32x4.shl(c, 16), i32x4.shl(d, 24));
    v128.store(to, v128.or(ab, cd));
  }
  let last = i32x4.splat(0);
  for (let k = 0; k < rows; k++, from += stride) {
    last = v128.or(last, i32x4.shl(four.bytes(from, inverse, round, low), k << 3));
  }
  // The depth of a panel is a multiple of 16: zeros follow the last rows.
  for (; to < end; to += NR_BYTES) {
    v128.store(to, last);
    last = i32x4.splat(0);
  }
}

abstract class four {
  /** Four numbers of a row as integers, in the lowest byte of each lane. */
  @inline static bytes(x: usize, inverse: v128, round: v128, low: v128): v128 {
    return v128.and(f32x4.add(f32x4.mul(v128.load(x), inverse), round), low);
  }
}

/** Steps of a q16 panel. */
export function q16Steps(depth: i32): i32 {
  return (depth + 1) >> 1;
}

/** Bytes of one q16 panel. */
export function q16PanelBytes(depth: i32): usize {
  return PANEL_HEAD + <usize>q16Steps(depth) * NR_BYTES;
}

/**
 * The largest i16 that both sides of a product of `depth` may hold, so that no sum reaches 2^31.
 */
export function q16Limit(depth: i32): i32 {
  return min(<i32>i16.MAX_VALUE, <i32>Math.sqrt(<f64>i32.MAX_VALUE / <f64>depth));
}

/**
 * Rows of f32 -> columns of q16 panels: source row i becomes column i & 7 of panel i / 8. For the
 * keys of attention. Callers fill in biases, and columns past `rows`. `quantized` has room for one
 * row of i16, rounded up to 8.
 */
export function q16PackRows(
  panels: usize,
  from: usize,
  stride: usize,
  rows: i32,
  depth: i32,
  quantized: usize,
): void {
  const bytes = q16PanelBytes(depth);
  const limit = q16Limit(depth);
  const end = quantized + <usize>q16Steps(depth) * 4;
  for (let i = 0; i < rows; i++, from += stride) {
    const column = panels + <usize>(i >> 3) * bytes + f32s(i & 7);
    store<f32>(column, f32QuantizeRow(quantized, from, 0, depth, limit), NR_BYTES);
    let to = column + PANEL_HEAD;
    for (let pair = quantized; pair < end; pair += 4, to += NR_BYTES) {
      store<i32>(to, load<i32>(pair));
    }
  }
}

/**
 * `count` columns of f32 rows -> q16 panels: element k of a column comes from source row k. For the
 * values of attention. Biases are 0. A column that holds NaN or an infinity has the scale NaN. Rows
 * of the list `skipped` (outlying-rows.ts, 0: none) are left out: zeros. Reads whole vectors.
 */
export function q16PackColumns(
  panels: usize,
  from: usize,
  stride: usize,
  rows: i32,
  count: i32,
  limit: i32,
  skipped: usize,
): void {
  const bytes = q16PanelBytes(rows);
  for (; count > 0; count -= 8) {
    const left = v128.and(largestBut(skipped, from, stride, rows), lanes.first(count));
    const right = v128.and(largestBut(skipped, from + 16, stride, rows), lanes.first(count - 4));
    eight.pack(panels, from, stride, rows, left, right, <f32>limit);
    if (skipped) clearDepths(skipped, panels, sizeof<i16>());
    panels += bytes;
    from += NR_BYTES;
  }
}

abstract class eight {
  /** Eight columns, whose largest sizes are `left` and `right`: 0 for padding, which becomes zeros. */
  // biome-ignore format: extents and strides together
  @inline static pack(
    panel: usize, from: usize, stride: usize, rows: i32, left: v128, right: v128, limit: f32,
  ): void {
    const end = from + <usize>rows * stride;
    v128.store(panel, f32x4.splat(0));
    v128.store(panel, f32x4.splat(0), 16);
    const inverse0 = columns.scale(panel + NR_BYTES, left, limit);
    const inverse1 = columns.scale(panel + NR_BYTES + 16, right, limit);
    const round = lanes.constant(ROUND);
    let to = panel + PANEL_HEAD;
    for (let row = from; row < end; row += 2 * stride, to += NR_BYTES) {
      const even = eight.numbers(row, inverse0, inverse1, round);
      let odd = i16x8.splat(0);
      if (row + stride < end) odd = eight.numbers(row + stride, inverse0, inverse1, round);
      v128.store(to, v128.shuffle<i16>(even, odd, 0, 8, 1, 9, 2, 10, 3, 11));
      v128.store(to, v128.shuffle<i16>(even, odd, 4, 12, 5, 13, 6, 14, 7, 15), 16);
    }
  }

  /** Eight numbers of a row as i16. */
  @inline static numbers(row: usize, inverse0: v128, inverse1: v128, round: v128): v128 {
    return i16x8.narrow_i32x4_s(
      lanes.roundToInt(f32x4.mul(v128.load(row), inverse0), round),
      lanes.roundToInt(f32x4.mul(v128.load(row, 16), inverse1), round),
    );
  }
}
