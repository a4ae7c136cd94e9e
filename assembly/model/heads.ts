/**
 * What reads the last hidden state: pooler, classifiers, masked-LM decoder. Results are dense rows
 * in the host's buffers. Mirrors MobileBertPooler, MobileBertLMPredictionHead and the classifiers.
 */
import { Activation, Output } from '../abi';
import { f32Activation } from '../kernels/activation';
import { Linear, Norm, Pass } from '../memory/layout';
import { linear, linearActivation, linearResidual } from '../ops/linear';
import { layerNorm } from '../ops/norm';
import { copyRows } from '../ops/rows';
import { f32s, roundUp8, rowBytes } from '../simd/units';
import { barrier, endRow, firstRow, isFirst, shareColumns, shareRows } from '../threads/team';

/** Heads on every row: the chunk's queries, at the start of `hidden`. */
export function rowHeads(pass: Pass): void {
  const a = pass.activations;
  const b = pass.buffers;
  const w = pass.weights;
  const c = pass.chunk;
  const outputs = pass.request.outputs;
  const token = w.tokenHead;
  if (outputs & Output.TokenLogits && token) {
    classify(pass, token, b.tokenLogits, a.hidden, c.firstQuery, c.queries, null);
  }
  const transform = w.lmTransform;
  const norm = w.lmTransformNorm;
  const decoder = w.lmDecoder;
  if (outputs & Output.VocabularyLogits && transform && norm && decoder) {
    transformRows(pass, transform, norm); // [Q,H]
    barrier(pass);
    const rest = w.lmDense;
    classify(pass, decoder, b.vocabularyLogits, a.transformed, c.firstQuery, c.queries, rest); // [Q,V]
  }
}

/** hidden [Q,H] -> transformed [Q,H], each member its own rows. */
function transformRows(pass: Pass, transform: Linear, norm: Norm): void {
  const a = pass.activations;
  const H = rowBytes(pass.config.hidden);
  const first = firstRow(pass, pass.chunk.queries);
  const rows = endRow(pass, pass.chunk.queries) - first;
  const x = a.hidden + <usize>first * H;
  const y = a.transformed + <usize>first * H;
  linearActivation(pass, transform, y, x, rows, pass.config.activation);
  layerNorm(y, rows, norm);
}

/**
 * Heads on each sequence's first row; `firstRows` [B,H] holds those rows. The first member computes
 * them by itself.
 */
export function pooledHeads(pass: Pass): void {
  const a = pass.activations;
  const b = pass.buffers;
  const w = pass.weights;
  const H = pass.config.hidden;
  const sequences = pass.request.sequences;
  const outputs = pass.request.outputs;
  let pooled = a.firstRows; // [B,H]
  const dense = w.pooler;
  if (dense) {
    pooled = a.pooledRows;
    linear(pass, dense, pooled, a.firstRows, sequences, false);
    f32Activation(pooled, sequences * roundUp8(H), Activation.Tanh);
  }
  if (outputs & Output.Pooled) {
    copyRows(b.pooled, f32s(H), pooled, rowBytes(H), f32s(H), sequences);
  }
  const head = w.sequenceHead;
  if (outputs & Output.SequenceLogits && head) {
    linear(pass, head, b.sequenceLogits, pooled, sequences, false);
    makeDense(b.sequenceLogits, head, sequences); // [B,C]
  }
}

/**
 * Rows `first` .. of dense logits [.,C], each member its own columns: the product writes padded
 * rows from the first one's place, then they move together (the buffer has room for all rows
 * padded). `rest` adds the product of the columns of x behind those that `w` reads: the masked-LM
 * decoder's depths past E, where they are kept apart.
 */
function classify(
  pass: Pass,
  w: Linear,
  logits: usize,
  x: usize,
  first: i32,
  rows: i32,
  rest: Linear | null,
): void {
  const bytes = f32s(w.outputs);
  const to = logits + <usize>first * bytes;
  // Inputs whose weights are kept in f32 are multiplied for whole rows.
  const isShared = !w.outlierCount && !(rest && rest.outlierCount);
  if (isShared) shareColumns(pass);
  if (isShared || isFirst(pass)) {
    linear(pass, w, to, x, rows, false);
    if (rest) linearResidual(pass, rest, to, x + f32s(w.inputs), rows, to);
  }
  shareRows(pass);
  barrier(pass);
  if (isFirst(pass)) makeDense(to, w, rows);
}

/** Padded rows of what `w` made -> dense rows, in place. */
function makeDense(rowsAt: usize, w: Linear, rows: i32): void {
  const bytes = f32s(w.outputs);
  copyRows(rowsAt, bytes, rowsAt, rowBytes(w.outputs), bytes, rows);
}
