/**
 * One tokenizer call: texts and options in, BatchEncoding out. The order of the work is that of
 * transformers' `_encode_plus` (tokenization_utils_tokenizers.py): check, encode, cut and pad, hand
 * out.
 */

import type { CallOptions } from '../api/options.ts';
import type { AddedVocabulary } from '../text/added-tokens.ts';
import { Batch, type TokenizerState } from './batch.ts';
import { BatchEncoding } from './batch-encoding.ts';
import { rowsOf } from './batch-rows.ts';
import { addFields } from './fields.ts';
import { samplesOf } from './inputs.ts';

/** Encodes texts. @throws TypeError or RangeError on inputs and options that make no sense */
export function encodeBatch(
  state: TokenizerState,
  added: AddedVocabulary,
  text: unknown,
  options: CallOptions,
): BatchEncoding<unknown> {
  const { samples, isBatch } = samplesOf(text, options.text_pair, options.is_split_into_words);
  const batch = new Batch(state, added, samples, options);
  const rows = rowsOf(state, batch, options);
  const isBare = options.return_tensor === false && !isBatch && !options.return_overflowing_tokens;
  const viewOf = (row: number) => batch.view(rows[row]!);
  const result = new BatchEncoding<unknown>(rows.length, viewOf, samples[0]!.length);
  addFields(result, state, batch, rows, options, isBare);
  if (options.return_offsets_mapping) {
    const spans = rows.map((row) => batch.offsets(row));
    result.offset_mapping = isBare ? spans[0]! : spans;
  }
  return result;
}
