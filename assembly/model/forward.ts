/**
 * The whole pass: embed, L blocks, heads. Sequences of any lengths lie one behind the other; chunks
 * of whole sequences go through all layers before the next chunk begins.
 */
import { Output } from '../abi';
import { Pass } from '../memory/layout';
import { copyRows } from '../ops/rows';
import { f32s, rowBytes } from '../simd/units';
import { barrier, callTeam, endRow, firstRow, isFirst } from '../threads/team';
import { block, keepSelected } from './block';
import { embeddings } from './embeddings';
import { pooledHeads, rowHeads } from './heads';

const POOLED: i32 = Output.Pooled | Output.SequenceLogits;

export function forward(pass: Pass): void {
  callTeam(pass);
  runPass(pass);
}

/** What each member of a team runs. Nothing of the request is read behind the last barrier. */
export function runPass(pass: Pass): void {
  assert(pass.weights.isSealed, 'a pass over open weights');
  const r = pass.request;
  const c = pass.chunk;
  const sequences = r.sequences;
  const isPooled = (r.outputs & POOLED) != 0;
  c.firstRow = 0;
  c.firstQuery = 0;
  c.firstScore = 0;
  for (let first = 0; first < sequences; first += c.sequences) {
    const scores = fillChunk(pass, first);
    encode(pass);
    barrier(pass); // the hidden state of all rows
    if (isPooled && isFirst(pass)) keepFirstRows(pass, first);
    rowHeads(pass);
    barrier(pass); // the next chunk takes the place of this one
    c.firstRow += c.rows;
    c.firstQuery += c.queries;
    c.firstScore += scores;
  }
  if (isPooled && isFirst(pass)) pooledHeads(pass);
}

/**
 * The longest run of sequences from `first` that fits a chunk; at least one, which always does.
 * Returns the sum of their S * S.
 */
function fillChunk(pass: Pass, first: i32): usize {
  const r = pass.request;
  const b = pass.buffers;
  const c = pass.chunk;
  c.lengths = b.lengths + f32s(first);
  c.mask = b.attentionMask + f32s(c.firstRow);
  c.rows = 0;
  let scores: usize = 0;
  let count = 0;
  for (; first + count < r.sequences; count++) {
    const S = load<i32>(c.lengths + f32s(count));
    if (c.rows + S > r.chunkRows) break;
    c.rows += S;
    scores += <usize>S * <usize>S;
  }
  c.sequences = count;
  c.queries = c.rows;
  c.selection = 0;
  if (r.selected) {
    c.selection = b.selectedRows + f32s(c.firstQuery);
    let end = c.firstQuery;
    while (end < r.selected && load<i32>(b.selectedRows + f32s(end)) < c.firstRow + c.rows) end++;
    c.queries = end - c.firstQuery;
  }
  return scores;
}

/** The chunk through embeddings and all blocks; leaves the rows that are selected in `hidden`. */
function encode(pass: Pass): void {
  const config = pass.config;
  const c = pass.chunk;
  embed(pass, firstRow(pass, c.rows), endRow(pass, c.rows));
  recordHidden(pass, 0);
  for (let layer = 0; layer < config.layers; layer++) {
    block(pass, layer);
    recordHidden(pass, layer + 1);
  }
  if (config.layers == 0) {
    barrier(pass);
    if (isFirst(pass)) keepSelected(pass, pass.activations.hidden, rowBytes(config.hidden));
    barrier(pass);
  }
  if (pass.request.outputs & Output.LastHiddenState) {
    const to = pass.buffers.lastHiddenState + <usize>c.firstQuery * f32s(config.hidden);
    copyDense(pass, to, c.queries);
  }
}

/** Rows `first` .. `end - 1` of the chunk -> hidden, sequence by sequence. */
function embed(pass: Pass, first: i32, end: i32): void {
  const c = pass.chunk;
  let row = 0;
  for (let i = 0; i < c.sequences; i++) {
    const S = load<i32>(c.lengths + f32s(i));
    const from = max(first - row, 0);
    const to = min(end - row, S);
    if (from < to) embeddings(pass, row, S, from, to);
    row += S;
  }
}

/** hidden [R,H] -> hiddenStates [layer] */
function recordHidden(pass: Pass, layer: i32): void {
  const r = pass.request;
  if (!(r.outputs & Output.HiddenStates)) return;
  const row = <usize>layer * <usize>r.rows + <usize>pass.chunk.firstRow;
  const to = pass.buffers.hiddenStates + row * f32s(pass.config.hidden);
  copyDense(pass, to, pass.chunk.rows);
}

/** This member's share of the first `rows` rows of hidden -> dense rows. */
function copyDense(pass: Pass, to: usize, rows: i32): void {
  const H = pass.config.hidden;
  const first = firstRow(pass, rows);
  const from = pass.activations.hidden + <usize>first * rowBytes(H);
  const count = endRow(pass, rows) - first;
  copyRows(to + <usize>first * f32s(H), f32s(H), from, rowBytes(H), f32s(H), count);
}

/**
 * What the pooler reads: the first row of each of the chunk's sequences, which are numbers `first`
 * and on. Where rows are selected, it is the one selected row of its sequence.
 */
function keepFirstRows(pass: Pass, first: i32): void {
  const c = pass.chunk;
  const H = rowBytes(pass.config.hidden);
  let hidden = pass.activations.hidden;
  let to = pass.activations.firstRows + <usize>first * H;
  for (let i = 0; i < c.sequences; i++) {
    memory.copy(to, hidden, H);
    to += H;
    hidden += c.selection ? H : <usize>load<i32>(c.lengths + f32s(i)) * H;
  }
}
