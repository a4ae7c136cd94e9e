/**
 * Long texts in parts: tokens of a text with their places in it, and ranges of tokens that cover it.
 * A text is tokenised once, whatever the number of its windows.
 */

import type { PreTrainedTokenizer } from '../tokenizer/api/tokenizer.ts';
import { type Range, truncate } from '../tokenizer/batch/truncation.ts';

/** A text as tokens [N], special ones left out. */
export interface TokenizedText {
  readonly ids: readonly number[];
  /** UTF-16 places [start, end) of each token; of given words, in the word. */
  readonly places: readonly (readonly [start: number, end: number])[];
  /** For each token the number of its word. */
  readonly words: readonly (number | null)[];
}

/** Tokens of a text, or of the words it was given as. */
export function tokenizedText(
  tokenizer: PreTrainedTokenizer,
  source: string | readonly string[],
): TokenizedText {
  const isWords = typeof source !== 'string';
  const encoded = tokenizer([source] as string[] | string[][], {
    is_split_into_words: isWords,
    add_special_tokens: false,
    return_offsets_mapping: true,
    return_tensor: false,
  });
  const [ids] = encoded.input_ids as number[][];
  const [places] = encoded.offset_mapping as [number, number][][];
  return { ids: ids!, places: places!, words: encoded.word_ids() };
}

/**
 * Ranges of at most `room` tokens that cover `length` of them, neighbours sharing `stride`; without
 * a stride the first of them alone. Sides are those of the tokenizer's truncation.
 *
 * @throws RangeError unless windows move on
 */
export function windowRanges(
  length: number,
  room: number,
  stride: number | null,
  { truncation_side: side }: PreTrainedTokenizer,
): Range[] {
  const how = { strategy: 'longest_first', side, compared: [length] } as const;
  const overflow = { overflows: stride !== null, stride: stride ?? 0 };
  return truncate([length], { ...how, ...overflow, room }).map(([range]) => range);
}
