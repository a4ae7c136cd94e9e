/**
 * Rows of any lengths -> passes of bounded size, without padding: every text is computed as if it
 * were alone. In: rows of tokens. Out: the engine's buffers, pass by pass, longest rows first, so
 * that memory grows once.
 */

import type { OutputName, Request } from '../engine/engine.ts';
import type { Buffers, PreTrainedModel } from '../models/pretrained-model.ts';
import { breathe } from './breathe.ts';
import type { Row } from './encode.ts';

/** Most tokens of a pass, unless one row alone has more. */
const TOKENS_PER_PASS = 2048;

/** Most rows read past the last block where rows say which: of a whole vocabulary 31 MB. */
const READS_PER_PASS = 256;

/** What one pass left behind. */
export interface Pass {
  /** Which rows it ran, in the order of the buffers. */
  readonly indices: readonly number[];
  readonly buffers: Buffers;
}

/** Runs all rows; between passes the event loop has its turn and `signal` is looked at. */
export async function* raggedPasses(
  model: PreTrainedModel<never>,
  rows: readonly Row[],
  outputs: readonly OutputName[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Pass> {
  let isFirst = true;
  for (const indices of groups(rows)) {
    if (!isFirst) await breathe(signal);
    isFirst = false;
    const buffers = await model.run(
      requestOf(
        indices.map((i) => rows[i]!),
        outputs,
      ),
    );
    yield { indices, buffers };
  }
}

/** Indices of the rows, the longest first, in groups of bounded tokens and reads. */
function groups(rows: readonly Row[]): number[][] {
  const lengthOf = (i: number) => rows[i]!.input_ids.length;
  const sorted = Array.from(rows, (_, i) => i).sort((a, b) => lengthOf(b) - lengthOf(a));
  const all: number[][] = [];
  let tokens = Number.POSITIVE_INFINITY;
  let reads = 0;
  for (const index of sorted) {
    const { input_ids, read = [] } = rows[index]!;
    tokens += input_ids.length;
    reads += read.length;
    if (tokens > TOKENS_PER_PASS || reads > READS_PER_PASS) {
      all.push([]);
      tokens = input_ids.length;
      reads = read.length;
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
  const selected = rows[0]?.read && selectedRows(rows);
  return {
    ...{ lengths, inputIds, tokenTypeIds, positionIds, attentionMask, outputs },
    rows: selected,
  };
}

/** Places within the batch of the positions that the rows want read. */
function selectedRows(rows: readonly Row[]): Int32Array {
  const selected: number[] = [];
  let start = 0;
  for (const { input_ids, read } of rows) {
    for (const position of read!) selected.push(start + position);
    start += input_ids.length;
  }
  return Int32Array.from(selected);
}
