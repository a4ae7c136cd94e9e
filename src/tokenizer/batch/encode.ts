/**
 * One tokenizer call: texts and options in, BatchEncoding out. The steps are those of transformers'
 * `_encode_plus` (tokenization_utils_tokenizers.py): check the arguments, encode, truncate and pad,
 * make the fields.
 */

import { warn } from '../../log.ts';
import type { AddedVocabulary } from '../text/added-tokens.ts';
import { type CallOptions, samplesOf, type TextInput } from './arguments.ts';
import { Batch, type TokenizerState } from './batch.ts';
import { BatchEncoding, type EncodingFields, type IdTensor } from './batch-encoding.ts';
import { type Call, wantsTensors } from './call.ts';
import { type FieldWriter, fieldMaker } from './fields.ts';
import { rowsOf } from './post-processing.ts';
import { type Row, writeField } from './rows.ts';

/** Options that give flat arrays for a single text. */
type Flat = { return_tensor: false; return_overflowing_tokens?: false };

/** The signatures of a call; `V` is the type of Tensors in results. */
export interface EncodeCall<V extends IdTensor> {
  /** Encodes one text without tensors: flat arrays. */
  (text: string, options: CallOptions & Flat): BatchEncoding<number[]>;
  /** Encodes one pair without tensors: flat arrays. */
  (text: string, text_pair: Pair<string>, options: Without & Flat): BatchEncoding<number[]>;
  /** Encodes a batch without tensors: one array for each row. */
  (
    text: readonly string[],
    options: CallOptions & { return_tensor: false },
  ): BatchEncoding<number[][]>;
  /** Encodes a batch of pairs without tensors: one array for each row. */
  (
    text: readonly string[],
    text_pair: Pair<readonly string[]>,
    options: Without & { return_tensor: false },
  ): BatchEncoding<number[][]>;
  /** Encodes a text, a batch or words without tensors. */
  (
    text: TextInput,
    options: CallOptions & { return_tensor: false },
  ): BatchEncoding<number[] | number[][]>;
  /** Encodes a pair, a batch of pairs or words without tensors. */
  (
    text: TextInput,
    text_pair: Pair<TextInput>,
    options: Without & { return_tensor: false },
  ): BatchEncoding<number[] | number[][]>;
  /** Encodes a text or a batch: int64 Tensors [B,S]. The Tensors of a call share one buffer. */
  (text: TextInput, options?: CallOptions): BatchEncoding<V>;
  /** Encodes a pair or a batch of pairs: int64 Tensors [B,S]. */
  (text: TextInput, text_pair: Pair<TextInput>, options?: Without): BatchEncoding<V>;
}

/** A second text as an argument, or none. */
type Pair<T> = T | null | undefined;

/** Options beside a second text. */
type Without = CallOptions & { text_pair?: null };

/**
 * Encodes texts.
 * @param added the added tokens at the time of the call
 * @throws TypeError or RangeError for texts and options that cannot be used
 */
export function encodeBatch(
  state: TokenizerState,
  added: AddedVocabulary,
  { text, pair, options }: Call,
): BatchEncoding<unknown> {
  const isTensor = wantsTensors(options);
  const { samples, isBatch } = samplesOf(text, pair, options.is_split_into_words);
  const batch = new Batch(state, added, samples, options);
  const rows = rowsOf(state, batch, options);
  if (options.max_length == null && options.verbose !== false) warnOfLength(state, rows, options);
  const isFlat = !isTensor && !isBatch && !options.return_overflowing_tokens;
  const viewOf = (row: number) => batch.view(rows[row]!);
  const result = new BatchEncoding<unknown>(rows.length, viewOf, samples[0]!.length);
  addFields(result, state, batch, rows, options, isFlat);
  if (options.return_offsets_mapping) {
    const spans = rows.map((row) => batch.offsets(row));
    result.offset_mapping = isFlat ? spans[0]! : spans;
  }
  return result;
}

/**
 * Warns once of a row that is longer than the model takes, and of options that do nothing because
 * nothing limits the length. The messages are those of Python.
 */
function warnOfLength(state: TokenizerState, rows: readonly Row[], options: CallOptions): void {
  const limit = state.settings.model_max_length;
  const row = rows.find(({ length }) => length > limit);
  if (row && limit !== 0) {
    warnOnce(
      state,
      'length',
      'Token indices sequence length is longer than the specified maximum sequence length for ' +
        `this model (${row.length} > ${limit}). Running this sequence through the model will ` +
        'result in indexing errors',
    );
  }
  if (limit <= 1e20) return;
  const none = 'to max_length but no maximum length is provided and the model has no predefined';
  if (options.padding === 'max_length') {
    warnOnce(state, 'padding', `Asking to pad ${none} maximum length. Default to no padding.`);
  }
  if (options.truncation && options.truncation !== 'do_not_truncate') {
    const end = 'maximum length. Default to no truncation.';
    warnOnce(state, 'truncation', `Asking to truncate ${none} ${end}`);
  }
}

function warnOnce({ warned }: TokenizerState, kind: string, message: string): void {
  if (warned.has(kind)) return;
  warned.add(kind);
  warn(message);
}

/**
 * Adds the requested fields to a result. Each is written out, because computed names make a call
 * with a short text a tenth slower.
 * @param isFlat whether a plain array holds the only row itself, instead of an array of rows
 * @throws RangeError when rows of Tensors differ in length
 */
function addFields(
  result: Partial<EncodingFields<unknown>>,
  { Tensor, settings }: TokenizerState,
  { sequences }: Batch,
  rows: readonly Row[],
  options: CallOptions,
  isFlat: boolean,
): void {
  const inputNames = settings.model_input_names;
  const hasMask = options.return_attention_mask ?? inputNames.includes('attention_mask');
  const hasTypes = options.return_token_type_ids ?? inputNames.includes('token_type_ids');
  const hasSpecial = options.return_special_tokens_mask ?? false;
  const lengths = rows.map(({ length }) => length);
  const write: FieldWriter = (name, row, out, at, step) =>
    writeField(name, rows[row]!, sequences[rows[row]!.sample]!, out, at, step);
  const count = 1 + Number(hasMask) + Number(hasTypes) + Number(hasSpecial);
  const make = fieldMaker(wantsTensors(options) && Tensor, isFlat, count, lengths, write);
  result.input_ids = make('input_ids');
  if (hasMask) result.attention_mask = make('attention_mask');
  if (hasTypes) result.token_type_ids = make('token_type_ids');
  if (hasSpecial) result.special_tokens_mask = make('special_tokens_mask');
  if (options.return_length) result.length = isFlat ? lengths[0]! : lengths;
  if (options.return_overflowing_tokens) {
    result.overflow_to_sample_mapping = rows.map(({ sample }) => sample);
  }
}
