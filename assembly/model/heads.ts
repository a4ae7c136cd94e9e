/**
 * What reads the last hidden state: pooler, classifiers, masked-LM decoder. Results are dense rows
 * in the host's buffers. Mirrors MobileBertPooler, MobileBertLMPredictionHead and the classifiers.
 */
import { Activation, Output } from '../abi';
import { f32Activation } from '../kernels/activation';
import { Linear, Pass } from '../memory/layout';
import { linear, linearActivation, linearResidual } from '../ops/linear';
import { layerNorm } from '../ops/norm';
import { copyRows } from '../ops/rows';
import { f32s, roundUp8, rowBytes } from '../simd/units';

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
    const transformed = a.transformed;
    linearActivation(pass, transform, transformed, a.hidden, c.queries, pass.config.activation); // [Q,H]
    layerNorm(transformed, c.queries, norm);
    const first = c.firstQuery;
    classify(pass, decoder, b.vocabularyLogits, transformed, first, c.queries, w.lmDense); // [Q,V]
  }
}

/** Heads on each sequence's first row; `firstRows` [B,H] holds those rows. */
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
    classify(pass, head, b.sequenceLogits, pooled, 0, sequences, null); // [B,C]
  }
}

/**
 * Rows `first` .. of dense logits [.,C]: the product writes padded rows from the first one's place,
 * then they move together (the buffer has room for all rows padded). `rest` adds the product of the
 * columns of x behind those that `w` reads: the masked-LM decoder's depths past E, where they are
 * kept apart.
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
  linear(pass, w, to, x, rows, false);
  if (rest) linearResidual(pass, rest, to, x + f32s(w.inputs), rows, to);
  copyRows(to, bytes, to, rowBytes(w.outputs), bytes, rows);
}
