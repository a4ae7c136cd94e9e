/**
 * Rows of any lengths -> passes of bounded size. A pass is a ragged batch: its rows lie one behind
 * the other without padding, and each is computed as if it were alone. In: rows of token ids. Out:
 * the engine's buffers, pass by pass, the longest rows first so that memory grows only once.
 */

import type { MobileBertConfig } from '../config/config.ts';
import type { OutputName, Request } from '../engine/engine.ts';
import { InputError } from '../errors.ts';
import type { Buffers, PreTrainedModel } from '../models/pretrained-model.ts';

/** The tokens of one text or pair of texts [S], special tokens included. */
export interface Row {
  readonly input_ids: readonly number[];
  readonly token_type_ids: readonly number[];
  /**
   * Ascending positions whose vectors the task needs; default all. The outputs of tokens then hold
   * these positions only. Either all rows of a call have it or none.
   */
  readonly selected?: readonly number[] | undefined;
}

/** The result of one pass. */
export interface Pass {
  /** Indices of the rows in it, in the order of the buffers. */
  readonly indices: readonly number[];
  readonly buffers: Buffers;
}

/** Maximum tokens of a pass, unless a single row has more. */
const TOKENS_PER_PASS = 2048;

/** Maximum selected positions of a pass: 256 logits of a whole vocabulary are 31 MB. */
const SELECTED_PER_PASS = 256;

/** @throws InputError when the model cannot take the row */
export function checkRow({ input_ids, token_type_ids }: Row, config: MobileBertConfig): void {
  const positions = config.max_position_embeddings;
  const length = input_ids.length;
  if (length < 1 || length > positions) {
    throw new InputError(
      `Cannot run the model: text has ${length} tokens, expected 1 to max_position_embeddings (${positions})`,
    );
  }
  checkIds('input_ids', input_ids, config.vocab_size, 'vocab_size');
  checkIds('token_type_ids', token_type_ids, config.type_vocab_size, 'type_vocab_size');
}

function checkIds(name: string, ids: readonly number[], size: number, field: string): void {
  for (const id of ids) {
    if (id >= 0 && id < size) continue;
    throw new InputError(
      `Cannot run the model: tokenizer gives ${id} in ${name}, expected less than the model's ${field} (${size})`,
    );
  }
}

/**
 * Runs all rows, and yields to the event loop between passes.
 *
 * @throws the reason of `signal` once it has aborted
 */
export async function* raggedPasses(
  model: PreTrainedModel<never>,
  rows: readonly Row[],
  outputs: readonly OutputName[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Pass> {
  let isFirst = true;
  for (const indices of groups(rows)) {
    if (!isFirst) await yieldToEventLoop(signal);
    isFirst = false;
    const request = requestOf(
      indices.map((i) => rows[i]!),
      outputs,
    );
    yield { indices, buffers: await model.run(request) };
  }
}

/**
 * Splits an output with one vector per token, such as TokenLogits, into the parts of its rows.
 *
 * @param rows all rows of the call, those of other passes included
 * @param width elements of a vector
 * @returns the index of each row and its vectors [S,width], or [selected,width], as a view
 */
export function* vectorsOfRows(
  { indices, buffers }: Pass,
  output: OutputName,
  rows: readonly Row[],
  width: number,
): Generator<readonly [index: number, vectors: Float32Array]> {
  let start = 0;
  for (const index of indices) {
    const { input_ids, selected = input_ids } = rows[index]!;
    const end = start + selected.length * width;
    yield [index, buffers[output]!.subarray(start, end)];
    start = end;
  }
}

/**
 * Lets timers, input events and other calls run. Passes and tokenizing are synchronous, so a call
 * can be aborted only here.
 *
 * @throws the reason of `signal` once it has aborted
 */
export async function yieldToEventLoop(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  signal?.throwIfAborted();
}

/** Indices of the rows, the longest first, in groups of bounded tokens and selected positions. */
function groups(rows: readonly Row[]): number[][] {
  const lengthOf = (i: number) => rows[i]!.input_ids.length;
  const sorted = Array.from(rows, (_, i) => i).sort((a, b) => lengthOf(b) - lengthOf(a));
  const all: number[][] = [];
  let tokens = Number.POSITIVE_INFINITY;
  let positions = 0;
  for (const index of sorted) {
    const { input_ids, selected = [] } = rows[index]!;
    tokens += input_ids.length;
    positions += selected.length;
    if (tokens > TOKENS_PER_PASS || positions > SELECTED_PER_PASS) {
      all.push([]);
      tokens = input_ids.length;
      positions = selected.length;
    }
    all.at(-1)!.push(index);
  }
  return all;
}

function requestOf(rows: readonly Row[], outputs: readonly OutputName[]): Request {
  const lengths = Int32Array.from(rows, (row) => row.input_ids.length);
  const M = lengths.reduce((sum, length) => sum + length, 0);
  const inputIds = new Int32Array(M);
  const tokenTypeIds = new Int32Array(M);
  const positionIds = new Int32Array(M);
  let at = 0;
  for (const { input_ids, token_type_ids } of rows) {
    inputIds.set(input_ids, at);
    tokenTypeIds.set(token_type_ids, at);
    for (let i = 0; i < input_ids.length; i++) positionIds[at + i] = i;
    at += input_ids.length;
  }
  const attentionMask = new Int32Array(M).fill(1);
  const selected = rows[0]?.selected && selectedInBatch(rows);
  return {
    ...{ lengths, inputIds, tokenTypeIds, positionIds, attentionMask, outputs },
    rows: selected,
  };
}

/** The selected positions of all rows, counted from the start of the batch. */
function selectedInBatch(rows: readonly Row[]): Int32Array {
  const all: number[] = [];
  let start = 0;
  for (const { input_ids, selected } of rows) {
    for (const position of selected!) all.push(start + position);
    start += input_ids.length;
  }
  return Int32Array.from(all);
}
