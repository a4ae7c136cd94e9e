/**
 * One batch for an engine, and the check before it reaches linear memory: a request that passes can
 * neither read nor write outside its tables and buffers.
 */

import { InputError } from '../errors.ts';
import { type Dimensions, Output } from './abi.ts';

/** The outputs of a pass, by name. */
export type OutputName = Exclude<keyof typeof Output, 'FromEmbeds'>;

/** One batch: B sequences one behind the other, M rows together. */
export interface Request {
  /** Rows of each sequence [B], each >= 1. */
  readonly lengths: Int32Array;
  /** [M], each below the vocabulary's size; or `inputsEmbeds`. */
  readonly inputIds?: Int32Array;
  /** [M,E] */
  readonly inputsEmbeds?: Float32Array;
  /** [M] */
  readonly tokenTypeIds: Int32Array;
  /** [M] */
  readonly positionIds: Int32Array;
  /** [M], 0 hides a token. */
  readonly attentionMask: Int32Array;
  /**
   * Ascending rows of the batch that are computed to the end; default all. LastHiddenState,
   * TokenLogits and VocabularyLogits then hold these rows only.
   */
  readonly rows?: Int32Array | undefined;
  /** What to compute. */
  readonly outputs: readonly OutputName[];
}

/** @throws InputError naming the array, what it holds and what a model of these dimensions takes */
export function checkRequest(request: Request, d: Dimensions): void {
  const { inputIds, inputsEmbeds, lengths } = request;
  const rows = request.attentionMask.length;
  const sum = lengths.reduce((total, length) => (length >= 1 ? total + length : Number.NaN), 0);
  if (sum !== rows || rows === 0) {
    throw new InputError(
      `Cannot run the model: lengths are [${lengths.slice(0, 8).join(', ')}${lengths.length > 8 ? ', ...' : ''}], expected numbers from 1 that make ${rows} rows`,
    );
  }
  if ((inputIds === undefined) === (inputsEmbeds === undefined)) {
    const found = inputIds ? 'both' : 'neither';
    throw new InputError(
      `Cannot run the model: found ${found} of inputIds and inputsEmbeds, expected exactly one`,
    );
  }
  if (inputsEmbeds) checkCount('inputsEmbeds', inputsEmbeds, rows * d.embedding);
  else if (inputIds) checkIndices('inputIds', inputIds, rows, d.vocabulary);
  checkIndices('tokenTypeIds', request.tokenTypeIds, rows, d.types);
  checkIndices('positionIds', request.positionIds, rows, d.positions);
  for (const name of request.outputs) checkOutput(name, d);
  if (request.rows) checkSelection(request.rows, rows, request.outputs);
}

/**
 * The rows that are computed past the last block: those that a request selects, or each sequence's
 * first where only the pooled row is asked for; undefined for all.
 */
export function selectedRows({ rows, lengths, outputs }: Request): Int32Array | undefined {
  if (rows || !outputs.every((name) => name === 'Pooled' || name === 'SequenceLogits')) return rows;
  let start = 0;
  return lengths.map((length) => {
    start += length;
    return start - length;
  });
}

/** Outputs that need all rows. */
const OF_ALL_ROWS: readonly OutputName[] = [
  'Pooled',
  'SequenceLogits',
  'HiddenStates',
  'Attentions',
];

function checkSelection(selected: Int32Array, rows: number, outputs: readonly OutputName[]): void {
  const wrong = selected.findIndex((row, i) => row >= rows || row <= (i ? selected[i - 1]! : -1));
  if (selected.length === 0 || wrong >= 0) {
    throw new InputError(
      `Cannot run the model: rows hold ${selected[wrong] ?? 'nothing'} at ${Math.max(wrong, 0)}, expected ascending numbers from 0 to ${rows - 1}`,
    );
  }
  const other = outputs.find((name) => OF_ALL_ROWS.includes(name));
  if (other) {
    throw new InputError(
      `Cannot run the model: found rows with the output "${other}", which needs all rows`,
    );
  }
}

function checkIndices(name: string, values: Int32Array, rows: number, below: number): void {
  checkCount(name, values, rows);
  for (let i = 0; i < rows; i++) {
    const value = values[i]!;
    if (value >= 0 && value < below) continue;
    throw new InputError(
      `Cannot run the model: ${name} holds ${value} at ${i}, expected whole numbers from 0 to ${below - 1}`,
    );
  }
}

function checkCount(name: string, { length }: ArrayLike<number>, expected: number): void {
  if (length === expected) return;
  throw new InputError(
    `Cannot run the model: ${name} has ${length} elements, expected ${expected}`,
  );
}

/** A buffer that no head fills would hold what an earlier request left there. */
function checkOutput(name: OutputName, d: Dimensions): void {
  const heads: Partial<Record<OutputName, number>> = {
    SequenceLogits: d.sequenceLabels,
    TokenLogits: d.tokenLabels,
    VocabularyLogits: d.languageModel,
  };
  if (Object.hasOwn(Output, name) && heads[name] !== 0) return;
  throw new InputError(
    `Cannot run the model: it has no output "${name}", expected one it computes`,
  );
}

/** What the sizes of outputs depend on. */
export interface Extents {
  readonly sequences: number;
  readonly rows: number;
  /** Rows that are computed past the last block. */
  readonly queries: number;
  readonly scores: number;
}

/** How many numbers an output has. */
export function outputSize(
  name: OutputName,
  { sequences, rows, queries, scores }: Extents,
  d: Dimensions,
): number {
  switch (name) {
    case 'LastHiddenState':
      return queries * d.hidden;
    case 'Pooled':
      return sequences * d.hidden;
    case 'SequenceLogits':
      return sequences * d.sequenceLabels;
    case 'TokenLogits':
      return queries * d.tokenLabels;
    case 'VocabularyLogits':
      return queries * d.vocabulary;
    case 'HiddenStates':
      return (d.layers + 1) * rows * d.hidden;
    case 'Attentions':
      return d.layers * d.heads * scores;
  }
}
