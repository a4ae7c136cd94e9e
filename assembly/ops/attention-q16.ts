/**
 * Attention's two products of one head in words, where weights are small: queries, keys, powers and
 * values are quantised to as many bits as sums below 2^31 allow: 14 of queries and keys at D = 32, 12 of
 * values, up to 15 of powers. The same bits in every build whose softmax is (docs/kernels.md).
 */
import { f32QuantizeRow, f32RoundRow } from '../kernels/f32-quantize-row';
import { q16Limit, q16PackColumns, q16PackRows, q16PanelBytes } from '../kernels/q16-panel';
import { q16GemmNr8 } from '../kernels/qd16-gemm-nr8';
import { Activations, f32s, rowBytes, wordBytes } from '../memory/layout';

/** Largest word of a value. */
const VALUE_LIMIT: i32 = 2047;
/** What the powers of a row may sum to as words: with values, below 2^31. */
const POWER_SUM: f32 = <f32>(i32.MAX_VALUE / (VALUE_LIMIT + 1));

/** Keys [S,D] -> panels [S/8][mask 8][scale 8][D/2][8][2], which have their masks. */
export function q16Keys(key: usize, stride: usize, S: i32, D: i32, a: Activations): void {
  q16PackRows(a.keyPanels, key, stride, S, D, a.words16);
}

/** Values [S,D] -> panels [D/8][zeros 8][scale 8][S/2][8][2]. */
export function q16Values(value: usize, stride: usize, S: i32, D: i32, a: Activations): void {
  q16PackColumns(a.valuePanels, value, stride, S, D, VALUE_LIMIT);
}

/** scores [rows,S] = query rows x keys + mask */
export function q16Scores(
  query: usize,
  stride: usize,
  rows: i32,
  S: i32,
  D: i32,
  a: Activations,
): void {
  const words = wordBytes(D);
  const limit = q16Limit(D);
  let to = a.quantized;
  for (let row = 0; row < rows; row++, to += words, query += stride) {
    store<f32>(a.rowScales + f32s(row), f32QuantizeRow(to, query, 0, D, limit));
  }
  const bytes = rowBytes(S);
  let panel = a.keyPanels;
  for (let column: usize = 0; column < bytes; column += 32) {
    q16GemmNr8(a.scores + column, bytes, a.quantized, words, a.rowScales, panel, rows, D);
    panel += q16PanelBytes(D);
  }
}

/** context [rows,D] = powers x values / sums */
export function q16Context(context: usize, rows: i32, S: i32, D: i32, a: Activations): void {
  const words = wordBytes(S);
  const most = POWER_SUM - <f32>S;
  let to = a.quantized;
  let powers = a.scores;
  for (let row = 0; row < rows; row++, to += words, powers += rowBytes(S)) {
    // A row's largest power is 1, and rounding adds half a word to each.
    const inverse = load<f32>(a.inverseSums + f32s(row));
    const factor = min<f32>(most * inverse, <f32>i16.MAX_VALUE);
    f32RoundRow(to, powers, S, factor);
    store<f32>(a.rowScales + f32s(row), inverse / factor);
  }
  const bytes = rowBytes(D);
  let panel = a.valuePanels;
  for (let column: usize = 0; column < bytes; column += 32) {
    q16GemmNr8(context + column, a.contextBytes, a.quantized, words, a.rowScales, panel, rows, S);
    panel += q16PanelBytes(S);
  }
}
