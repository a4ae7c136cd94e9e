/**
 * BertNormalizer of the Rust tokenizers, in four steps: 1. clean, 2. put blanks around ideographs,
 * 3. strip accents, 4. lower case (tokenizers/src/normalizers/bert.rs, tokenizer/normalizer.rs).
 * In: source text. Out: normalized text, with a source span for each of its UTF-16 units. `CharMap`
 * gives the result of all steps for one code point, which is enough for nearly every text. Where
 * the result depends on neighbours, a `CharMap` does steps 1 and 2, and `fold` steps 3 and 4.
 */

import {
  codePointAt,
  decompose,
  isIdeograph,
  isNonspacing,
  isPunctuation,
  isRemoved,
  isReordered,
  isWhitespace,
  lowerCase,
} from './unicode.ts';

/** How a text is normalized and split into words. */
export interface NormalizerOptions {
  /** Drop control characters, replace every white space by a blank. */
  clean_text: boolean;
  /** Make every ideograph a word of its own. */
  tokenize_chinese_chars: boolean;
  /** Decompose and drop nonspacing marks. */
  strip_accents: boolean;
  do_lower_case: boolean;
  /** Split at punctuation too, not only at white space. */
  do_basic_tokenize: boolean;
}

/**
 * A `CharMap` entry is kind * KIND + value. An entry below KIND is a code point of a word. The
 * kinds follow.
 */
export const KIND = 1 << 21;
/** Mask of the value in an entry. */
const CODE_POINT = KIND - 1;
/** White space, which ends a word; the value is its code point. */
export const SPACE = 1;
/** A word of its own; the value is its code point. */
export const SINGLE = 2;
/** An ideograph with blanks around it, therefore also a word of its own. */
export const SPACED = 3;
/** Is removed. */
export const NOTHING = 4;
/** Becomes several characters; the value is an index of `CharMap.several`. */
export const SEVERAL = 5;
/** Depends on its neighbours: `fold` computes the result. */
export const CONTEXT = 6;

/** The entry of a blank. */
const BLANK = SPACE * KIND + 0x20;

/** What each code point becomes under the given options; computed at its first use. */
export class CharMap {
  readonly options: NormalizerOptions;
  /** Entries of U+0000 to U+007F. */
  readonly ascii: Int32Array;
  /** The entries of each SEVERAL. */
  readonly several: number[][] = [];
  readonly #pages: (Int32Array | undefined)[] = new Array(0x1100).fill(undefined);

  constructor(options: NormalizerOptions) {
    this.options = options;
    this.ascii = Int32Array.from({ length: 128 }, (_, code) => this.#entry(code));
  }

  /** The entry of a code point. */
  get(codePoint: number): number {
    const index = codePoint >> 8;
    const page = this.#pages[index] ?? new Int32Array(256).fill(-1);
    this.#pages[index] = page;
    const known = page[codePoint & 255]!;
    if (known >= 0) return known;
    const entry = this.#entry(codePoint);
    page[codePoint & 255] = entry;
    return entry;
  }

  /** The entry of a code point that is already normalized. */
  classify(codePoint: number): number {
    if (isWhitespace(codePoint)) return SPACE * KIND + codePoint;
    const isAlone = this.options.do_basic_tokenize && isPunctuation(codePoint);
    return isAlone ? SINGLE * KIND + codePoint : codePoint;
  }

  #entry(codePoint: number): number {
    const { clean_text, tokenize_chinese_chars, strip_accents } = this.options;
    if (clean_text && isRemoved(codePoint)) return NOTHING * KIND;
    if (clean_text && isWhitespace(codePoint)) return BLANK;
    if (strip_accents && isReordered(codePoint)) return CONTEXT * KIND;
    const entries = this.#characters(codePoint).map((char) => this.classify(char));
    if (tokenize_chinese_chars && isIdeograph(codePoint)) {
      if (entries.length === 1 && entries[0]! < KIND) return SPACED * KIND + entries[0]!;
      entries.unshift(BLANK);
      entries.push(BLANK);
    }
    if (entries.length === 0) return NOTHING * KIND;
    return entries.length === 1 ? entries[0]! : SEVERAL * KIND + this.several.push(entries) - 1;
  }

  /** The code points that stripping accents and lower-casing make of one code point. */
  #characters(codePoint: number): number[] {
    const { strip_accents, do_lower_case } = this.options;
    let chars = [codePoint];
    if (strip_accents) chars = codePoints(decompose(codePoint)).filter((c) => !isNonspacing(c));
    return do_lower_case ? chars.flatMap((c) => codePoints(lowerCase(c))) : chars;
  }
}

