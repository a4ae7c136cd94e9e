/**
 * One MobileBERT block: hidden [R,H] -> hidden [R,H], in place, in three phases over ranges of
 * rows:
 *
 *   project   hidden -> key, value, query, layer input      a row by itself
 *   attend    query, key, value -> context                  a row of queries by itself, all keys (attend.ts)
 *   finish    context, layer input, hidden -> hidden        a row by itself
 *
 * Sun et al. 2020 (arXiv:2004.02984): bottlenecks, stacked feed-forward networks, NoNorm and ReLU.
 * Mirrors MobileBertLayer of transformers' modeling_mobilebert.py. Without bottlenecks T = H, and
 * every bottlenecked tensor is the hidden state itself.
 */
import { Block, Pass } from '../memory/layout';
import { blockAt, feedForwardAt, threeReadHidden } from '../memory/weights';
import { linear, linearActivation, linearNorm, linearResidualNorm } from '../ops/linear';
import { rowsAtOnce } from '../ops/product';
import { gatherRows } from '../ops/rows';
import { rowBytes } from '../simd/units';
import { attend } from './attend';

/**
 * Keys and values are made of all rows. In the last block, where rows are selected, the rest is
 * made of those alone, and they then lie together at the start of `hidden`.
 */
export function block(pass: Pass, layer: i32): void {
  const c = pass.chunk;
  const b = blockAt(pass.weights, layer);
  const isSelected = c.selection != 0 && layer == pass.config.layers - 1;
  const rows = isSelected ? c.queries : c.rows;
  project(pass, b, 0, c.rows, !isSelected);
  if (isSelected) projectSelected(pass, b);
  attend(pass, layer, 0, rows, isSelected);
  finish(pass, b, 0, rows);
}

/**
 * Rows `first` .. of hidden -> key, value and, where `withQueries`, query and layer input. One
 * block of rows goes through every layer that reads it, because it is quantised once.
 */
export function project(pass: Pass, b: Block, first: i32, rows: i32, withQueries: bool): void {
  assert(first >= 0 && first + rows <= pass.chunk.rows, 'rows past the chunk');
  const most = rowsAtOnce(rows);
  for (let row = 0; row < rows; row += most) {
    projectRows(pass, b, first + row, min(rows - row, most), withQueries);
  }
}

function projectRows(pass: Pass, b: Block, first: i32, rows: i32, withQueries: bool): void {
  const c = pass.config;
  const a = pass.activations;
  const at = <usize>first * rowBytes(c.bottleneck);
  const hidden = a.hidden + <usize>first * rowBytes(c.hidden);
  const input = sharedInput(pass);
  const shared = input == a.hidden ? hidden : input + at;
  const three = threeReadHidden(c);
  if (three) {
    linearNorm(pass, b.sharedBottleneck!, b.sharedBottleneckNorm!, shared, hidden, rows, false);
    linear(pass, b.value, a.value + at, hidden, rows, true);
    if (withQueries) inputBottleneck(pass, b, a.layerInput + at, hidden, rows, true);
  } else if (shared != hidden) {
    inputBottleneck(pass, b, shared, hidden, rows, false);
  }
  linear(pass, b.key, a.key + at, shared, rows, false);
  if (!three) linear(pass, b.value, a.value + at, shared, rows, true);
  if (!withQueries) return;
  linear(pass, b.query, a.query + at, shared, rows, true);
  if (shared == hidden) inputBottleneck(pass, b, a.layerInput + at, hidden, rows, false);
}

/** Queries and layer inputs of the selected rows, which move to the start of `hidden`. */
function projectSelected(pass: Pass, b: Block): void {
  const c = pass.config;
  const a = pass.activations;
  const rows = pass.chunk.queries;
  const shared = sharedInput(pass);
  keepSelected(pass, a.hidden, rowBytes(c.hidden));
  if (shared != a.hidden) keepSelected(pass, shared, rowBytes(c.bottleneck));
  linear(pass, b.query, a.query, shared, rows, false);
  if (shared != layerInput(pass, b)) inputBottleneck(pass, b, a.layerInput, a.hidden, rows, false);
}

/** The chunk's rows of x that are selected, together at its start. */
export function keepSelected(pass: Pass, x: usize, bytes: usize): void {
  const c = pass.chunk;
  if (!c.selection) return;
  // Ascending rows never move past one that is still to be read.
  gatherRows(x, bytes, x - <usize>c.firstRow * bytes, bytes, c.selection, c.queries);
}

/**
 * Rows `first` .. of context -> hidden: attention's output, the feed-forward networks, the output
 * bottleneck.
 */
export function finish(pass: Pass, b: Block, first: i32, rows: i32): void {
  assert(first >= 0 && first + rows <= pass.chunk.rows, 'rows past the chunk');
  const c = pass.config;
  const a = pass.activations;
  const row = <usize>first;
  const T = row * rowBytes(c.bottleneck);
  const hidden = a.hidden + row * rowBytes(c.hidden);
  const residual = layerInput(pass, b) == a.hidden ? hidden : a.layerInput + T;
  const context = a.context + row * a.contextStride;
  const attended = a.attended + T;
  const inner = a.inner + row * rowBytes(c.intermediate);

  const n = b.attentionOutputNorm;
  linearResidualNorm(pass, b.attentionOutput, n, attended, context, rows, residual); // [rows,T]

  // The last network is the block's own.
  for (let network = 0; network < c.feedForwards; network++) {
    const f = feedForwardAt(b, network);
    linearActivation(pass, f.intermediate, inner, attended, rows, c.activation); // [rows,F]
    linearResidualNorm(pass, f.output, f.norm, attended, inner, rows, attended); // [rows,T]
  }

  const output = b.outputBottleneck;
  const norm = b.outputBottleneckNorm;
  if (output && norm) {
    linearResidualNorm(pass, output, norm, hidden, attended, rows, hidden); // [rows,H]
  } else {
    memory.copy(hidden, attended, <usize>rows * rowBytes(c.hidden));
  }
}

/**
 * What keys and queries read [R,T]: the shared bottleneck, the input bottleneck or the hidden
 * state.
 */
function sharedInput(pass: Pass): usize {
  const c = pass.config;
  const a = pass.activations;
  if (threeReadHidden(c)) return a.shared;
  return c.bottleneckAttention ? a.layerInput : a.hidden;
}

/** What attention's residual is [R,T]: the input bottleneck, or the hidden state. */
function layerInput(pass: Pass, b: Block): usize {
  return b.inputBottleneck ? pass.activations.layerInput : pass.activations.hidden;
}

/** x [rows,H] -> the layer's input [rows,T], where it is not the hidden state itself. */
function inputBottleneck(
  pass: Pass,
  b: Block,
  to: usize,
  x: usize,
  rows: i32,
  reuseQuantized: bool,
): void {
  const w = b.inputBottleneck;
  const n = b.inputBottleneckNorm;
  if (w && n) linearNorm(pass, w, n, to, x, rows, reuseQuantized);
}
