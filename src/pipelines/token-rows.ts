/**
 * Texts, or lists of words, -> rows of tokens with their offsets in the text. A text that is too
 * long is cut or, with a stride, becomes several rows that overlap. Mirrors preprocess() of
 * transformers' pipelines/token_classification.py, without padding.
 */

import type { MobileBertConfig } from '../config/config.ts';
import type { PreTrainedTokenizer } from '../tokenizer/api/tokenizer.ts';
import { type Row, yieldToEventLoop } from './ragged.ts';
import { type EncodeOptions, rowOfIds, TEXTS_PER_TURN, tokenLimit } from './rows.ts';
import { tokenizedText, windowRanges } from './windows.ts';

/** A text, and its words where it was given as words. */
export interface Sentence {
  readonly text: string;
  readonly words?: readonly string[];
}

/** One window of a text: [CLS] tokens [SEP]. */
export interface TokenRow extends Row {
  /** Index of the text. */
  readonly sentence: number;
  /** UTF-16 offsets [start, end) in the text of each token between [CLS] and [SEP]. */
  readonly offsets: readonly (readonly [start: number, end: number])[];
}

export interface TokenRowOptions extends EncodeOptions {
  /** Joins the words of a text. */
  readonly delimiter: string;
  /** Tokens that neighbouring windows share; null for one row per text. */
  readonly stride: number | null;
}

/**
 * @throws InputError when a text is too long or the tokenizer does not fit the model, RangeError
 * when max_length leaves no room for tokens, or none beyond the stride
 */
export async function tokenRows(
  sentences: readonly Sentence[],
  tokenizer: PreTrainedTokenizer,
  config: MobileBertConfig,
  { truncation = true, max_length, delimiter, stride, signal }: TokenRowOptions,
): Promise<TokenRow[]> {
  const limit = tokenLimit(tokenizer, config, max_length);
  const room = limit - tokenizer.num_special_tokens_to_add();
  checkRoom(room, limit, stride);
  const isCut = truncation || stride !== null;
  const rows: TokenRow[] = [];
  for (const [sentence, { text, words }] of sentences.entries()) {
    if (sentence > 0 && sentence % TEXTS_PER_TURN === 0) await yieldToEventLoop(signal);
    const { ids, offsets, word_ids } = tokenizedText(tokenizer, words ?? text);
    const starts = words && wordStarts(words, delimiter);
    const whole = [0, ids.length] as const;
    const ranges = isCut ? windowRanges(ids.length, room, stride, tokenizer) : [whole];
    for (const [from, to] of ranges) {
      rows.push({
        ...rowOfIds(tokenizer, config, ids.slice(from, to)),
        sentence,
        offsets: offsets.slice(from, to).map(([start, end], i): [number, number] => {
          const shift = starts?.[word_ids[from + i]!] ?? 0;
          return [start + shift, end + shift];
        }),
      });
    }
  }
  return rows;
}

function checkRoom(room: number, limit: number, stride: number | null): void {
  if (room < 0) {
    throw new RangeError(
      `Cannot cut texts: max_length is ${limit}, expected at least the ${limit - room} special tokens`,
    );
  }
  if (stride !== null && stride >= room) {
    throw new RangeError(
      `Cannot cut texts: stride is ${stride}, expected less than the ${room} tokens that max_length (${limit}) leaves beside special ones`,
    );
  }
}

/** Where each word begins in the text that they are joined to. */
function wordStarts(words: readonly string[], delimiter: string): number[] {
  let at = 0;
  return words.map((word) => {
    const start = at;
    at += word.length + delimiter.length;
    return start;
  });
}
