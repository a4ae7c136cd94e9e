/**
 * Texts and pairs of texts -> rows of token ids, cut to what the model takes, without padding.
 * Every row is checked against the model's configuration, because a pipeline's tokenizer and model
 * may come from different places.
 */

import type { MobileBertConfig } from '../config/config.ts';
import type { PreTrainedTokenizer } from '../tokenizer/api/tokenizer.ts';
import { checkRow, type Row, yieldToEventLoop } from './ragged.ts';

/** A text, or with `text_pair` two texts that are read together. */
export interface Sample {
  readonly text: string;
  readonly text_pair?: string | null | undefined;
}

export interface EncodeOptions {
  /**
   * Whether texts with too many tokens are cut. Default `true`; of a pair, the longer text is cut
   * first. With `false` a text that is too long for the model throws InputError.
   */
  truncation?: boolean | undefined;
  /**
   * Number of tokens to cut a text or pair to, special tokens included. Default: the tokenizer's
   * `model_max_length`. It is never more than the model's `max_position_embeddings`.
   */
  max_length?: number | null | undefined;
  /** Aborts the call between two passes of the model; the call rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Texts to tokenize before yielding to the event loop: a few milliseconds. */
export const TEXTS_PER_TURN = 1024;

/** @throws InputError when a text is too long or the tokenizer does not fit the model */
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
    if (rows.length > 0 && rows.length % TEXTS_PER_TURN === 0) await yieldToEventLoop(signal);
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
 * A row for every pair of premise and hypothesis: all hypotheses of the first premise, then of the
 * second, and so on. Every text is tokenized once. A pair that is too long loses tokens of its
 * premise only, as with `truncation='only_first'` in Python. A hypothesis that fills the row by
 * itself leaves the premise uncut, also as in Python; the model may then refuse the pair.
 *
 * @throws InputError when a pair is too long or the tokenizer does not fit the model
 */
export async function inferenceRows(
  premises: readonly string[],
  hypotheses: readonly string[],
  tokenizer: PreTrainedTokenizer,
  config: MobileBertConfig,
  { truncation = true, max_length, signal }: EncodeOptions,
): Promise<Row[]> {
  const limit = tokenLimit(tokenizer, config, max_length);
  const room = limit - tokenizer.num_special_tokens_to_add(true);
  // One token more than the model takes is enough to know that a text is too long.
  const most = { truncation: true, max_length: config.max_position_embeddings + 1 };
  const idsOf = (text: string) => tokenizer.encode(text, { ...most, add_special_tokens: false });
  const seconds = hypotheses.map(idsOf);
  const rows: Row[] = [];
  for (const premise of premises) {
    const first = idsOf(premise);
    for (const second of seconds) {
      if (rows.length > 0 && rows.length % TEXTS_PER_TURN === 0) await yieldToEventLoop(signal);
      const isCut = truncation && second.length < room;
      const kept = isCut ? cut(first, room - second.length, tokenizer) : first;
      rows.push(rowOfIds(tokenizer, config, kept, second));
    }
  }
  return rows;
}

function cut(ids: number[], room: number, { truncation_side }: PreTrainedTokenizer): number[] {
  return truncation_side === 'left' ? ids.slice(-room) : ids.slice(0, room);
}

/**
 * The row [CLS] ids [SEP], or [CLS] ids [SEP] pair [SEP].
 *
 * @throws InputError when the row is too long or the tokenizer does not fit the model
 */
export function rowOfIds(
  tokenizer: PreTrainedTokenizer,
  config: MobileBertConfig,
  ids: readonly number[],
  pair?: readonly number[],
): Row {
  const row = {
    input_ids: tokenizer.build_inputs_with_special_tokens(ids, pair),
    token_type_ids: tokenizer.create_token_type_ids_from_sequences(ids, pair),
  };
  checkRow(row, config);
  return row;
}

/**
 * Maximum tokens of a row: `max_length`, or else the tokenizer's limit, but never more than the
 * model has positions.
 *
 * @throws RangeError unless that is an integer from 0 on
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
