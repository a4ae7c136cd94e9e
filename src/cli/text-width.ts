/**
 * Text in terminal cells: how wide it is, cut and wrapped to a width, and without characters that
 * would move the cursor. Ideographs, kana, hangul and emoji take two cells, marks none.
 */

/**
 * What is drawn as one: a flag or a character, with its marks, skin tone and what joiners tie to it.
 * Intl.Segmenter would say it more exactly, but takes time with the square of the text's length.
 */
const CLUSTERS =
  /(?:\p{RI}{2}|.)(?:[\p{Mark}\p{Cf}\p{Emoji_Modifier}]|(?<=\u200d)\p{Extended_Pictographic})*/gsu;

/** East Asian Wide and Fullwidth in broad blocks (Unicode UAX #11), and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;

/** What takes one cell a character. */
const ASCII = /^[ -~]*$/;

/** Marks and formatting characters that stand alone, and the later parts of a Hangul syllable. */
const NARROWEST = /^[\p{Mark}\p{Cf}\u1160-\u11ff]*$/u;

/** Controls, the two line separators, and what turns the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** The text on one line, with blanks for runs of characters that a terminal would act on. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, ' ');
}

/** Cells that a text takes. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const [cluster] of text.matchAll(CLUSTERS)) width += clusterWidth(cluster);
  return width;
}

/** At most `width` cells of a text, with an ellipsis where something is left out. */
export function cutToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  return width > 0 ? `${headOf(text, width - 1).trimEnd()}…` : '';
}

/** Lines of at most `width` cells, broken at blanks where there are any; at most `most` lines. */
export function wrapToWidth(text: string, width: number, most: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (lines.length < most - 1 && textWidth(rest) > width) {
    const head = headOf(rest, width);
    const blank = rest[head.length] === ' ' ? head.length : head.lastIndexOf(' ');
    const end = blank > 0 ? blank : head.length;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...lines, cutToWidth(rest, width)];
}

/** As much of the beginning as fits into `width` cells. */
function headOf(text: string, width: number): string {
  let room = width;
  for (const { 0: cluster, index } of text.matchAll(CLUSTERS)) {
    room -= clusterWidth(cluster);
    if (room < 0) return text.slice(0, index);
  }
  return text;
}

function clusterWidth(cluster: string): number {
  if (ASCII.test(cluster)) return 1;
  if (WIDE.test(cluster)) return 2;
  return NARROWEST.test(cluster) ? 0 : 1;
}
