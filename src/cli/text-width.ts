/**
 * Text in terminal cells: how wide it is, cut and wrapped to a width, and without characters that
 * would move the cursor.
 */

import stringWidth from 'string-width';

/**
 * A flag or a character with its marks, its skin tone, the later letters of a Hangul syllable, and
 * what joiners tie to it. string-width measures each of them alone. Given a whole text, it would
 * split it with Intl.Segmenter, whose time grows with the square of the length (43 s for 200,000
 * letters "é" on Node 20), and which joins Thai and Indic characters that terminals draw apart.
 */
const CLUSTERS =
  /(?:\p{RI}{2}|.)(?:[\p{Mark}\p{Cf}\p{Emoji_Modifier}\u1160-\u11ff]|(?<=\u200d)\p{Extended_Pictographic})*/gsu;

/**
 * Text of Latin, Greek and Cyrillic letters without marks takes one cell per character. Measured
 * here, since string-width takes 5 µs for each character that is not ASCII.
 */
const NARROW = /^[ -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u052f]*$/;

/** Control characters, both line separators, and characters that turn the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** The text on one line; each run of characters that a terminal would act on becomes a blank. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, ' ');
}

/** Cells that a text takes. */
export function textWidth(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const [cluster] of text.matchAll(CLUSTERS)) width += clusterWidth(cluster);
  return width;
}

/** At most `width` cells of a text; an ellipsis shows where it is cut. */
export function cutToWidth(text: string, width: number): string {
  if (headOf(text, width) === text) return text;
  return width > 0 ? `${headOf(text, width - 1).trimEnd()}…` : '';
}

/** At most `most` lines of at most `width` cells, broken at blanks where possible. */
export function wrapToWidth(text: string, width: number, most: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (lines.length < most - 1) {
    const head = headOf(rest, width);
    if (head === rest) break;
    const blank = rest[head.length] === ' ' ? head.length : head.lastIndexOf(' ');
    const end = blank > 0 ? blank : head.length;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...lines, cutToWidth(rest, width)];
}

/** As much of the beginning as fits into `width` cells. */
function headOf(text: string, width: number): string {
  if (NARROW.test(text)) return text.slice(0, width);
  let room = width;
  for (const { 0: cluster, index } of text.matchAll(CLUSTERS)) {
    room -= clusterWidth(cluster);
    if (room < 0) return text.slice(0, index);
  }
  return text;
}

function clusterWidth(cluster: string): number {
  return NARROW.test(cluster) ? cluster.length : stringWidth(cluster);
}
