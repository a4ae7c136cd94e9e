/**
 * Text -> tokens: matches added tokens, normalizes, splits into words and the words into pieces
 * (the encode path of tokenizers/src/tokenizer/mod.rs). Nearly every text takes the fast way: one
 * pass over its characters, without a normalized copy. The slow way makes that copy, with
 * alignments. It is needed for normalized added tokens, `never_split`, and marks that NFD reorders.
 */

import type { AddedVocabulary } from './added-tokens.ts';
import {
  type Aligned,
  CharMap,
  CONTEXT,
  cleaningMap,
  fold,
  KIND,
  NOTHING,
  type NormalizerOptions,
  replace,
  SEVERAL,
  SINGLE,
} from './normalize.ts';
import { type Sequence, TokenBuffer } from './token-buffer.ts';
import { codePointAt } from './unicode.ts';
import type { Vocab } from './vocab.ts';
import { WordPiece, type WordPieceOptions } from './wordpiece.ts';

/** Everything that decides the tokens of a text. */
export interface EncoderOptions extends NormalizerOptions, WordPieceOptions {
  /** Words between white space that are neither normalized nor split. */
  never_split: ReadonlySet<string>;
}

/** Turns texts into token ids. All calls share its buffers. */
export class Encoder {
  readonly options: EncoderOptions;
  readonly #map: CharMap;
  #cleaning: CharMap | undefined;
  readonly #words: WordPiece;
  readonly #out = new TokenBuffer();
  /** Id of each ASCII character as a word of its own; -1 when it is looked up as others are. */
  readonly #singles: Int32Array;
  #added: AddedVocabulary | undefined;
  #skipsSpecial = false;
  /** Number of the current word in the text; of a text given as words, the index of the word. */
  #word = 0;
  #isGivenWord = false;

