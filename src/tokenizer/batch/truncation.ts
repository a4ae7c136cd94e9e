/**
 * Truncation: lengths in, ranges of tokens out (tokenizers/src/utils/truncation.rs and
 * Encoding::truncate). Nothing is copied; a row is a range of each of its sequences.
 */

import type { Side, TruncationStrategy } from './arguments.ts';

/** Tokens [from, to) of a sequence. */
export type Range = readonly [from: number, to: number];

/** One row of the result: the range of each place of a sequence in the template. */
export type RowRanges = readonly Range[];

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
  /** The sequences in the order of the template. Default: as given. */
  order?: readonly number[];
}

/**
 * The rows of a sample whose texts have these lengths: first what is kept, then what overflows.
 * @throws RangeError when the strategy cannot make the sample short enough
 */
export function truncate(lengths: readonly number[], options: TruncationOptions): RowRanges[] {
  const kept = keptLengths(lengths, options);
  const found = lengths.map((length, i) => windows(length, kept[i]!, options));
  const order = options.order ?? lengths.map((_, index) => index);
  if (new Set(order).size < order.length && found.some((ranges) => ranges.length > 1)) {
    throw new RangeError(
      'Cannot return overflowing tokens: the template has a text twice, expected it once',
    );
  }
  return order.reduce<RowRanges[]>((rows, index) => combined(rows, found[index]!), [[]]);
}

/**
 * Rows with a further sequence, in the order of Encoding::merge_with: the first row with what is
 * kept; each further row with every window; the first row with the further windows.
 */
function combined([main, ...further]: readonly RowRanges[], ranges: readonly Range[]): RowRanges[] {
  const rows: RowRanges[] = [[...main!, ranges[0]!]];
  for (const row of further) for (const range of ranges) rows.push([...row, range]);
  for (let i = 1; i < ranges.length; i++) rows.push([...main!, ranges[i]!]);
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
