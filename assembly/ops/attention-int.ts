/**
 * Attention's two products of one head in integers, for q8 models.
 *
 * i16: queries, keys, powers and values are quantised to as many bits as sums below 2^31 allow: 14
 * of queries and keys at D = 32, 12 of values, up to 15 of powers. The same bits in every build
 * whose softmax is the same (docs/kernels.md). 8 bits, for q8-fast: powers 0 .. 255 of a row's
 * largest, which is 1, and values -127 .. 127 with one scale per column.
 */
import { q8GemmNr8, q16GemmNr8 } from '../kernels/gemm-int';
import {
  q8PackColumns,
  q8PanelBytes,
  q16Limit,
  q16PackColumns,
  q16PackRows,
  q16PanelBytes,
} from '../kernels/panels-int';
import { f32QuantizeRow, f32RoundRow } from '../kernels/quantize';
import { q8Depth, q8RoundMagnitudes } from '../kernels/rows-int';
import { Scratch } from '../memory/layout';
import { f32s, i16RowBytes, NR, roundUp8, rowBytes } from '../simd/units';

/** Largest i16 of a value. */
const VALUE_LIMIT: i32 = 2047;
/** What the powers of a row may sum to as i16: with values, below 2^31. */
const POWER_SUM: f32 = <f32>(i32.MAX_VALUE / (VALUE_LIMIT + 1));

/** Columns of one product of bytes: MobileBERT's head. */
const COLUMNS: i32 = 32;
/** What their sums start from: powers have no sign, so there is no offset to take back. */
const STARTS = memory.data(sizeof<i32>() * COLUMNS, 16);

/** Keys [S,D] -> panels [S/8][mask 8][scale 8][D/2][8][2], which have their masks. */
export function q16Keys(s: Scratch, key: usize, stride: usize, S: i32, D: i32): void {
  q16PackRows(s.keyPanels, key, stride, S, D, s.headRow);
}

/** Values [S,D] -> panels [D/8][zeros 8][scale 8][S/2][8][2]. */
export function q16Values(s: Scratch, value: usize, stride: usize, S: i32, D: i32): void {
  q16PackColumns(s.valuePanels, value, stride, S, D, VALUE_LIMIT, s.outlyingValues);
}

/** scores [rows,S] = query rows x keys + mask */
export function q16Scores(
  s: Scratch,
  query: usize,
  stride: usize,
  rows: i32,
  S: i32,
  D: i32,
): void {
  const step = i16RowBytes(D);
  const limit = q16Limit(D);
  let to = s.quantized;
  for (let row = 0; row < rows; row++, to += step, query += stride) {
    store<f32>(s.rowScales + f32s(row), f32QuantizeRow(to, query, 0, D, limit));
  }
  const bytes = rowBytes(S);
  let panel = s.keyPanels;
  for (let column: usize = 0; column < bytes; column += 32) {
    q16GemmNr8(s.scores + column, bytes, s.quantized, step, s.rowScales, panel, rows, D);
    panel += q16PanelBytes(D);
  }
}

/** context [rows,D] = powers x values / sums */
export function q16Context(
  s: Scratch,
  context: usize,
  contextStride: usize,
  rows: i32,
  S: i32,
  D: i32,
): void {
  const step = i16RowBytes(S);
  const most = POWER_SUM - <f32>S;
  let to = s.quantized;
  let powers = s.scores;
  for (let row = 0; row < rows; row++, to += step, powers += rowBytes(S)) {
    // A row's largest power is 1, and rounding adds half a unit to each.
    const inverse = load<f32>(s.inverseSums + f32s(row));
    const factor = min<f32>(most * inverse, <f32>i16.MAX_VALUE);
    f32RoundRow(to, powers, S, factor);
    store<f32>(s.rowScales + f32s(row), inverse / factor);
  }
  const bytes = rowBytes(D);
  let panel = s.valuePanels;
  for (let column: usize = 0; column < bytes; column += 32) {
    q16GemmNr8(context + column, contextStride, s.quantized, step, s.rowScales, panel, rows, S);
    panel += q16PanelBytes(S);
  }
}

/** Values [S,D] -> panels [D/8][zeros 8][scale 8][S/4][8][4]. */
export function q8Values(s: Scratch, value: usize, stride: usize, S: i32, D: i32): void {
  q8PackColumns(s.valuePanels, value, stride, S, D, s.outlyingValues);
}

/** context [rows,D] = powers x values / sums, in bytes */
// biome-ignore format: one kernel a line
export function q8Context(
  s: Scratch, context: usize, contextStride: usize, rows: i32, S: i32, D: i32,
): void {
  const step = <usize>q8Depth(S);
  let to = s.quantized;
  let powers = s.scores;
  for (let row = 0; row < rows; row++, to += step, powers += rowBytes(S)) {
    q8RoundMagnitudes(to, powers, S, 255);
    store<f32>(s.rowScales + f32s(row), load<f32>(s.inverseSums + f32s(row)) / 255);
  }
  let panel = s.valuePanels;
  for (let n = 0; n < D; n += COLUMNS) {
    const columns = min(COLUMNS, roundUp8(D - n));
    q8GemmNr8(context + f32s(n), contextStride, s.quantized, step, s.rowScales, panel, rows, columns, S, 1, STARTS, 0);
    panel += <usize>(COLUMNS / NR) * q8PanelBytes(S);
  }
}
