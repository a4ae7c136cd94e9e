/**
 * Texts -> rows of token ids, each by itself and without padding, cut to what the model takes. All
 * that the engine relies on is checked here: tokenizer and model may come from different places.
 */

import type { MobileBertConfig } from '../config/config.ts';
import { InputError } from '../errors.ts';
import type { PreTrainedTokenizer } from '../tokenizer/api/tokenizer.ts';
import { breathe } from './breathe.ts';

/** One text, or a pair. */
export interface Sample {
  readonly text: string;
  readonly text_pair?: string | null | undefined;
}

/** Tokens of one sample. */
export interface Row {
  readonly input_ids: readonly number[];
  readonly token_type_ids: readonly number[];
  /**
   * Ascending positions that are read past the last block; by default all. Buffers then hold these
   * only. Rows that are run together all say it or none.
   */
  readonly read?: readonly number[] | undefined;
}

export interface EncodeOptions {
  /** Cut texts that are too long (default), longest part first; `false`: refuse them. */
  truncation?: boolean | undefined;
  /** Most tokens of a text; default what tokenizer and model allow. */
  max_length?: number | null | undefined;
  /** Stops the call between passes; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Texts that are encoded in one go, a few milliseconds. */
export const TEXTS_PER_TURN = 1024;

/** @throws InputError when a text is too long or the tokenizer is of another model */
export async function encode(
  samples: readonly Sample[],
  tokenizer: PreTrainedTokenizer,
  config: MobileBertConfig,
  { truncation = true, max_length, signal }: EncodeOptions,
): Promise<Row[]> {
  const limit = tokenLimit(tokenizer, config, max_length);
  const cut = truncation ? { truncation, max_length: limit } : { truncation };
  const rows: Row[] = [];
  for (const { text, text_pair } of samples) {
    if (rows.length > 0 && rows.length % TEXTS_PER_TURN === 0) await breathe(signal);
    const encoded = tokenizer(text, {
      ...cut,
      text_pair: text_pair ?? null,
      return_token_type_ids: true,
      return_tensor: false,
    });
    const row = { input_ids: encoded.input_ids, token_type_ids: encoded.token_type_ids };
    checkRow(row, config);
    rows.push(row);
  }
  return rows;
}

/**
 * Most tokens of a row: what is asked for, or what the tokenizer says; never more than the model has
 * positions.
 *
 * @throws RangeError for a max_length that is none
 */
export function tokenLimit(
  tokenizer: PreTrainedTokenizer,
  config: MobileBertConfig,
  max_length: number | null | undefined,
): number {
  const limit = Math.min(max_length ?? tokenizer.model_max_length, config.max_position_embeddings);
  if (Number.isInteger(limit) && limit >= 0) return limit;
  throw new RangeError(
    `Cannot tokenize: max_length is ${limit}, expected a whole number from 0 on`,
  );
}

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
