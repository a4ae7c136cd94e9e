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
import { Block, keysOf, Pass, valuesOf } from '../memory/layout';
import { blockAt, feedForwardAt, threeReadHidden } from '../memory/weights';
import { linear, linearActivation, linearNorm, linearResidualNorm } from '../ops/linear';
import { rowsAtOnce } from '../ops/product';
import { gatherRows } from '../ops/rows';
import { rowBytes } from '../simd/units';
import { barrier, endRow, firstRow, isFirst } from '../threads/team';
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
  project(pass, layer, firstRow(pass, c.rows), endRow(pass, c.rows), !isSelected);
  barrier(pass); // keys and values of all rows
  if (isSelected) {
    if (isFirst(pass)) gatherSelected(pass);
    barrier(pass);
    projectSelected(pass, b, firstRow(pass, rows), endRow(pass, rows));
  }
  attend(pass, layer, firstRow(pass, rows), endRow(pass, rows), isSelected);
  finish(pass, b, firstRow(pass, rows), endRow(pass, rows));
}

/**
 * Rows `first` .. `end - 1` of hidden -> key, value and, where `withQueries`, query and layer
 * input. One block of rows goes through every layer that reads it, because it is quantised once.
 */
export function project(pass: Pass, layer: i32, first: i32, end: i32, withQueries: bool): void {
  assert(first >= 0 && end <= pass.chunk.rows, 'rows past the chunk');
  const most = rowsAtOnce(end - first);
  for (let row = first; row < end; row += most) {
    projectRows(pass, layer, row, min(end - row, most), withQueries);
  }
}

function projectRows(pass: Pass, layer: i32, first: i32, rows: i32, withQueries: bool): void {
  const c = pass.config;
  const a = pass.activations;
  const b = blockAt(pass.weights, layer);
  const key = keysOf(a, layer);
  const value = valuesOf(a, layer);
  const at = <usize>first * rowBytes(c.bottleneck);
  const hidden = a.hidden + <usize>first * rowBytes(c.hidden);
  const input = sharedInput(pass);
  const shared = input == a.hidden ? hidden : input + at;
  const three = threeReadHidden(c);
  if (three) {
    linearNorm(pass, b.sharedBottleneck!, b.sharedBottleneckNorm!, shared, hidden, rows, false);
    linear(pass, b.value, value + at, hidden, rows, true);
    if (withQueries) inputBottleneck(pass, b, a.layerInput + at, hidden, rows, true);
  } else if (shared != hidden) {
    inputBottleneck(pass, b, shared, hidden, rows, false);
  }
  linear(pass, b.key, key + at, shared, rows, false);
  if (!three) linear(pass, b.value, value + at, shared, rows, true);
  if (!withQueries) return;
  linear(pass, b.query, a.query + at, shared, rows, true);
  if (shared == hidden) inputBottleneck(pass, b, a.layerInput + at, hidden, rows, false);
}

/** Moves the selected rows to the start of `hidden`, and what queries read likewise. */
function gatherSelected(pass: Pass): void {
  const c = pass.config;
  const hidden = pass.activations.hidden;
  const shared = sharedInput(pass);
  keepSelected(pass, hidden, rowBytes(c.hidden));
  if (shared != hidden) keepSelected(pass, shared, rowBytes(c.bottleneck));
}

/** Queries and layer inputs of selected rows `first` .. `end - 1`. */
function projectSelected(pass: Pass, b: Block, first: i32, end: i32): void {
  const c = pass.config;
  const a = pass.activations;
  const rows = end - first;
  const at = <usize>first * rowBytes(c.bottleneck);
  const hidden = a.hidden + <usize>first * rowBytes(c.hidden);
  const input = sharedInput(pass);
  const shared = input == a.hidden ? hidden : input + at;
  linear(pass, b.query, a.query + at, shared, rows, false);
  if (input != layerInput(pass, b)) {
    inputBottleneck(pass, b, a.layerInput + at, hidden, rows, false);
  }
}

/** The chunk's rows of x that are selected, together at its start. */
export function keepSelected(pass: Pass, x: usize, bytes: usize): void {
  const c = pass.chunk;
  if (!c.selection) return;
  // Ascending rows never move past one that is still to be read.
  gatherRows(x, bytes, x - <usize>c.firstRow * bytes, bytes, c.selection, c.queries);
}

/**
 * Rows `first` .. `end - 1` of context -> hidden: attention's output, the feed-forward networks,
 * the output bottleneck.
 */
export function finish(pass: Pass, b: Block, first: i32, end: i32): void {
  assert(first >= 0 && end <= pass.chunk.rows, 'rows past the chunk');
  const c = pass.config;
  const rows = end - first;
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