  constructor(vocab: Vocab, options: EncoderOptions) {
    this.options = options;
    this.#map = new CharMap(options);
    this.#words = new WordPiece(vocab, options);
    const hasWords = options.max_input_chars_per_word > 0;
    this.#singles = Int32Array.from({ length: 128 }, (_, code) =>
      hasWords ? vocab.id(String.fromCharCode(code)) : -1,
    );
  }

  /**
   * The tokens of a text, or of a text given as words.
   * @param added tokens to match in the text
   * @param isTracked whether to collect source spans and word numbers. Spans of given words are
   *   relative to their word
   * @param skipsSpecial whether special tokens in the text are ordinary text
   */
  encode(
    text: string | readonly string[],
    added: AddedVocabulary,
    isTracked: boolean,
    skipsSpecial: boolean,
  ): Sequence {
    this.#added = added;
    this.#skipsSpecial = skipsSpecial;
    this.#out.reset(isTracked);
    this.#words.drop();
    this.#word = 0;
    this.#isGivenWord = typeof text !== 'string';
    if (typeof text === 'string') this.#text(text);
    else {
      text.forEach((word, index) => {
        this.#word = index;
        this.#text(word);
      });
    }
    return this.#out.take();
  }

  #text(text: string): void {
    this.#match(text, undefined, (from, to) => this.#segment(text, from, to));
  }

  /**
   * Appends the added tokens in a text, and hands on the parts between them.
   * @param aligned the spans of the text, when it is normalized
   * @param rest called for each text[from, to) without added tokens
   */
  #match(text: string, aligned: Aligned | undefined, rest: (from: number, to: number) => void) {
    let at = 0;
    const matches = this.#added!.matches(text, aligned !== undefined, this.#skipsSpecial);
    for (const { id, start, end } of matches) {
      rest(at, start);
      this.#push(id, aligned?.starts[start] ?? start, aligned?.ends[end - 1] ?? end);
      this.#out.readAs(text.slice(start, end));
      at = end;
    }
    rest(at, text.length);
  }

  /** Encodes text[from, to), in which no added token matched the raw text. */
  #segment(text: string, from: number, to: number): void {
    if (from >= to) return;
    if (this.options.never_split.size > 0) this.#stepwise(text, from, to);
    else if (this.#added!.hasNormalized) {
      const replaced = replace(text, from, to, this.#map);
      if (replaced) this.#normalized(replaced);
      else this.#stepwise(text, from, to);
    } else {
      const [count, word] = [this.#out.count, this.#word];
      if (this.#scan(text, from, to)) return;
      this.#words.drop();
      this.#out.count = count;
      this.#word = word;
      this.#stepwise(text, from, to);
    }
  }

  /**
   * The fast way: one pass over text[from, to). Returns false where a character depends on its
   * neighbours; the tokens appended so far are then invalid.
   */
  #scan(text: string, from: number, to: number): boolean {
    const words = this.#words;
    const { ascii } = this.#map;
    for (let i = from; i < to; ) {
      const code = text.charCodeAt(i);
      if (code < 128) {
        const entry = ascii[code]!;
        if (entry < KIND) i = words.appendAscii(text, i, to, ascii);
        else this.#apply(entry, i, ++i);
        continue;
      }
      const codePoint = codePointAt(text, i);
      const end = i + (codePoint > 0xffff ? 2 : 1);
      const entry = this.#map.get(codePoint);
      if (entry < KIND) words.append(entry, i, end);
      else if (entry >= CONTEXT * KIND) return false;
      else this.#apply(entry, i, end);
      i = end;
    }
    this.#finish();
    return true;
  }

  /** Applies an entry of the character map to the character source[start, end). */
  #apply(entry: number, start: number, end: number): void {
    if (entry < KIND) this.#words.append(entry, start, end);
    else if (entry < SINGLE * KIND) this.#finish();
    else if (entry < NOTHING * KIND) this.#single(entry % KIND, start, end);
    else if (entry >= SEVERAL * KIND) {
      for (const part of this.#map.several[entry - SEVERAL * KIND]!) this.#apply(part, start, end);
    }
  }

  /** Appends a character that is a word of its own. */
  #single(codePoint: number, start: number, end: number): void {
    this.#finish();
    const known = codePoint < 128 ? this.#singles[codePoint]! : -1;
    if (known >= 0) this.#push(known, start, end);
    else {
      this.#words.append(codePoint, start, end);
      this.#finish();
    }
  }

  /** The slow way: cleans text[from, to), takes `never_split` words as they are, folds the rest. */
  #stepwise(text: string, from: number, to: number): void {
    this.#cleaning ??= cleaningMap(this.options);
    const cleaned = replace(text, from, to, this.#cleaning)!;
    let at = 0;
    for (const { 0: word, index } of cleaned.text.matchAll(/\P{White_Space}+/gu)) {
      if (!this.options.never_split.has(word)) continue;
      this.#normalized(fold(cleaned, at, index, this.options));
      at = index + word.length;
      const id = this.#words.known(this.#added!.id(word));
      this.#push(id, cleaned.starts[index]!, cleaned.ends[at - 1]!);
    }
    this.#normalized(fold(cleaned, at, cleaned.text.length, this.options));
  }

  /** Encodes a normalized text and the added tokens that match in it. */
  #normalized(aligned: Aligned): void {
    this.#match(aligned.text, aligned, (from, to) => this.#classify(aligned, from, to));
  }

  /** Encodes aligned[from, to), part of a normalized text without added tokens. */
  #classify({ starts, ends, text }: Aligned, from: number, to: number): void {
    const map = this.#map;
    for (let i = from; i < to; ) {
      const codePoint = codePointAt(text, i);
      // In a normalized text, the entry of an ASCII character is that character.
      const entry = codePoint < 128 ? map.ascii[codePoint]! : map.classify(codePoint);
      this.#apply(entry, starts[i]!, ends[i]!);
      i += codePoint > 0xffff ? 2 : 1;
    }
    this.#finish();
  }

  /** Ends the current word, if there is one. */
  #finish(): void {
    this.#next(this.#words.finish(this.#out, this.#word));
  }

  /** Appends a word that is one token. */
  #push(id: number, start: number, end: number): void {
    this.#out.push(id, start, end, this.#word);
    this.#next(1);
  }

  #next(words: number): void {
    if (!this.#isGivenWord) this.#word += words;
  }
}
