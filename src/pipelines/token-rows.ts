/**
 * Texts, or lists of words, -> rows of tokens with their places in the text. A long text is cut, or
 * with a stride becomes several rows that overlap. Mirrors preprocess of transformers'
 * pipelines/token_classification.py, without padding.
 */

import type { MobileBertConfig } from '../config/config.ts';
import type { PreTrainedTokenizer } from '../tokenizer/api/tokenizer.ts';
import { breathe } from './breathe.ts';
import { checkRow, type EncodeOptions, type Row, TEXTS_PER_TURN, tokenLimit } from './encode.ts';
import { tokenizedText, windowRanges } from './text-windows.ts';

/** A text, and the words that it was given as. */
export interface Sentence {
  readonly text: string;
  readonly words?: readonly string[];
}

/** One row, or window, of a text: [CLS] tokens [SEP]. */
export interface TokenRow extends Row {
  /** Number of its text. */
  readonly sentence: number;
  /** UTF-16 places in the text of each token between [CLS] and [SEP]. */
  readonly places: readonly (readonly [start: number, end: number])[];
}

export interface TokenRowOptions extends EncodeOptions {
  /** What stands between words. */
  readonly delimiter: string;
  /** Tokens that neighbouring windows share; null: one row per text. */
  readonly stride: number | null;
}

/** @throws InputError when a text is too long, RangeError when the stride leaves no room */
export async function tokenRows(
  sentences: readonly Sentence[],
  tokenizer: PreTrainedTokenizer,
  config: MobileBertConfig,
  { truncation = true, max_length, delimiter, stride, signal }: TokenRowOptions,
): Promise<TokenRow[]> {
  const limit = tokenLimit(tokenizer, config, max_length);
  const room = limit - tokenizer.num_special_tokens_to_add();
  if (room < 0 || (stride !== null && stride >= room)) {
    const found = room < 0 ? `max_length is ${limit}` : `stride is ${stride} of ${limit} tokens`;
    throw new RangeError(`Cannot cut texts: ${found}, expected room beside the special tokens`);
  }
  const isCut = truncation || stride !== null;
  const rows: TokenRow[] = [];
  for (const [sentence, { text, words }] of sentences.entries()) {
    if (sentence > 0 && sentence % TEXTS_PER_TURN === 0) await breathe(signal);
    const tokens = tokenizedText(tokenizer, words ?? text);
    const starts = words && wordStarts(words, delimiter);
    const { length } = tokens.ids;
    const ranges = isCut ? windowRanges(length, room, stride, tokenizer) : [[0, length] as const];
    for (const [from, to] of ranges) {
      const ids = tokens.ids.slice(from, to);
      const row = {
        sentence,
        input_ids: tokenizer.build_inputs_with_special_tokens(ids),
        token_type_ids: tokenizer.create_token_type_ids_from_sequences(ids),
        places: tokens.places.slice(from, to).map(([start, end], i): [number, number] => {
          const shift = starts?.[tokens.words[from + i]!] ?? 0;
          return [start + shift, end + shift];
        }),
      };
      checkRow(row, config);
      rows.push(row);
    }
  }
  return rows;
}

/** Where each word begins in the text that they make. */
function wordStarts(words: readonly string[], delimiter: string): number[] {
  let at = 0;
  return words.map((word) => {
    const start = at;
    at += word.length + delimiter.length;
    return start;
  });
}
