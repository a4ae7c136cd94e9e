/**
 * Cutting texts to a length: numbers in, ranges of tokens out (tokenizers/src/utils/truncation.rs
 * and Encoding::truncate). Nothing is copied; a row is a range of each of its sequences.
 */

import type { Side, TruncationStrategy } from '../api/options.ts';

/** Tokens [from, to) of a sequence. */
export type Range = readonly [from: number, to: number];

/** One row of the result: a range of the first sequence, and of the second of a pair. */
export type RowRanges = readonly [Range] | readonly [Range, Range];

/** How a text is cut. */
export interface TruncationOptions {
  strategy: TruncationStrategy;
  /** Room for tokens, special ones not counted. */
  room: number;
  stride: number;
  side: Side;
  /** Whether what is cut off is wanted too. */
  overflows: boolean;
  /** Lengths by which the longer text of a pair is chosen. */
  compared: readonly number[];
}

/**
 * The rows of a text or pair of these lengths: what is kept, then what overflows.
 * @throws RangeError when the strategy cannot make the text short enough
 */
export function truncate(lengths: readonly number[], options: TruncationOptions): RowRanges[] {
  const kept = keptLengths(lengths, options);
  const [first, second] = lengths.map((length, i) => windows(length, kept[i]!, options));
  if (!second) return first!.map((range): RowRanges => [range]);
  // The order of Encoding::merge_with: what is kept, each further window of the first text with
  // every one of the second, the first window with the further ones of the second.
  const [main, ...further] = first!;
  const rows: RowRanges[] = [[main!, second[0]!]];
  for (const a of further) for (const b of second) rows.push([a, b]);
  for (const b of second.slice(1)) rows.push([main!, b]);
  return rows;
}

/** How many tokens of each sequence are kept. */
function keptLengths(
  [first, second]: readonly number[],
  { strategy, room, compared }: TruncationOptions,
): number[] {
  const lengths = second === undefined ? [first!] : [first!, second];
  const excess = first! + (second ?? 0) - room;
  if (strategy === 'do_not_truncate' || excess <= 0) return lengths;
  if (room === 0) return lengths.map(() => 0);
  if (strategy === 'longest_first') {
    return second === undefined ? [room] : keptOfPair(compared[0]!, compared[1]!, room);
  }
  const index = strategy === 'only_first' ? 0 : 1;
  const length = lengths[index];
  if (length === undefined) {
    throw new RangeError('Cannot truncate: strategy is only_second, expected a text_pair');
  }
  if (length <= excess) {
    throw new RangeError(
      `Cannot truncate: ${strategy} has ${length} tokens to cut, expected more than ${excess}`,
    );
  }
  lengths[index] = length - excess;
  return lengths;
}

/** Cuts the longer of two sequences first, then both alike; the longer gets an odd token. */
function keptOfPair(first: number, second: number, room: number): number[] {
  const short = Math.min(first, second);
  const long = short > room ? short : Math.max(short, room - short);
  const isHalved = short + long > room;
  const kept = isHalved ? [room >> 1, room - (room >> 1)] : [short, long];
  return first > second ? kept.reverse() : kept;
}

/** Ranges of at most `size` tokens that cover a sequence, neighbours sharing `stride` tokens. */
function windows(
  length: number,
  size: number,
  { stride, side, overflows }: TruncationOptions,
): Range[] {
  if (size >= length) return [[0, length]];
  if (size > 0) checkStride(stride, size);
  const ranges: Range[] = [side === 'right' ? [0, size] : [length - size, length]];
  if (!overflows) return ranges;
  if (size === 0)
    return [
      [0, 0],
      [0, length],
    ];
  for (let covered = size - stride; covered + stride < length; covered += size - stride) {
    const end = Math.min(covered + size, length);
    ranges.push(side === 'right' ? [covered, end] : [length - end, length - covered]);
  }
  return ranges;
}

/** @throws RangeError unless windows of `room` tokens move on */
export function checkStride(stride: number, room: number): void {
  if (stride > 0 && stride >= room) {
    throw new RangeError(
      `Cannot truncate: stride is ${stride}, expected less than the room of ${room} tokens`,
    );
  }
}
