/**
 * One tokenizer call: texts and options in, BatchEncoding out. The order of the work is that of
 * transformers' `_encode_plus` (tokenization_utils_tokenizers.py): check, encode, cut and pad, hand
 * out.
 */

import { Batch, type TokenizerState } from './batch.ts';
import { BatchEncoding } from './batch-encoding.ts';
import { rowsOf } from './batch-rows.ts';
import { fieldsOf } from './fields.ts';
import { samplesOf } from './inputs.ts';
import type { CallOptions } from './options.ts';
import { placesOf } from './rows.ts';

/** Encodes texts. @throws TypeError or RangeError on inputs and options that make no sense */
export function encodeBatch(
  state: TokenizerState,
  text: unknown,
  options: CallOptions,
): BatchEncoding<unknown> {
  const { samples, isBatch } = samplesOf(text, options.text_pair, options.is_split_into_words);
  const batch = new Batch(state, samples, options);
  const rows = rowsOf(state, batch, options);
  if (options.return_special_tokens_mask) {
    for (const row of rows) {
      row.special_tokens_mask = placesOf(row).sequences.map((sequence) => (sequence < 0 ? 1 : 0));
    }
  }
  const isBare = options.return_tensor === false && !isBatch && !options.return_overflowing_tokens;
  const fields = fieldsOf(rows, state.inputNames, options, isBare);
  if (options.return_offsets_mapping) {
    const spans = rows.map((row) => batch.view(row).offsets);
    fields.offset_mapping = isBare ? spans[0]! : spans;
  }
  return new BatchEncoding(
    fields,
    rows.length,
    (row) => batch.view(rows[row]!),
    samples[0]!.length,
  );
}
