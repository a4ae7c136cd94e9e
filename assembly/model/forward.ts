/**
 * The whole pass: embed, L blocks, heads. Sequences of any lengths lie one behind the other; chunks
 * of whole sequences go through all layers before the next chunk begins.
 */
import { Output } from '../abi';
import { Chunk, f32s, rowBytes } from '../memory/layout';
import { blockAt, config } from '../memory/plan';
import {
  activations,
  chunkRows,
  plannedOutputs,
  plannedRows,
  plannedScores,
  plannedSelected,
  plannedSequences,
} from '../memory/request';
import { copyRows } from '../ops/rows';
import { block, keepRead } from './block';
import { embeddings } from './embeddings';
import { pooledHeads, rowHeads } from './heads';

const POOLED: i32 = Output.Pooled | Output.SequenceLogits;

/** The chunk in work. */
const chunk: Chunk = changetype<Chunk>(memory.data(offsetof<Chunk>(), 16));

export function forward(): void {
  let firstScore: usize = 0;
  chunk.firstRow = 0;
  chunk.firstRead = 0;
  for (let first = 0; first < plannedSequences; first += chunk.sequences) {
    const scores = fillChunk(first);
    encode(firstScore);
    if (plannedOutputs & POOLED) keepFirstRows(first);
    rowHeads(activations.hidden, chunk.firstRead, chunk.read, plannedOutputs);
    chunk.firstRow += chunk.rows;
    chunk.firstRead += chunk.read;
    firstScore += scores;
  }
  if (plannedOutputs & POOLED) pooledHeads(plannedSequences, plannedOutputs);
}

/**
 * The longest run of sequences from `first` that fits a chunk; at least one, which always does.
 * Returns the sum of their S * S.
 */
function fillChunk(first: i32): usize {
  const a = activations;
  const c = chunk;
  c.lengths = a.lengths + f32s(first);
  c.mask = a.attentionMask + f32s(c.firstRow);
  c.rows = 0;
  let scores: usize = 0;
  let count = 0;
  for (; first + count < plannedSequences; count++) {
    const S = load<i32>(c.lengths + f32s(count));
    if (c.rows + S > chunkRows) break;
    c.rows += S;
    scores += <usize>S * <usize>S;
  }
  c.sequences = count;
  c.read = c.rows;
  c.selected = 0;
  if (plannedSelected) {
    c.selected = a.selectedRows + f32s(c.firstRead);
    let end = c.firstRead;
    while (end < plannedSelected && load<i32>(a.selectedRows + f32s(end)) < c.firstRow + c.rows) {
      end++;
    }
    c.read = end - c.firstRead;
  }
  return scores;
}

/** The chunk through embeddings and all blocks; leaves the rows that are read in `hidden`. */
function encode(firstScore: usize): void {
  const a = activations;
  const c = chunk;
  const hidden = a.hidden; // [M,H]
  const H = rowBytes(config.hidden);
  let row = 0;
  for (let i = 0; i < c.sequences; i++) {
    const S = load<i32>(c.lengths + f32s(i));
    embeddings(hidden + <usize>row * H, c.firstRow + row, S, plannedOutputs);
    row += S;
  }
  recordHidden(0, hidden, c.firstRow, c.rows);
  const last = config.layers - 1;
  for (let layer = 0; layer <= last; layer++) {
    block(blockAt(layer), hidden, c, layer == last, probabilitiesAt(layer, firstScore));
    recordHidden(layer + 1, hidden, c.firstRow, c.rows);
  }
  if (last < 0) keepRead(hidden, H, c);
  if (plannedOutputs & Output.LastHiddenState) {
    copyDense(a.lastHiddenState + <usize>c.firstRead * f32s(config.hidden), hidden, c.read);
  }
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

/**
 * What the pooler reads: the first row of each of the chunk's sequences, which are numbers `first` and
 * on; where rows are selected, the one that was.
 */
function keepFirstRows(first: i32): void {
  const H = rowBytes(config.hidden);
  let hidden = activations.hidden;
  let to = activations.firstRows + <usize>first * H;
  for (let i = 0; i < chunk.sequences; i++) {
    memory.copy(to, hidden, H);
    to += H;
    hidden += chunk.selected ? H : <usize>load<i32>(chunk.lengths + f32s(i)) * H;
  }
}
