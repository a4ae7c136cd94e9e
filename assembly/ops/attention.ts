/**
 * softmax(q k^T / sqrt D + mask) v of one sequence, head by head, over padded rows of query [Q,T],
 * key and value [S,T] that lie `rowBytes(T)` apart. Keys and values are packed as the panels of two
 * products, in f32 (attention-f32.ts) or in integers (attention-int.ts). Scores exist for a few
 * rows at a time, in L1.
 */
import { WeightType } from '../abi';
import { q16PanelBytes } from '../kernels/panels-int';
import { f32AddOutlyingRows, f32OutlyingRows } from '../kernels/outlying-rows';
import { f32Scale } from '../kernels/rows';
import { f32SoftmaxRow } from '../kernels/softmax';
import { Pass } from '../memory/layout';
import { BYTE_ROWS, FLOATS, QUANTIZED } from '../simd/build';
import { f32PanelBytes, f32s, NR, roundUp8, rowBytes } from '../simd/units';
import { f32Context, f32Keys, f32Scores, f32Values } from './attention-f32';
import { q16Context, q16Keys, q16Scores, q16Values, q8Context, q8Values } from './attention-int';

/** log2(e): the softmax works on powers of two. */
const LOG2E: f64 = 1.4426950408889634;

/**
 * query [Q,T], key, value [S,T], mask i32 [S] -> context [Q,T], rows `contextStride` apart; heads
 * are written in order and each may spill zeros into the next one's columns. `probabilities`
 * [A,S,S] dense, from the first query's row on, or 0. A fully masked sequence attends evenly, as
 * additive masks make it in transformers. Where weights are q8, products are of integers, and
 * values of hidden keys are cleared.
 */
export function attention(
  pass: Pass,
  context: usize,
  query: usize,
  key: usize,
  value: usize,
  mask: usize,
  Q: i32,
  S: i32,
  probabilities: usize,
): void {
  assert(Q > 0 && Q <= S, 'queries past their sequence');
  const c = pass.config;
  const s = pass.scratch;
  const contextStride = pass.activations.contextStride;
  const D = c.bottleneck / c.heads;
  const stride = rowBytes(c.bottleneck);
  const scale = <f32>(LOG2E / Math.sqrt(<f64>D));
  const isInteger = QUANTIZED && (!FLOATS || c.weightType == WeightType.Q8);
  const isByte = BYTE_ROWS && isInteger && c.rowBits == 8;
  maskBiases(s.keyPanels, isInteger ? q16PanelBytes(D) : f32PanelBytes(D), mask, S);
  if (isInteger) {
    clearHidden(value, stride, mask, S);
    f32OutlyingRows(s.outlyingValues, value, stride, S, c.bottleneck);
  }
  for (let head = 0; head < c.heads; head++) {
    const column = f32s(head * D);
    if (isInteger) {
      q16Keys(s, key + column, stride, S, D);
      if (BYTE_ROWS && isByte) q8Values(s, value + column, stride, S, D);
      else q16Values(s, value + column, stride, S, D);
    } else {
      f32Keys(s, key + column, stride, S, D);
      f32Values(s, value + column, stride, S, D);
    }
    for (let row = 0; row < Q; row += s.scoreRows) {
      const rows = min(Q - row, s.scoreRows);
      const first = <usize>row;
      const from = query + column + first * stride;
      const to = context + column + first * contextStride;
      if (isInteger) q16Scores(s, from, stride, rows, S, D);
      else f32Scores(s, from, stride, rows, S, D);
      softmaxRows(s.scores, s.inverseSums, rows, S, scale);
      if (BYTE_ROWS && isByte) q8Context(s, to, contextStride, rows, S, D);
      else if (isInteger) q16Context(s, to, contextStride, rows, S, D);
      else f32Context(s, to, contextStride, rows, S, D);
      if (isInteger) {
        f32AddOutlyingRows(
          s.outlyingValues,
          to,
          contextStride,
          s.scores,
          rowBytes(S),
          s.inverseSums,
          value + column,
          stride,
          rows,
          D,
        );
      }
      if (probabilities) {
        copyProbabilities(probabilities + first * f32s(S), s.scores, s.inverseSums, rows, S);
      }
    }
    if (probabilities) probabilities += <usize>S * f32s(S);
  }
}

/**
 * The mask as biases of the keys' panels, in every head: mask i32 [S] -> the first 8 f32 of each
 * panel, `panelBytes` apart. A hidden key starts at the most negative finite f32 (transformers'
 * additive mask), which absorbs any score. Columns past S start at -Infinity, so that they weigh
 * nothing even where every key is hidden; no key is packed into them, so they are zeros behind the
 * bias.
 */
function maskBiases(panels: usize, panelBytes: usize, mask: usize, S: i32): void {
  const padded = roundUp8(S);
  if (padded > S) memory.fill(panels + <usize>(S / NR) * panelBytes, 0, panelBytes);
  for (let j = 0; j < padded; j++) {
    const bias = panels + <usize>(j / NR) * panelBytes + f32s(j % NR);
    if (j >= S) store<f32>(bias, -Infinity);
    else store<f32>(bias, load<i32>(mask + f32s(j)) ? 0 : -f32.MAX_VALUE);
  }
}

/** Scores to unnormalised probabilities, their sums' inverses beside them. */
function softmaxRows(scores: usize, inverseSums: usize, rows: i32, S: i32, scale: f32): void {
  for (; rows > 0; rows--) {
    store<f32>(inverseSums, f32SoftmaxRow(scores, roundUp8(S), scale));
    scores += rowBytes(S);
    inverseSums += 4;
  }
}

/**
 * Rows of scores that nobody needs any more -> dense rows of S. They are scaled where they lie,
 * because whole vectors would spill into the rows of other layers, which are finished.
 */
function copyProbabilities(to: usize, scores: usize, inverseSums: usize, rows: i32, S: i32): void {
  for (; rows > 0; rows--) {
    f32Scale(scores, scores, load<f32>(inverseSums), S);
    memory.copy(to, scores, f32s(S));
    to += f32s(S);
    scores += rowBytes(S);
    inverseSums += 4;
  }
}

/** Values of hidden keys weigh nothing; a column's scale shall not be made for them. */
function clearHidden(value: usize, stride: usize, mask: usize, S: i32): void {
  let visible = 0;
  for (let j = 0; j < S; j++) visible += i32(load<i32>(mask + f32s(j)) != 0);
  if (visible == 0) return;
  for (let j = 0; j < S; j++) {
    if (!load<i32>(mask + f32s(j))) memory.fill(value + <usize>j * stride, 0, stride);
  }
}
