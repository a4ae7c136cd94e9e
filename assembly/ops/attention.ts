/**
 * softmax(q k^T / sqrt D + mask) v of one sequence, head by head, over padded rows of query [Q,T], key
 * and value [S,T] that lie `rowBytes(T)` apart. Keys and values are packed as the panels of two
 * products, in f32 or in words. Scores exist for a few rows at a time, in L1.
 */
import { f32Scale } from '../kernels/f32-rows';
import { f32SoftmaxRow } from '../kernels/f32-softmax';
import { q16PanelBytes } from '../kernels/q16-panel';
import { Activations, f32s, panelBytes, roundUp8, rowBytes } from '../memory/layout';
import { f32Context, f32Keys, f32Scores, f32Values } from './attention-f32';
import { BYTE_ROWS, FLOATS, SMALL } from '../simd/lanes';
import { maskBiases } from './attention-mask';
import { q16Context, q16Keys, q16Scores, q16Values } from './attention-q16';
import { q8Context, q8Values } from './attention-q8';

/** log2(e): the softmax works on powers of two. */
const LOG2E: f64 = 1.4426950408889634;

/**
 * query [Q,T], key, value [S,T], mask i32 [S] -> context [Q,T], rows `a.contextBytes` apart; heads are
 * written in order and each may spill zeros into the next one's columns. `probabilities` [A,Q,S]
 * dense, or 0. A fully masked sequence attends evenly, as additive masks make it in transformers.
 * Where weights are small (`a.quantized`), products are of words, and values of hidden keys are cleared.
 */
export function attention(
  context: usize,
  query: usize,
  key: usize,
  value: usize,
  mask: usize,
  Q: i32,
  S: i32,
  T: i32,
  heads: i32,
  probabilities: usize,
  a: Activations,
): void {
  const D = T / heads;
  const stride = rowBytes(T);
  const scale = <f32>(LOG2E / Math.sqrt(<f64>D));
  const isWhole = SMALL && (!FLOATS || a.quantized != 0);
  maskBiases(a.keyPanels, isWhole ? q16PanelBytes(D) : panelBytes(D), mask, S);
  if (isWhole) clearHidden(value, stride, mask, S);
  for (let head = 0; head < heads; head++) {
    const column = f32s(head * D);
    if (isWhole) {
      q16Keys(key + column, stride, S, D, a);
      if (BYTE_ROWS && a.hasByteValues) q8Values(value + column, stride, S, D, a);
      else q16Values(value + column, stride, S, D, a);
    } else {
      f32Keys(key + column, stride, S, D, a);
      f32Values(value + column, stride, S, D, a);
    }
    for (let row = 0; row < Q; row += a.scoreRows) {
      const rows = min(Q - row, a.scoreRows);
      const first = <usize>row;
      const from = query + column + first * stride;
      const to = context + column + first * a.contextBytes;
      if (isWhole) q16Scores(from, stride, rows, S, D, a);
      else f32Scores(from, stride, rows, S, D, a);
      softmaxRows(a.scores, a.inverseSums, rows, S, scale);
      if (BYTE_ROWS && a.hasByteValues) q8Context(to, rows, S, D, a);
      else if (isWhole) q16Context(to, rows, S, D, a);
      else f32Context(to, rows, S, D, a);
      if (probabilities) {
        copyProbabilities(probabilities + first * f32s(S), a.scores, a.inverseSums, rows, S);
      }
    }
    if (probabilities) probabilities += <usize>Q * f32s(S);
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
 * Rows of scores that are done with -> dense rows of S. Scaled where they lie, since whole vectors
 * would spill into what lies behind: other layers' rows that are finished.
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

/** Values of hidden keys weigh nothing and shall not be what a column's scale is made for. */
function clearHidden(value: usize, stride: usize, mask: usize, S: i32): void {
  let visible = 0;
  for (let j = 0; j < S; j++) visible += i32(load<i32>(mask + f32s(j)) != 0);
  if (visible == 0) return;
  for (let j = 0; j < S; j++) {
    if (!load<i32>(mask + f32s(j))) memory.fill(value + <usize>j * stride, 0, stride);
  }
}
