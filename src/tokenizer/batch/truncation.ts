/**
 * Truncation: lengths in, ranges of tokens out (tokenizers/src/utils/truncation.rs and
 * Encoding::truncate). Nothing is copied; a row is a range of each of its sequences.
 */

import type { Side, TruncationStrategy } from './arguments.ts';

/** Tokens [from, to) of a sequence. */
export type Range = readonly [from: number, to: number];

/** One row of the result: a range of the first sequence, and of the second of a pair. */
export type RowRanges = readonly [Range] | readonly [Range, Range];

/** How a sample is truncated. */
export interface TruncationOptions {
  strategy: TruncationStrategy;
  /** Most tokens of a row, special tokens not counted. */
  room: number;
  /** Tokens that neighbouring windows share. */
  stride: number;
  /** The side that is cut off. */
  side: Side;
  /** Whether the tokens that are cut off become further rows. */
  overflows: boolean;
  /** Lengths that decide which text of a pair is the longer one. */
  compared: readonly number[];
}

/**
 * The rows of a sample whose texts have these lengths: first what is kept, then what overflows.
 * @throws RangeError when the strategy cannot make the sample short enough
 */
export function truncate(lengths: readonly number[], options: TruncationOptions): RowRanges[] {
  const kept = keptLengths(lengths, options);
  const [first, second] = lengths.map((length, i) => windows(length, kept[i]!, options));
  if (!second) return first!.map((range): RowRanges => [range]);
  // The order of Encoding::merge_with: what is kept; each further window of the first text with
  // every window of the second; the first window with the further windows of the second.
  const [main, ...further] = first!;
  const rows: RowRanges[] = [[main!, second[0]!]];
  for (const a of further) for (const b of second) rows.push([a, b]);
  for (const b of second.slice(1)) rows.push([main!, b]);
  return rows;
}

/** Number of tokens that are kept of each sequence. */
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

/**
 * Shortens the longer of two sequences first, then both to one length. The longer keeps an odd
 * token.
 */
function keptOfPair(first: number, second: number, room: number): number[] {
  const short = Math.min(first, second);
  const long = short > room ? short : Math.max(short, room - short);
  const isHalved = short + long > room;
  const kept = isHalved ? [room >> 1, room - (room >> 1)] : [short, long];
  return first > second ? kept.reverse() : kept;
}

/** Ranges of at most `size` tokens that cover a sequence; neighbours share `stride` tokens. */
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

/** @throws RangeError when windows of `room` tokens would not advance */
export function checkStride(stride: number, room: number): void {
  if (stride > 0 && stride >= room) {
    throw new RangeError(
      `Cannot truncate: stride is ${stride}, expected less than the room of ${room} tokens`,
    );
  }
}