/** A text with the source span of each of its UTF-16 units. */
export class Aligned {
  text = '';
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  /** Appends one code point, which comes from source[start, end). */
  push(codePoint: number, start: number, end: number): void {
    this.text += String.fromCodePoint(codePoint);
    while (this.starts.length < this.text.length) {
      this.starts.push(start);
      this.ends.push(end);
    }
  }
}

/**
 * text[from, to) with every character replaced by its entry in `map`; undefined when a character
 * depends on its neighbours.
 */
export function replace(text: string, from: number, to: number, map: CharMap): Aligned | undefined {
  const out = new Aligned();
  for (let i = from, end = from; i < to; i = end) {
    const codePoint = codePointAt(text, i);
    end = i + (codePoint > 0xffff ? 2 : 1);
    const entry = map.get(codePoint);
    if (entry >= CONTEXT * KIND) return undefined;
    if (entry >= SEVERAL * KIND) {
      for (const part of map.several[entry - SEVERAL * KIND]!) out.push(part & CODE_POINT, i, end);
    } else if (entry < NOTHING * KIND) {
      const isSpaced = entry >= SPACED * KIND;
      if (isSpaced) out.push(0x20, i, end);
      out.push(entry & CODE_POINT, i, end);
      if (isSpaced) out.push(0x20, i, end);
    }
  }
  return out;
}

/** A map for steps 1 and 2 alone, which `replace` applies before `fold`. */
export function cleaningMap(options: NormalizerOptions): CharMap {
  const others = { strip_accents: false, do_lower_case: false, do_basic_tokenize: false };
  return new CharMap({ ...options, ...others });
}

/** A character of a run of combining marks, or a single starter. */
interface Mark {
  codePoint: number;
  /** Its index in the cleaned text; -1 for all but the first character of a decomposition. */
  source: number;
}

/**
 * Steps 3 and 4, stripping accents and lower-casing, of cleaned[from, to). Source spans are
 * assigned as in the Rust library. The marks between two starters are first put in canonical order.
 * Then each character that is the first of its decomposition takes the span of the next source
 * character, and every other character repeats the span before it.
 */
export function fold(
  { text, starts, ends }: Aligned,
  from: number,
  to: number,
  { strip_accents, do_lower_case }: NormalizerOptions,
): Aligned {
  const out = new Aligned();
  let run: Mark[] = [];
  let last = 0;
  const flush = () => {
    const sources = run.filter(({ source }) => source >= 0);
    let used = 0;
    for (const { codePoint, source } of inOrder(run)) {
      if (source >= 0) last = sources[used++]!.source;
      if (strip_accents && isNonspacing(codePoint)) continue;
      const lower = do_lower_case ? lowerCase(codePoint) : String.fromCodePoint(codePoint);
      for (const char of codePoints(lower)) out.push(char, starts[last]!, ends[last]!);
    }
    run = [];
  };
  for (let i = from; i < to; ) {
    const given = codePointAt(text, i);
    // ASCII has no decompositions.
    const chars = strip_accents && given > 127 ? codePoints(decompose(given)) : [given];
    for (const [rank, codePoint] of chars.entries()) {
      const isMark =
        strip_accents && codePoint > 127 && (isNonspacing(codePoint) || isReordered(codePoint));
      if (!isMark) flush();
      run.push({ codePoint, source: rank === 0 ? i : -1 });
      if (!isMark) flush();
    }
    i += given > 0xffff ? 2 : 1;
  }
  flush();
  return out;
}

/** The normalized form of a whole text. @param cleaning the result of `cleaningMap`, if at hand */
export function normalize(
  text: string,
  options: NormalizerOptions,
  cleaning = cleaningMap(options),
): string {
  const cleaned = replace(text, 0, text.length, cleaning)!;
  return fold(cleaned, 0, cleaned.text.length, options).text;
}

/** A run of marks in canonical order. */
function inOrder(run: readonly Mark[]): readonly Mark[] {
  if (run.length < 2 || !run.some(({ codePoint }) => isReordered(codePoint))) return run;
  // All these marks are older than Unicode 10, so every engine sorts them alike. Equal marks keep
  // their order, therefore a queue for each code point finds the source of every mark.
  const queues = new Map<number, Mark[]>();
  for (const mark of run.toReversed()) {
    const queue = queues.get(mark.codePoint) ?? [];
    queue.push(mark);
    queues.set(mark.codePoint, queue);
  }
  const text = run.map(({ codePoint }) => String.fromCodePoint(codePoint)).join('');
  return codePoints(text.normalize('NFD')).map((codePoint) => queues.get(codePoint)!.pop()!);
}

function codePoints(text: string): number[] {
  if (text.length === 1) return [text.charCodeAt(0)];
  return Array.from(text, (char) => char.codePointAt(0)!);
}
