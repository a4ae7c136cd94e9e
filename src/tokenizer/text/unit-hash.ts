/**
 * What a vocabulary and those who look words up in it agree on: the rolling hash of UTF-16 units, and
 * how lengths of pieces share bits.
 */

/** Which of the two readings of a token a look-up wants: a word's start, or its continuation. */
export type Role = 0 | 1;

/** Start of the rolling hash for each role; feed units with `hashUnit`. */
export const SEEDS = [0x811c9dc5 | 0, 0x3ade68b1] as const;

/** Pieces of this length and longer share a bit of `lengths`. */
export const LONG = 31;

/** One step of FNV-1a over a UTF-16 unit. */
export function hashUnit(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}
