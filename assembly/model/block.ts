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
  const three = threeReadHidden();
  const isShort = isLast && c.selected != 0;
  const rows = isShort ? c.read : c.rows; // R
  const layerInput = b.inputBottleneck ? a.layerInput : hidden; // [R,T]
  const shared = three ? a.shared : config.bottleneckAttention ? layerInput : hidden; // [M,T]

  // ---- keys and values, and what else all rows are made into ----
  if (three) readHidden(b, hidden, c.rows, !isShort);
  else if (shared != hidden) inputBottleneck(b, hidden, c.rows);
  readShared(b, shared, c.rows, !isShort);

  // ---- rows that are read ----
  if (isShort) {
    keepRead(hidden, H, c);
    if (shared != hidden) keepRead(shared, T, c);
    linear(a.query, shared, T, rows, b.query, false); // [R,T]
  }
  if (shared != layerInput && (isShort || !three)) inputBottleneck(b, hidden, rows);

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
 * hidden [M,H] -> what queries and keys read [M,T], values [M,T] and, where `all`, the layer's input [M,T]: some
 * rows through all three, for these are quantised once.
 */
function readHidden(b: Block, hidden: usize, rows: i32, all: bool): void {
  const a = activations;
  const H = rowBytes(config.hidden);
  const T = rowBytes(config.bottleneck);
  const most = rowsAtOnce(rows);
  for (let row = 0; row < rows; row += most) {
    const some = min(rows - row, most);
    const x = hidden + <usize>row * H;
    const first = <usize>row * T;
    linearNorm(a.shared + first, x, H, some, b.sharedBottleneck!, b.sharedBottleneckNorm!, false);
    linear(a.value + first, x, H, some, b.value, true);
    if (!all) continue;
    const n = b.inputBottleneckNorm!;
    linearNorm(a.layerInput + first, x, H, some, b.inputBottleneck!, n, true);
  }
}

/** x [M,T] -> keys [M,T], where `all` queries [M,T], and values where the hidden state did not make them. */
function readShared(b: Block, x: usize, rows: i32, all: bool): void {
  const a = activations;
  const T = rowBytes(config.bottleneck);
  const most = rowsAtOnce(rows);
  for (let row = 0; row < rows; row += most) {
    const some = min(rows - row, most);
    const first = <usize>row * T;
    linear(a.key + first, x + first, T, some, b.key, false);
    if (!threeReadHidden()) linear(a.value + first, x + first, T, some, b.value, true);
    if (all) linear(a.query + first, x + first, T, some, b.query, true);
  }
}

/** hidden [R,H] -> the layer's input [R,T], where it is not hidden itself. */
function inputBottleneck(b: Block, hidden: usize, rows: i32): void {
  const w = b.inputBottleneck;
  const n = b.inputBottleneckNorm;
  if (w && n)
    linearNorm(activations.layerInput, hidden, rowBytes(config.hidden), rows, w, n, false);
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
