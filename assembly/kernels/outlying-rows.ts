/**
 * Rows that are much larger than all others, as the values of a token with massive activations.
 * Integers have one scale for each column, and such a row would leave the others no digits: it is
 * left out of the integers, and added in f32.
 */
import { f32s } from '../simd/units';
import { f32RowRange } from './quantize';
import { f32AddScaled } from './rows';

/** The most rows of a sequence that are left out. */
const MOST: i32 = 4;
/** Rows are outlying where they are this many times as large as the largest of the rest. */
const FACTOR: f32 = 4;

/** Bytes of a list: i32 count, i32 rows [MOST + 1], f32 ranges [MOST + 1]. */
export const OUTLYING_ROWS_BYTES: usize = 4 * (3 + 2 * MOST);
/** Where ranges begin. */
const RANGES: usize = 4 * (2 + MOST);

/**
 * Lists the outlying rows of x [rows,count], `stride` bytes apart, in ascending order. Rows with NaN
 * or infinities are none.
 */
export function f32OutlyingRows(list: usize, x: usize, stride: usize, rows: i32, count: i32): void {
  let found = 0;
  for (let row = 0; row < rows; row++, x += stride) {
    const range = f32RowRange(x, 0, count);
    if (!(range > 0) || (found > MOST && !(range > rangeOf(list, MOST)))) continue;
    // Into its place among the largest, of which the last one drops out.
    let i = min(found, MOST);
    for (; i > 0 && range > rangeOf(list, i - 1); i--) {
      put(list, i, rowOf(list, i - 1), rangeOf(list, i - 1));
    }
    put(list, i, row, range);
    found++;
  }
  let outlying = 0;
  for (let i = 1; i <= min(found - 1, MOST); i++) {
    if (rangeOf(list, i - 1) > FACTOR * rangeOf(list, i)) outlying = i;
  }
  for (let i = 1; i < outlying; i++) {
    const row = rowOf(list, i);
    let to = i;
    for (; to > 0 && rowOf(list, to - 1) > row; to--) put(list, to, rowOf(list, to - 1), 0);
    put(list, to, row, 0);
  }
  store<i32>(list, outlying);
}

/** How many rows a list has. */
export function outlyingCount(list: usize): i32 {
  return load<i32>(list);
}

/** Number `i` of a list's rows. */
export function outlyingRow(list: usize, i: i32): i32 {
  return rowOf(list, i);
}

/**
 * y [rows,columns] += weights [rows,.] x, of the listed columns of weights and rows of x alone. Row m
 * of weights is multiplied by factors [m]. Strides are in bytes. Rounds every step, in every build.
 */
// biome-ignore format: extents and strides together
export function f32AddOutlyingRows(
  list: usize, y: usize, yStride: usize, weights: usize, weightStride: usize, factors: usize, x: usize, xStride: usize,
  rows: i32, columns: i32,
): void {
  const whole = columns & ~3;
  const count = outlyingCount(list);
  for (let i = 0; i < count; i++) {
    const key = rowOf(list, i);
    const from = x + <usize>key * xStride;
    for (let row: usize = 0; row < <usize>rows; row++) {
      const to = y + row * yStride;
      const weight = load<f32>(weights + row * weightStride + f32s(key)) * load<f32>(factors + (row << 2));
      f32AddScaled(to, to, from, weight, whole);
      for (let n = whole; n < columns; n++) {
        const at = to + f32s(n);
        store<f32>(at, load<f32>(at) + load<f32>(from + f32s(n)) * weight);
      }
    }
  }
}

function rowOf(list: usize, i: i32): i32 {
  return load<i32>(list + f32s(1 + i));
}

function rangeOf(list: usize, i: i32): f32 {
  return load<f32>(list + RANGES + f32s(i));
}

function put(list: usize, i: i32, row: i32, range: f32): void {
  store<i32>(list + f32s(1 + i), row);
  store<f32>(list + RANGES + f32s(i), range);
}
