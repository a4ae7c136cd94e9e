/**
 * What reads the last hidden state: pooler, classifiers, masked-LM decoder. Results are dense rows in
 * the host's buffers. Mirrors MobileBertPooler, MobileBertLMPredictionHead and the classifiers.
 */
import { Activation, Output } from '../abi';
import { f32Activation } from '../kernels/f32-activation';
import { Linear, Norm, f32s, roundUp8, rowBytes } from '../memory/layout';
import { config, weights } from '../memory/plan';
import { activations } from '../memory/request';
import { linear, linearActivation, linearResidual } from '../ops/linear';
import { layerNorm } from '../ops/norm';
import { copyRows } from '../ops/rows';

/** Heads on every row: `hidden` [rows,H] is rows `first` .. of the request. */
export function rowHeads(hidden: usize, first: i32, rows: i32, outputs: i32): void {
  const a = activations;
  const H = rowBytes(config.hidden);
  const token = weights.tokenHead;
  if (outputs & Output.TokenLogits && token) {
    classify(a.tokenLogits, hidden, first, rows, token);
  }
  const transform = weights.lmTransform;
  const norm = weights.lmTransformNorm;
  const decoder = weights.lmDecoder;
  if (outputs & Output.VocabularyLogits && transform && norm && decoder) {
    linearActivation(a.transformed, hidden, H, rows, transform, config.activation); // [M,H]
    layerNorm(a.transformed, rows, norm);
    classify(a.vocabularyLogits, a.transformed, first, rows, decoder, weights.lmDense); // [M,V]
  }
}

/** Heads on each sequence's first row; `firstRows` [B,H] holds those rows. */
export function pooledHeads(sequences: i32, outputs: i32): void {
  const a = activations;
  const H = rowBytes(config.hidden);
  const bytes = f32s(config.hidden);
  let pooled = a.firstRows; // [B,H]
  const dense = weights.pooler;
  if (dense) {
    pooled = a.pooledRows;
    linear(pooled, a.firstRows, H, sequences, dense, false);
    f32Activation(pooled, sequences * roundUp8(config.hidden), Activation.Tanh);
  }
  if (outputs & Output.Pooled) copyRows(a.pooled, bytes, pooled, H, bytes, sequences);
  const head = weights.sequenceHead;
  if (outputs & Output.SequenceLogits && head) {
    classify(a.sequenceLogits, pooled, 0, sequences, head); // [B,C]
  }
}

/**
 * Rows `first` .. of dense logits [.,C]: the product writes padded rows from the first one's place,
 * then they move together (the buffer has room for all rows padded). `rest` adds the product of the
 * columns of x behind those that `w` reads: the masked-LM decoder's depths past E, where they are
 * kept apart.
 */
function classify(
  logits: usize,
  x: usize,
  first: i32,
  rows: i32,
  w: Linear,
  rest: Linear | null = null,
): void {
  const H = rowBytes(config.hidden);
  const bytes = f32s(w.outputs);
  const to = logits + <usize>first * bytes;
  linear(to, x, H, rows, w, false);
  if (rest) linearResidual(to, x + f32s(w.inputs), H, rows, rest, to);
  copyRows(to, bytes, to, rowBytes(w.outputs), bytes, rows);
}
