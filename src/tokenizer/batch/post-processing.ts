/**
 * From the tokens of a batch to its rows: truncated, with special tokens, padded (`post_process` of
 * tokenizers/src/tokenizer/mod.rs).
 */

import type { Sequence } from '../text/token-buffer.ts';
import {
  type CallOptions,
  checkCount,
  checkSide,
  resolveStrategies,
  type Side,
} from './arguments.ts';
import type { Batch, TokenizerState } from './batch.ts';
import { makeRow, padRow, type Row, roundUp } from './rows.ts';
import { checkStride, type RowRanges, type TruncationOptions, truncate } from './truncation.ts';

/**
 * The rows of a batch.
 * @throws RangeError for a length or stride that is impossible, TypeError without a padding token
 */
export function rowsOf(state: TokenizerState, batch: Batch, options: CallOptions): Row[] {
  const { settings } = state;
  const hasSpecial = options.add_special_tokens !== false;
  const { padding, truncation, maxLength } = resolveStrategies(options, settings.model_max_length);
  const stride = checkCount('stride', options.stride) ?? 0;
  const rows: Row[] = [];
  let longest = 0;
  for (let sample = 0; sample < batch.sequences.length; sample++) {
    const sequences = batch.sequences[sample]!;
    const { parts, texts, special } = state.template[sequences.length > 1 ? 'pair' : 'single'];
    const cut = {
      strategy: truncation,
      room: maxLength - (hasSpecial ? special : 0),
      stride,
      order: texts.map(({ text }) => text),
    };
    const isCut = truncation !== 'do_not_truncate';
    const ranges = isCut
      ? rangesOf(settings, batch, sample, cut, options, maxLength)
      : [wholeOf(sequences, cut.order)];
    const first = rows.length;
    for (const row of ranges) {
      rows.push(makeRow(sample, hasSpecial ? parts : texts, row, ranges[0]!));
    }
    longest = Math.max(longest, rows[first]!.length);
  }
  if (padding === 'do_not_pad') return rows;
  const filling = state.padding();
  const side = checkSide('padding_side', options.padding_side ?? settings.padding_side);
  const target = padding === 'max_length' ? maxLength : longest;
  const length = roundUp(target, options.pad_to_multiple_of);
  for (const row of rows) padRow(row, length, { ...filling, side });
  return rows;
}

function wholeOf(sequences: readonly Sequence[], order: readonly number[]): RowRanges {
  return order.map((text) => [0, sequences[text]!.ids.length]);
}

/** The ranges of a truncated sample. */
function rangesOf(
  { truncation_side: side, model_max_length }: TokenizerState['settings'],
  batch: Batch,
  sample: number,
  cut: Pick<TruncationOptions, 'strategy' | 'room' | 'stride' | 'order'>,
  options: CallOptions,
  maxLength: number,
): RowRanges[] {
  const { room, stride } = cut;
  const lengths = batch.sequences[sample]!.map(({ ids }) => ids.length);
  if (room < 0) {
    throw new RangeError(
      `Cannot truncate: max_length is ${maxLength}, expected ${maxLength - room} special tokens to fit`,
    );
  }
  checkStride(stride, room);
  const limit = options.max_length ?? model_max_length;
  const isOdd = lengths.length > 1 && room % 2 === 1 && lengths.every((length) => length >= limit);
  const compared =
    isOdd && !options.is_split_into_words
      ? batch.tracked(sample).map((sequence) => seenLength(sequence, limit, side))
      : lengths;
  const overflows = options.return_overflowing_tokens === true;
  return truncate(lengths, { ...cut, side, overflows, compared });
}

/**
 * The length of a text as the Rust tokenizers 0.23 see it when they compare the texts of a pair:
 * they stop encoding at the end of the first word that reaches `limit` and is not an added token
 * (github.com/huggingface/tokenizers/issues/2091). This decides which text gets the odd token.
 */
function seenLength({ ids, words, texts }: Sequence, limit: number, side: Side): number {
  const step = side === 'right' ? 1 : -1;
  let at = side === 'right' ? limit - 1 : ids.length - limit;
  const isLast = () => words[at + step] === undefined;
  while (!isLast() && (words[at + step] === words[at] || texts.has(at))) at += step;
  return side === 'right' ? at + 1 : ids.length - at;
}
