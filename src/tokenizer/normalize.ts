/**
 * BertNormalizer of the Rust tokenizers: clean, space out ideographs, strip accents, lower case.
 * In: source text. Out: normalized text, each of its UTF-16 units with the source span it came from
 * (tokenizers/src/normalizers/bert.rs, tokenizer/normalizer.rs). Two ways to the same result:
 * `CharMap` knows what becomes of one code point, which is all that nearly every text needs;
 * where neighbours matter, it cleans and `fold` does the rest.
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

/** What happens to a text before it is cut into pieces. */
export interface NormalizerOptions {
  /** Drop controls, make every white space a blank. */
  clean_text: boolean;
  /** Make every ideograph a word of its own. */
  tokenize_chinese_chars: boolean;
  /** Decompose and drop nonspacing marks. */
  strip_accents: boolean;
  do_lower_case: boolean;
  /** Split at punctuation too, not only at white space. */
  split_punctuation: boolean;
}

/** Kinds of `CharMap` entries; an entry below KIND is itself a code point of a word. */
export const KIND = 1 << 21;
/** The bits of an entry that hold a code point. */
const CODE_POINT = KIND - 1;
/** Ends a word; the low bits hold the white space it becomes. */
export const SPACE = 1;
/** A word of its own; the low bits hold its code point. */
export const SINGLE = 2;
/** An ideograph that gets blanks around it, so a word of its own too. */
export const SPACED = 3;
/** Leaves nothing. */
export const NOTHING = 4;
/** Becomes several characters; the low bits index `CharMap.several`. */
export const SEVERAL = 5;
/** Depends on its neighbours: only `fold` knows what becomes of it. */
export const CONTEXT = 6;

/** The entry of a blank. */
const BLANK = SPACE * KIND + 0x20;

/** What each code point becomes under the given options, worked out at its first use. */
export class CharMap {
  readonly options: NormalizerOptions;
  /** Entries of U+0000 to U+007F. */
  readonly ascii: Int32Array;
  /** Entries that make up the SEVERAL ones. */
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
    const isAlone = this.options.split_punctuation && isPunctuation(codePoint);
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

  /** The code points one code point becomes by stripping accents and lower-casing. */
  #characters(codePoint: number): number[] {
    const { strip_accents, do_lower_case } = this.options;
    let chars = [codePoint];
    if (strip_accents) chars = codePoints(decompose(codePoint)).filter((c) => !isNonspacing(c));
    return do_lower_case ? chars.flatMap((c) => codePoints(lowerCase(c))) : chars;
  }
}

/** A text with the source span of each of its UTF-16 units. */
export class Aligned {
  readonly units: number[] = [];
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  #text: string | undefined;

  push(codePoint: number, start: number, end: number): void {
    if (codePoint > 0xffff) {
      this.#unit(0xd7c0 + (codePoint >> 10), start, end);
      this.#unit(0xdc00 + (codePoint & 0x3ff), start, end);
    } else this.#unit(codePoint, start, end);
  }

  /** The units as a string; nothing may be pushed after it was asked for. */
  get text(): string {
    if (this.#text === undefined) {
      const parts = [];
      for (let i = 0; i < this.units.length; i += 4096) {
        parts.push(String.fromCharCode(...this.units.slice(i, i + 4096)));
      }
      this.#text = parts.join('');
    }
    return this.#text;
  }

  #unit(unit: number, start: number, end: number): void {
    this.units.push(unit);
    this.starts.push(start);
    this.ends.push(end);
  }
}

/**
 * text[from, to) with every character replaced by what `map` says; undefined where that depends on
 * neighbours.
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

/** Steps 1 and 2 alone, cleaning and spacing out ideographs: what `replace` takes before `fold`. */
export function cleaningMap(options: NormalizerOptions): CharMap {
  const others = { strip_accents: false, do_lower_case: false, split_punctuation: false };
  return new CharMap({ ...options, ...others });
}

/** Steps 3 and 4, stripping accents and lower-casing, of cleaned[from, to). */
export function fold(
  cleaned: Aligned,
  from: number,
  to: number,
  { strip_accents, do_lower_case }: NormalizerOptions,
): Aligned {
  const out = new Aligned();
  const marks = new MarkRun(cleaned, (codePoint, start, end) => {
    if (strip_accents && isNonspacing(codePoint)) return;
    const lower = do_lower_case ? lowerCase(codePoint) : String.fromCodePoint(codePoint);
    for (const char of codePoints(lower)) out.push(char, start, end);
  });
  for (let i = from; i < to; ) {
    const codePoint = codePointAt(cleaned.text, i);
    const chars = strip_accents ? codePoints(decompose(codePoint)) : [codePoint];
    chars.forEach((char, rank) => {
      const isMark = strip_accents && (isNonspacing(char) || isReordered(char));
      marks.add(char, rank === 0 ? i : -1, isMark);
    });
    i += codePoint > 0xffff ? 2 : 1;
  }
  marks.flush();
  return out;
}

/** The normalized form of a whole text. */
export function normalize(
  text: string,
  options: NormalizerOptions,
  cleaning = cleaningMap(options),
): string {
  const cleaned = replace(text, 0, text.length, cleaning)!;
  return fold(cleaned, 0, cleaned.units.length, options).text;
}

/**
 * Puts the marks between two starters into canonical order and gives out spans as the Rust library
 * does: in the new order, each character that replaces one takes the next source character's span,
 * and each further character of a decomposition repeats the span given last.
 */
class MarkRun {
  readonly #source: Aligned;
  readonly #emit: (codePoint: number, start: number, end: number) => void;
  readonly #marks: number[] = [];
  /** For each mark the index of its source character, -1 for a further one of a decomposition. */
  readonly #origins: number[] = [];
  #last = 0;

  constructor(source: Aligned, emit: (codePoint: number, start: number, end: number) => void) {
    this.#source = source;
    this.#emit = emit;
  }

  add(codePoint: number, origin: number, isMark: boolean): void {
    if (!isMark) this.flush();
    this.#marks.push(codePoint);
    this.#origins.push(origin);
    if (!isMark) this.flush();
  }

  flush(): void {
    const spans = this.#origins.filter((origin) => origin >= 0);
    let used = 0;
    for (const [codePoint, isFurther] of this.#sorted()) {
      if (!isFurther) this.#last = spans[used++]!;
      this.#emit(codePoint, this.#source.starts[this.#last]!, this.#source.ends[this.#last]!);
    }
    this.#marks.length = 0;
    this.#origins.length = 0;
  }

  #sorted(): [number, boolean][] {
    const items = this.#marks.map((c, i): [number, boolean] => [c, this.#origins[i]! < 0]);
    if (items.length < 2 || !this.#marks.some(isReordered)) return items;
    // All these marks are older than Unicode 10, so every engine sorts them alike; equal ones
    // keep their order, which tells which is which.
    const queues = new Map<number, boolean[]>();
    for (const [c, isFurther] of items.reverse()) {
      const queue = queues.get(c);
      if (queue) queue.push(isFurther);
      else queues.set(c, [isFurther]);
    }
    const text = this.#marks.map((c) => String.fromCodePoint(c)).join('');
    return codePoints(text.normalize('NFD')).map((c) => [c, queues.get(c)!.pop()!]);
  }
}

function codePoints(text: string): number[] {
  return Array.from(text, (char) => char.codePointAt(0)!);
}
