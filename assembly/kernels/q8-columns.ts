/**
 * Columns of f32 rows -> panels of bytes (q8-panel.ts), made anew for every product: the values of
 * attention in q8-fast. The four depths that lie together are four rows of the source, a byte each.
 */
import { ROUND, lanes } from '../simd/lanes';
import { columns } from './column-scales';
import { q8PanelBytes, q8Weight } from './q8-panel';

/** -128 is not used. */
const LIMIT: f32 = 127;
const LOW_BYTE = memory.data<i32>([255]);

/**
 * Source row k, `count` f32 -> depth k of columns in panels of eight, one scale a column; biases are 0. A
 * column that holds NaN or an infinity has the scale NaN. Reads whole vectors.
 */
export function q8PackColumns(
  panels: usize,
  from: usize,
  stride: usize,
  rows: i32,
  count: i32,
): void {
  const bytes = q8PanelBytes(rows);
  for (; count > 0; count -= 8) {
    memory.fill(panels, 0, 32);
    packFour(panels, 0, from, stride, rows, count);
    packFour(panels, 4, from + 16, stride, rows, count - 4);
    panels += bytes;
    from += 32;
  }
}

/** Columns `lane` .. `lane + 3` of a panel, of which `count` are some. */
function packFour(
  panel: usize,
  lane: i32,
  from: usize,
  stride: usize,
  rows: i32,
  count: i32,
): void {
  const most = v128.and(columns.largest(from, stride, rows), lanes.first(count));
  const inverse = columns.scale(panel + 32 + ((<usize>lane) << 2), most, LIMIT);
  const round = lanes.constant(ROUND);
  const low = lanes.constant(LOW_BYTE);
  const end = panel + q8PanelBytes(rows);
  let to = q8Weight(panel, 0, lane);
  for (; rows >= 4; rows -= 4, to += 32) {
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
  // To the end of the panel, whose depth is a multiple of 16.
  for (; to < end; to += 32) {
    v128.store(to, last);
    last = i32x4.splat(0);
  }
}

abstract class four {
  /** Four numbers of a row as whole ones, a byte in the lowest of each lane. */
  @inline static bytes(x: usize, inverse: v128, round: v128, low: v128): v128 {
    return v128.and(f32x4.add(f32x4.mul(v128.load(x), inverse), round), low);
  }
}
