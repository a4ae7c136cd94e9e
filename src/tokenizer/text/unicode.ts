/**
 * How the Rust tokenizers classify a code point: removed, space, punctuation, mark or ideograph.
 * They mix three Unicode versions: 8 for categories, 9 for decompositions, 17 for letter case. Each
 * JavaScript engine has a version of its own. The engine is asked wherever all versions agree.
 * unicode-tables.ts lists the rest: where versions differ, and where later scripts will be added.
 */

import { CAPITALS, REORDERED, SHIFTS, YOUNGER } from './unicode-tables.ts';

// Literal code points are ASCII symbols, or have changed their category since Unicode 8.
const REMOVED = /[\p{Cf}\p{Co}\p{Cs}]|(?![\t\n\r])\p{Cc}/u;
const PUNCTUATION = /[\p{P}$+<=>^`|~\u166d\u{111c9}]/u;
const NONSPACING = /(?!\u{111c9})[\p{Mn}\u1734\u{1171e}]/u;
const WHITESPACE = /\p{White_Space}/u;

/** Borders of ranges, as from `bordersOf`: the first code point of a range, the first after it. */
const IDEOGRAPHS = [
  0x3400, 0x4dc0, 0x4e00, 0xa000, 0xf900, 0xfb00, 0x20000, 0x2a6e0, 0x2a700, 0x2b820, 0x2b920,
  0x2ceb0, 0x2f800, 0x2fa20,
];

/**
 * Ranges where the engine's NFD is that of Unicode 9: all below U+10000; above, the two-part vowels
 * and nukta letters of Kaithi, Chakma, Grantha, Tirhuta and Siddham, musical symbols, and
 * compatibility ideographs.
 */
const DECOMPOSED = [
  0, 0x10000, 0x1109a, 0x11380, 0x11400, 0x115bc, 0x1d15e, 0x1d1c1, 0x2f800, 0x2fa20,
];

/** Decoded tables, filled at the first use of each. */
const decoded = new Map<string, readonly number[]>();

/** Decodes a table of unicode-tables.ts, which describes the encoding. */
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

/** Number of borders up to a code point. It is odd inside a range, as each range has two. */
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

/** Controls except tab and line ends, formats, private use, lone surrogates and U+FFFD. */
export function isRemoved(codePoint: number): boolean {
  return codePoint === 0xfffd || wasIn(REMOVED, codePoint);
}

/** Unicode's White_Space. */
export function isWhitespace(codePoint: number): boolean {
  // A shortcut for visible ASCII, which is most of nearly every text.
  const isLetter = codePoint > 0x20 && codePoint < 0x80;
  return !isLetter && WHITESPACE.test(String.fromCodePoint(codePoint));
}

/** Unicode punctuation, and every ASCII symbol. */
export function isPunctuation(codePoint: number): boolean {
  return wasIn(PUNCTUATION, codePoint);
}

/** Nonspacing mark (Mn), which stripping accents drops. */
export function isNonspacing(codePoint: number): boolean {
  return wasIn(NONSPACING, codePoint);
}

/** Combining mark that stripping accents keeps, and that NFD may reorder with its neighbours. */
export function isReordered(codePoint: number): boolean {
  return isWithin(bordersOf(REORDERED), codePoint);
}

/** Ideograph that is surrounded by blanks. The gap at U+2B820 is in the Rust library too. */
export function isIdeograph(codePoint: number): boolean {
  return isWithin(IDEOGRAPHS, codePoint);
}

/** Canonical decomposition of one code point (Unicode 9; later additions are left as they are). */
export function decompose(codePoint: number): string {
  const char = String.fromCodePoint(codePoint);
  return isWithin(DECOMPOSED, codePoint) ? char.normalize('NFD') : char;
}

/** Lower case of one code point (Unicode 17), without context: a final sigma is σ, too. */
export function lowerCase(codePoint: number): string {
  const rank = rankIn(bordersOf(CAPITALS), codePoint);
  const shift = rank % 2 === 1 ? SHIFTS[rank >> 1]! : 0;
  return String.fromCodePoint(codePoint + shift).toLowerCase();
}

/** The code point at `index`; U+FFFD for a lone surrogate, as when it is encoded as UTF-8. */
export function codePointAt(text: string, index: number): number {
  const codePoint = text.codePointAt(index)!;
  return (codePoint & 0xfffff800) === 0xd800 ? 0xfffd : codePoint;
}

/** For each UTF-16 index of a text the number of code points before it; undefined when equal. */
export function codePointsBefore(text: string): Int32Array | undefined {
  if (!/[\ud800-\udfff]/.test(text)) return undefined;
  const before = new Int32Array(text.length + 1);
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    before[i] = count++;
    if (text.codePointAt(i)! > 0xffff) before[++i] = count;
  }
  before[text.length] = count;
  return before;
}
