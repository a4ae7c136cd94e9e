/**
 * One MobileBERT block: hidden [M,H] -> hidden [M,H], in place.
 * Sun et al. 2020 (arXiv:2004.02984): bottlenecks, stacked feed-forward networks, NoNorm and ReLU.
 * Mirrors MobileBertLayer of transformers' modeling_mobilebert.py.
 */
import { Block, FeedForward, f32s, rowBytes } from '../memory/layout';
import { config, feedForwardAt } from '../memory/plan';
import { activations } from '../memory/request';
import { attention } from '../ops/attention';
import { linear, linearActivation, linearNorm, linearResidualNorm } from '../ops/linear';

/**
 * `lengths` i32 [sequences], `mask` i32 [rows]; `probabilities` [sum of A*S*S] or 0.
 * Without bottlenecks T = H and every bottlenecked tensor is the hidden state itself.
 */
export function block(
  b: Block,
  hidden: usize,
  rows: i32,
  lengths: usize,
  sequences: i32,
  mask: usize,
  probabilities: usize,
): void {
  const a = activations;
  const H = rowBytes(config.hidden);
  const T = rowBytes(config.bottleneck);
  const F = rowBytes(config.intermediate);

  // ---- bottlenecks ----
  const layerInput = bottleneck(a.layerInput, hidden, rows, b); // [M,T]
  const shared = sharedBottleneck(a.shared, hidden, layerInput, rows, b); // [M,T]

  // ---- attention ----
  linear(a.query, shared, T, rows, b.query); // [M,T]
  linear(a.key, shared, T, rows, b.key); // [M,T]
  if (config.bottleneckAttention) linear(a.value, layerInput, T, rows, b.value);
  else linear(a.value, hidden, H, rows, b.value); // [M,H] -> [M,T]
  attendEach(lengths, sequences, mask, probabilities); // context [M,T]
  linearResidualNorm(
    a.attended,
    a.context,
    a.contextBytes,
    rows,
    b.attentionOutput,
    layerInput,
    b.attentionOutputNorm,
  );

  // ---- feed-forward networks, the block's own last ----
  const output = b.outputBottleneck;
  const norm = b.outputBottleneckNorm;
  for (let network = 0; network < config.feedForwards; network++) {
    const f: FeedForward = feedForwardAt(b, network);
    linearActivation(a.inner, a.attended, T, rows, f.intermediate, config.activation); // [M,F]
    linearResidualNorm(a.attended, a.inner, F, rows, f.output, a.attended, f.norm); // [M,T]
  }

  // ---- output bottleneck ----
  if (output && norm)
    linearResidualNorm(hidden, a.attended, T, rows, output, hidden, norm); // [M,H]
  else memory.copy(hidden, a.attended, <usize>rows * H);
}

/** hidden [M,H] -> layer input [M,T]: the residual of attention. */
function bottleneck(to: usize, hidden: usize, rows: i32, b: Block): usize {
  const w = b.inputBottleneck;
  const n = b.inputBottleneckNorm;
  if (!w || !n) return hidden;
  linearNorm(to, hidden, rowBytes(config.hidden), rows, w, n);
  return to;
}

/** What query and key read [M,T]. */
function sharedBottleneck(to: usize, hidden: usize, layerInput: usize, rows: i32, b: Block): usize {
  if (config.bottleneckAttention) return layerInput;
  const w = b.sharedBottleneck;
  const n = b.sharedBottleneckNorm;
  if (!w || !n) return hidden;
  linearNorm(to, hidden, rowBytes(config.hidden), rows, w, n);
  return to;
}

/** Attention never crosses sequences: one after the other. */
function attendEach(lengths: usize, sequences: i32, mask: usize, probabilities: usize): void {
  const a = activations;
  const T = rowBytes(config.bottleneck);
  let row: usize = 0;
  for (let i = 0; i < sequences; i++) {
    const S = load<i32>(lengths + f32s(i));
    attention(
      a.context + row * a.contextBytes,
      a.query + row * T,
      a.key + row * T,
      a.value + row * T,
      mask + (row << 2),
      S,
      config.bottleneck,
      config.heads,
      probabilities,
      a,
    );
    if (probabilities) probabilities += <usize>config.heads * <usize>S * f32s(S);
    row += <usize>S;
  }
}
