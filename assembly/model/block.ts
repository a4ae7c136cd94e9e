/**
 * One MobileBERT block: hidden [M,H] -> hidden [M,H], in place.
 * Sun et al. 2020 (arXiv:2004.02984): bottlenecks, stacked feed-forward networks, NoNorm and ReLU.
 * Mirrors MobileBertLayer of transformers' modeling_mobilebert.py.
 */
import { Block, Chunk, FeedForward, f32s, rowBytes } from '../memory/layout';
import { config, feedForwardAt, threeReadHidden } from '../memory/plan';
import { activations } from '../memory/request';
import { attention } from '../ops/attention';
import { linear, linearActivation, linearNorm, linearResidualNorm } from '../ops/linear';
import { rowsAtOnce } from '../ops/product';
import { gatherRows } from '../ops/rows';

/**
 * `probabilities` [sum of A*S*S] or 0. Keys and values are made of all rows; where `isLast`, the rest
 * only of the rows that are read, which then lie together at the start of `hidden`.
 * Without bottlenecks T = H and every bottlenecked tensor is the hidden state itself.
 */
export function block(b: Block, hidden: usize, c: Chunk, isLast: bool, probabilities: usize): void {
  const a = activations;
  const H = rowBytes(config.hidden);
  const T = rowBytes(config.bottleneck);
  const F = rowBytes(config.intermediate);
  const isShort = isLast && c.selected != 0;
  const rows = isShort ? c.read : c.rows; // R
  const layerInput = b.inputBottleneck ? a.layerInput : hidden; // [R,T]
  const shared = threeReadHidden() ? a.shared : config.bottleneckAttention ? layerInput : hidden; // [M,T]

  // ---- keys and values, and what else all rows are made into ----
  const most = rowsAtOnce(c.rows);
  for (let row = 0; row < c.rows; row += most) {
    readRows(b, hidden, shared, row, min(c.rows - row, most), !isShort);
  }

  // ---- rows that are read ----
  if (isShort) {
    keepRead(hidden, H, c);
    if (shared != hidden) keepRead(shared, T, c);
    linear(a.query, shared, T, rows, b.query, false); // [R,T]
    if (shared != layerInput) inputBottleneck(b, layerInput, hidden, rows, false);
  }

  // ---- attention ----
  attendEach(c, isLast, probabilities); // context [R,T]
  const w = b.attentionOutput;
  const n = b.attentionOutputNorm;
  linearResidualNorm(a.attended, a.context, a.contextBytes, rows, w, layerInput, n); // [R,T]

  // ---- feed-forward networks, the block's own last ----
  for (let network = 0; network < config.feedForwards; network++) {
    const f: FeedForward = feedForwardAt(b, network);
    linearActivation(a.inner, a.attended, T, rows, f.intermediate, config.activation); // [R,F]
    linearResidualNorm(a.attended, a.inner, F, rows, f.output, a.attended, f.norm); // [R,T]
  }

  // ---- output bottleneck ----
  const output = b.outputBottleneck;
  const norm = b.outputBottleneckNorm;
  if (output && norm) {
    linearResidualNorm(hidden, a.attended, T, rows, output, hidden, norm); // [R,H]
  } else {
    memory.copy(hidden, a.attended, <usize>rows * H);
  }
}

/** x [M,N] -> the chunk's rows that are read, together at its start. */
export function keepRead(x: usize, bytes: usize, c: Chunk): void {
  // Ascending rows never move past one that is still to be read.
  if (c.selected) gatherRows(x, bytes, x - <usize>c.firstRow * bytes, bytes, c.selected, c.read);
}

/**
 * Rows `row` .. of hidden [M,H] and, made of them, of shared [M,T] -> keys [M,T], values [M,T] and, where `all`,
 * queries and the layer's input [M,T]: some rows through all that reads them, for they are quantised once.
 */
function readRows(b: Block, hidden: usize, shared: usize, row: i32, rows: i32, all: bool): void {
  const a = activations;
  const H = rowBytes(config.hidden);
  const T = rowBytes(config.bottleneck);
  const three = threeReadHidden();
  const x = hidden + <usize>row * H;
  const first = <usize>row * T;
  const s = shared + first;
  if (three) {
    linearNorm(s, x, H, rows, b.sharedBottleneck!, b.sharedBottleneckNorm!, false);
    linear(a.value + first, x, H, rows, b.value, true);
    if (all) inputBottleneck(b, a.layerInput + first, x, rows, true);
  } else if (shared != hidden) {
    inputBottleneck(b, s, x, rows, false);
  }
  linear(a.key + first, s, T, rows, b.key, false);
  if (!three) linear(a.value + first, s, T, rows, b.value, true);
  if (!all) return;
  linear(a.query + first, s, T, rows, b.query, true);
  if (shared == hidden) inputBottleneck(b, a.layerInput + first, x, rows, false);
}

/** x [R,H] -> the layer's input [R,T], where it is not the hidden state itself. */
function inputBottleneck(b: Block, to: usize, x: usize, rows: i32, again: bool): void {
  const w = b.inputBottleneck;
  const n = b.inputBottleneckNorm;
  if (w && n) linearNorm(to, x, rowBytes(config.hidden), rows, w, n, again);
}

/** Attention never crosses sequences: one after the other. */
function attendEach(c: Chunk, isLast: bool, probabilities: usize): void {
  const a = activations;
  const T = rowBytes(config.bottleneck);
  let row: usize = 0;
  let query: usize = 0;
  for (let i = 0; i < c.sequences; i++) {
    const S = load<i32>(c.lengths + f32s(i));
    const Q = isLast ? countRead(c, <i32>query, c.firstRow + <i32>row + S) : S;
    attention(
      a.context + query * a.contextBytes,
      a.query + query * T,
      a.key + row * T,
      a.value + row * T,
      c.mask + (row << 2),
      Q,
      S,
      config.bottleneck,
      config.heads,
      probabilities,
      a,
    );
    if (probabilities) probabilities += <usize>config.heads * <usize>S * f32s(S);
    row += <usize>S;
    query += <usize>Q;
  }
}

/** How many of the rows that are read, from the `from`th on, lie before row `end` of the request. */
function countRead(c: Chunk, from: i32, end: i32): i32 {
  if (!c.selected) return end - c.firstRow - from;
  let to = from;
  while (to < c.read && load<i32>(c.selected + f32s(to)) < end) to++;
  return to - from;
}
