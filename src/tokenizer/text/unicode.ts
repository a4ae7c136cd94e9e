/**
 * What a code point is to the Rust tokenizers: removed, space, punctuation, mark, ideograph.
 * They mix three Unicode versions (8 for categories, 9 for decompositions, 17 for letter case)
 * while every JavaScript engine brings its own. Engines serve where all versions agree:
 * unicode-tables.ts says where they do not, and where they may differ once there are more scripts.
 */

import { CAPITALS, REORDERED, SHIFTS, YOUNGER } from './unicode-tables.ts';

// Named one by one: the four code points whose category has changed since Unicode 8.
const REMOVED = /[\p{Cf}\p{Co}\p{Cs}]|(?![\t\n\r])\p{Cc}/u;
const PUNCTUATION = /[\p{P}$+<=>^`|~\u166d\u{111c9}]/u;
const NONSPACING = /(?!\u{111c9})[\p{Mn}\u1734\u{1171e}]/u;
const WHITESPACE = /\p{White_Space}/u;

/** Borders of ranges as `bordersOf` gives them: the first code point in and the first one out. */
const IDEOGRAPHS = [
  0x3400, 0x4dc0, 0x4e00, 0xa000, 0xf900, 0xfb00, 0x20000, 0x2a6e0, 0x2a700, 0x2b820, 0x2b920,
  0x2ceb0, 0x2f800, 0x2fa20,
];

/**
 * Where NFD is that of Unicode 9: all below 10000; beyond, two-part vowels and nukta letters of
 * Kaithi, Chakma, Grantha, Tirhuta and Siddham, music, and compatibility ideographs.
 */
const DECOMPOSED = [
  0, 0x10000, 0x1109a, 0x11380, 0x11400, 0x115bc, 0x1d15e, 0x1d1c1, 0x2f800, 0x2fa20,
];

/** The borders of each table, once it was used. */
const decoded = new Map<string, readonly number[]>();

/** The borders that a table stands for, see unicode-tables.ts. */
function bordersOf(table: string): readonly number[] {
  const known = decoded.get(table);
  if (known) return known;
  const borders: number[] = [];
  let at = 0;
  let before = 0;
  for (const char of table) {
    const digit = Number.parseInt(char, 36);
    before = before * 18 + (digit % 18);
    if (digit >= 18) continue;
    at += before;
    before = 0;
    borders.push(at);
  }
  decoded.set(table, borders);
  return borders;
}

/** Number of borders up to a code point: odd within a range, each having two. */
function rankIn(borders: readonly number[], codePoint: number): number {
  let low = 0;
  let high = borders.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (borders[middle]! <= codePoint) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isWithin(borders: readonly number[], codePoint: number): boolean {
  return rankIn(borders, codePoint) % 2 === 1;
}

/** Whether a code point was in a category in Unicode 8. */
function wasIn(category: RegExp, codePoint: number): boolean {
  return category.test(String.fromCodePoint(codePoint)) && !isWithin(bordersOf(YOUNGER), codePoint);
}

/** NUL, U+FFFD, controls but tab and line ends, formats, private use, lone surrogates. */
export function isRemoved(codePoint: number): boolean {
  return codePoint === 0xfffd || wasIn(REMOVED, codePoint);
}

/** Unicode's White_Space. */
export function isWhitespace(codePoint: number): boolean {
  // Most are letters, of which the engine need not be asked.
  const isLetter = codePoint > 0x20 && codePoint < 0x80;
  return !isLetter && WHITESPACE.test(String.fromCodePoint(codePoint));
}

/** Unicode punctuation, and every ASCII symbol. */
export function isPunctuation(codePoint: number): boolean {
  return wasIn(PUNCTUATION, codePoint);
}

/** A nonspacing mark (Mn): what stripping accents drops. */
export function isNonspacing(codePoint: number): boolean {
  return wasIn(NONSPACING, codePoint);
}

/** A combining mark that stays when accents go, and that NFD may move among its neighbours. */
export function isReordered(codePoint: number): boolean {
  return isWithin(bordersOf(REORDERED), codePoint);
}

/** An ideograph that gets spaces around it. The gap at 2B820 is the Rust library's own. */
export function isIdeograph(codePoint: number): boolean {
  return isWithin(IDEOGRAPHS, codePoint);
}

/** Canonical decomposition of one code point (Unicode 9; later additions stay whole). */
export function decompose(codePoint: number): string {
  const char = String.fromCodePoint(codePoint);
  return isWithin(DECOMPOSED, codePoint) ? char.normalize('NFD') : char;
}

/** Lower case of one code point, without context (a final sigma stays σ), as Unicode 17 has it. */
export function lowerCase(codePoint: number): string {
  const rank = rankIn(bordersOf(CAPITALS), codePoint);
  const shift = rank % 2 === 1 ? SHIFTS[rank >> 1]! : 0;
  return String.fromCodePoint(codePoint + shift).toLowerCase();
}

/** The code point at `index`; a lone surrogate reads as U+FFFD, which is what UTF-8 makes of it. */
export function codePointAt(text: string, index: number): number {
  const codePoint = text.codePointAt(index)!;
  return (codePoint & 0xfffff800) === 0xd800 ? 0xfffd : codePoint;
}
