/**
 * One MobileBERT block: hidden [M,H] -> hidden [M,H], in place.
 * Sun et al. 2020 (arXiv:2004.02984): bottlenecks, stacked feed-forward networks, NoNorm and ReLU.
 * Mirrors MobileBertLayer of transformers' modeling_mobilebert.py.
 */
import { Block, Chunk, FeedForward, Linear, Norm, f32s, rowBytes } from '../memory/layout';
import { config, feedForwardAt } from '../memory/plan';
import { activations } from '../memory/request';
import { attention } from '../ops/attention';
import { linear, linearActivation, linearNorm, linearResidualNorm } from '../ops/linear';
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

  // ---- keys and values ----
  const shared = config.bottleneckAttention
    ? bottleneck(a.layerInput, hidden, c.rows, b.inputBottleneck, b.inputBottleneckNorm)
    : bottleneck(a.shared, hidden, c.rows, b.sharedBottleneck, b.sharedBottleneckNorm); // [M,T]
  linear(a.key, shared, T, c.rows, b.key); // [M,T]
  if (config.bottleneckAttention) linear(a.value, shared, T, c.rows, b.value);
  else linear(a.value, hidden, H, c.rows, b.value); // [M,H] -> [M,T]

  // ---- rows that are read ----
  const rows = isLast ? c.read : c.rows; // R
  if (isLast) {
    keepRead(hidden, H, c);
    if (shared != hidden) keepRead(shared, T, c);
  }

  // ---- attention ----
  const layerInput = config.bottleneckAttention
    ? shared
    : bottleneck(a.layerInput, hidden, rows, b.inputBottleneck, b.inputBottleneckNorm); // [R,T]
  linear(a.query, shared, T, rows, b.query); // [R,T]
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

/** hidden [M,H] -> [M,T] through one of a block's bottlenecks; hidden itself where it has none. */
function bottleneck(to: usize, hidden: usize, rows: i32, w: Linear | null, n: Norm | null): usize {
  if (!w || !n) return hidden;
  linearNorm(to, hidden, rowBytes(config.hidden), rows, w, n);
  return to;
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
