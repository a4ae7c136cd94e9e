/**
 * What a code point is to the Rust tokenizers: removed, space, punctuation, mark, ideograph.
 * They mix three Unicode versions (8 for categories, 9 for decompositions, 17 for letter case)
 * while every JavaScript engine brings its own. Engines serve where all versions agree:
 * unicode-tables.ts says where they do not, and where they may differ once there are more scripts.
 */

import { FOLDED_LATE, REORDERED, YOUNGER } from './unicode-tables.ts';

// Named one by one: the four code points whose category has changed since Unicode 8.
const REMOVED = /[\p{Cf}\p{Co}\p{Cs}]|(?![\t\n\r])\p{Cc}/u;
const PUNCTUATION = /[\p{P}$+<=>^`|~\u166d\u{111c9}]/u;
const NONSPACING = /(?!\u{111c9})[\p{Mn}\u1734\u{1171e}]/u;
const WHITESPACE = /\p{White_Space}/u;

/** Sorted borders of each table's ranges, decoded at its first use: members lie at odd ranks. */
const borders = new Map<string, number[]>();

/** Decodes distances between borders, see unicode-tables.ts. */
function decode(table: string): number[] {
  const list: number[] = [];
  let at = 0;
  let before = 0;
  for (const char of table) {
    const digit = Number.parseInt(char, 36);
    before = before * 18 + (digit % 18);
    if (digit >= 18) continue;
    at += before;
    before = 0;
    list.push(at);
  }
  borders.set(table, list);
  return list;
}

function isIn(table: string, codePoint: number): boolean {
  const list = borders.get(table) ?? decode(table);
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]! <= codePoint) low = middle + 1;
    else high = middle;
  }
  return (low & 1) === 1;
}

/** Whether a code point was in a category in Unicode 8. */
function wasIn(category: RegExp, codePoint: number): boolean {
  return category.test(String.fromCodePoint(codePoint)) && !isIn(YOUNGER, codePoint);
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
  return isIn(REORDERED, codePoint);
}

/** An ideograph that gets spaces around it. The gap at 2B820 is the Rust library's own. */
export function isIdeograph(c: number): boolean {
  if (c < 0x3400) return false;
  if (c < 0x20000)
    return c <= 0x4dbf || (c >= 0x4e00 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff);
  return (
    c <= 0x2a6df ||
    (c >= 0x2a700 && c <= 0x2b81f) ||
    (c >= 0x2b920 && c <= 0x2ceaf) ||
    (c >= 0x2f800 && c <= 0x2fa1f)
  );
}

/** Canonical decomposition of one code point (Unicode 9; later additions stay whole). */
export function decompose(codePoint: number): string {
  const char = String.fromCodePoint(codePoint);
  return codePoint < 0x10000 || isDecomposedAstral(codePoint) ? char.normalize('NFD') : char;
}

function isDecomposedAstral(c: number): boolean {
  return (c >= 0x2f800 && c <= 0x2fa1f) || (c >= 0x1d15e && c <= 0x1d1c0) || isBrahmic(c);
}

/** The two-part vowels and nukta letters of Kaithi, Chakma, Grantha, Tirhuta and Siddham. */
function isBrahmic(c: number): boolean {
  return c >= 0x1109a && c <= 0x115bb && !(c >= 0x11380 && c <= 0x113ff);
}

/** Lower case of one code point, without context (a final sigma stays σ), as Unicode 17 has it. */
export function lowerCase(codePoint: number): string {
  for (const [first, last, shift] of FOLDED_LATE) {
    if (codePoint >= first && codePoint <= last) return String.fromCodePoint(codePoint + shift);
  }
  return String.fromCodePoint(codePoint).toLowerCase();
}

/** The code point at `index`; a lone surrogate reads as U+FFFD, which is what UTF-8 makes of it. */
export function codePointAt(text: string, index: number): number {
  const codePoint = text.codePointAt(index)!;
  return (codePoint & 0xfffff800) === 0xd800 ? 0xfffd : codePoint;
}
