/**
 * The whole pass: embed, L blocks, heads. Sequences of any lengths lie one behind the other; chunks
 * of whole sequences go through all layers before the next chunk begins.
 */
import { Output } from '../abi';
import { f32s, rowBytes } from '../memory/layout';
import { blockAt, config } from '../memory/plan';
import {
  activations,
  chunkRows,
  plannedOutputs,
  plannedRows,
  plannedScores,
  plannedSequences,
} from '../memory/request';
import { copyRows } from '../ops/rows';
import { block } from './block';
import { embeddings } from './embeddings';
import { pooledHeads, rowHeads } from './heads';

export function forward(): void {
  const sequences = plannedSequences;
  const lengths = activations.lengths;
  const outputs = plannedOutputs;
  let firstRow = 0;
  let firstScore: usize = 0;
  for (let i = 0; i < sequences; ) {
    // The longest run of sequences that fits a chunk; at least one, which always does.
    let rows = 0;
    let scores: usize = 0;
    let count = 0;
    for (; i + count < sequences; count++) {
      const S = load<i32>(lengths + f32s(i + count));
      if (rows + S > chunkRows) break;
      rows += S;
      scores += <usize>S * <usize>S;
    }
    chunk(i, count, firstRow, rows, firstScore);
    i += count;
    firstRow += rows;
    firstScore += scores;
  }
  if (outputs & (Output.Pooled | Output.SequenceLogits)) pooledHeads(sequences, outputs);
}

/** `count` sequences from `first`, which are `rows` rows from `firstRow`, through the whole model. */
function chunk(first: i32, count: i32, firstRow: i32, rows: i32, firstScore: usize): void {
  const a = activations;
  const outputs = plannedOutputs;
  const hidden = a.hidden; // [rows,H]
  const lengths = a.lengths + f32s(first);
  const mask = a.attentionMask + f32s(firstRow);

  let row = 0;
  for (let i = 0; i < count; i++) {
    const S = load<i32>(lengths + f32s(i));
    embeddings(hidden + <usize>row * rowBytes(config.hidden), firstRow + row, S, outputs);
    row += S;
  }
  recordHidden(0, hidden, firstRow, rows);
  for (let layer = 0; layer < config.layers; layer++) {
    const probabilities = probabilitiesAt(layer, firstScore);
    block(blockAt(layer), hidden, rows, lengths, count, mask, probabilities);
    recordHidden(layer + 1, hidden, firstRow, rows);
  }
  if (outputs & Output.LastHiddenState) {
    copyDense(a.lastHiddenState + <usize>firstRow * f32s(config.hidden), hidden, rows);
  }
  keepFirstRows(first, count, hidden, lengths);
  rowHeads(hidden, firstRow, rows, outputs);
}

/** hidden [rows,H] -> hiddenStates [layer] */
function recordHidden(layer: i32, hidden: usize, firstRow: i32, rows: i32): void {
  if (!(plannedOutputs & Output.HiddenStates)) return;
  const row = <usize>layer * <usize>plannedRows + <usize>firstRow;
  copyDense(activations.hiddenStates + row * f32s(config.hidden), hidden, rows);
}

function copyDense(to: usize, hidden: usize, rows: i32): void {
  const bytes = f32s(config.hidden);
  copyRows(to, bytes, hidden, rowBytes(config.hidden), bytes, rows);
}

/** Where the attentions of a layer's sequences from `firstScore` go; 0 where nobody asks. */
function probabilitiesAt(layer: i32, firstScore: usize): usize {
  if (!(plannedOutputs & Output.Attentions)) return 0;
  const A = <usize>config.heads;
  return activations.attentions + (((<usize>layer * <usize>plannedScores + firstScore) * A) << 2);
}

function keepFirstRows(first: i32, count: i32, hidden: usize, lengths: usize): void {
  const H = rowBytes(config.hidden);
  let to = activations.firstRows + <usize>first * H;
  for (let i = 0; i < count; i++) {
    memory.copy(to, hidden, H);
    to += H;
    hidden += <usize>load<i32>(lengths + f32s(i)) * H;
  }
}
