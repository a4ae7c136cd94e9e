/**
 * softmax(q k^T / sqrt D + mask) v of one sequence, head by head, over padded rows of query [Q,T], key
 * and value [S,T] that lie `rowBytes(T)` apart. Keys and values are packed as the panels of two
 * products; the additive mask is the bias of the first, the softmax' 1/sum the epilogue of the
 * second. Scores exist for a few rows at a time, in L1.
 */
import { f32GemmNr8, f32GemmRowScaleNr8 } from '../kernels/f32-gemm-nr8';
import { f32PackColumns, f32PackRows } from '../kernels/f32-pack-nr8';
import { f32Scale } from '../kernels/f32-rows';
import { f32SoftmaxRow } from '../kernels/f32-softmax';
import { Activations, f32s, panelBytes, roundUp8, rowBytes } from '../memory/layout';

/** log2(e): the softmax works on powers of two. */
const LOG2E: f64 = 1.4426950408889634;

/**
 * query [Q,T], key, value [S,T], mask i32 [S] -> context [Q,T], rows `a.contextBytes` apart; heads are
 * written in order and each may spill zeros into the next one's columns. `probabilities` [A,Q,S]
 * dense, or 0. A fully masked sequence attends evenly, as additive masks make it in transformers.
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
  for (let head = 0; head < heads; head++) {
    const column = f32s(head * D);
    packKeys(a.keyPanels, key + column, stride, mask, S, D);
    packValues(a.valuePanels, value + column, stride, S, D);
    for (let row = 0; row < Q; row += a.scoreRows) {
      const rows = min(Q - row, a.scoreRows);
      const first = <usize>row;
      scoreRows(a.scores, query + column + first * stride, stride, a.keyPanels, rows, S, D);
      softmaxRows(a.scores, a.inverseSums, rows, S, scale);
      contextRows(context + column + first * a.contextBytes, a, rows, S, D);
      if (probabilities) {
        copyProbabilities(probabilities + first * f32s(S), a.scores, a.inverseSums, rows, S);
      }
    }
    if (probabilities) probabilities += <usize>Q * f32s(S);
  }
}

/**
 * Keys [S,D] -> panels [S/8][mask 8][D][8]. A hidden key starts at the most negative finite f32
 * (transformers' additive mask), which absorbs any score; lanes past S start at -Infinity, so that
 * they weigh nothing even where every key is hidden.
 */
function packKeys(panels: usize, key: usize, stride: usize, mask: usize, S: i32, D: i32): void {
  const panel = panelBytes(D);
  const padded = roundUp8(S);
  if (padded > S) memory.fill(panels + <usize>(S >> 3) * panel, 0, panel);
  for (let j = 0; j < padded; j++) {
    const bias = panels + <usize>(j >> 3) * panel + f32s(j & 7);
    if (j >= S) store<f32>(bias, -Infinity);
    else store<f32>(bias, load<i32>(mask + f32s(j)) ? 0 : -f32.MAX_VALUE);
  }
  f32PackRows(panels + 32, panel, 0, key, stride, S, D);
}

/** Values [S,D] -> panels [D/8][zeros 8][S][8]. */
function packValues(panels: usize, value: usize, stride: usize, S: i32, D: i32): void {
  const panel = panelBytes(S);
  if (D & 7) memory.fill(panels + <usize>(D >> 3) * panel, 0, panel);
  for (let p = 0; p < D >> 3; p++) memory.fill(panels + <usize>p * panel, 0, 32);
  f32PackColumns(panels + 32, panel, value, stride, S, D);
}

/** scores [rows,S] = query rows x keys + mask */
function scoreRows(
  scores: usize,
  query: usize,
  stride: usize,
  panels: usize,
  rows: i32,
  S: i32,
  D: i32,
): void {
  const bytes = rowBytes(S);
  const panel = panelBytes(D);
  for (let column: usize = 0; column < bytes; column += 32) {
    f32GemmNr8(scores + column, bytes, query, stride, panels, rows, D);
    panels += panel;
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

/** context [rows,D] = probabilities x values / sums */
function contextRows(context: usize, a: Activations, rows: i32, S: i32, D: i32): void {
  const bytes = rowBytes(D);
  let panels = a.valuePanels;
  for (let column: usize = 0; column < bytes; column += 32) {
    f32GemmRowScaleNr8(
      context + column,
      a.contextBytes,
      a.scores,
      rowBytes(S),
      panels,
      rows,
      S,
      a.inverseSums,
    );
    panels += panelBytes(S);
  }
}
