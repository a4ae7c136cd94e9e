/**
 * WordPiece: splits one word into pieces, always taking the longest that matches (Devlin et al.
 * 2018; tokenizers/src/models/wordpiece). A word is hashed while its UTF-16 units are collected. A
 * word that is in the vocabulary therefore costs one look-up; only others are split. Splitting looks
 * up every length at every place, which is fast for words of the usual 100 letters at most. Longer
 * ones, which a file can allow, are split in linear time.
 */

import { TokenizerError } from '../../errors.ts';
import { MaxMatch } from './max-match.ts';
import { KIND } from './normalize.ts';
import type { TokenBuffer } from './token-buffer.ts';
import { hashUnit, LONG, type Role, SEEDS, type Vocab } from './vocab.ts';

/** How words are split. */
export interface WordPieceOptions {
  /** Replaces a word that cannot be split into known pieces. */
  unk_token: string;
  /** Words of more code points are unknown, whatever their pieces. */
  max_input_chars_per_word: number;
}

/** Units of the longest word that is split by look-ups. */
const SHORT = 256;

/** Collects one word at a time, then splits it. */
export class WordPiece {
  readonly vocab: Vocab;
  readonly #unknown: string;
  readonly #unknownId: number;
  readonly #maxChars: number;
  /** Units of the longest allowed word and one character more: a word that fills it is too long. */
  readonly #capacity: number;
  /** Grows up to the capacity. */
  #units: Uint16Array;
  /** Source span of each unit. */
  #starts: Int32Array;
  #ends: Int32Array;
  /** Rolling hash from the start of the current piece up to each unit. */
  readonly #prefixes: Int32Array;
  /** Made at the first long word. */
  #long: MaxMatch | undefined;
  #length = 0;
  /** Number of whole surrogate pairs among the units. */
  #pairs = 0;
  #hash: number = SEEDS[0];
  #end = 0;

  constructor(vocab: Vocab, options: WordPieceOptions) {
    this.vocab = vocab;
    this.#unknown = options.unk_token;
    this.#unknownId = vocab.id(options.unk_token);
    this.#maxChars = options.max_input_chars_per_word;
    this.#capacity = 2 * (this.#maxChars + 1);
    const room = Math.min(this.#capacity, SHORT);
    this.#units = new Uint16Array(room);
    this.#starts = new Int32Array(room);
    this.#ends = new Int32Array(room);
    this.#prefixes = new Int32Array(Math.min(room, vocab.longest) + 1);
  }

  /** Adds one code point, which comes from source[start, end). */
  append(codePoint: number, start: number, end: number): void {
    if (codePoint > 0xffff) {
      const isKept = this.#append(0xd7c0 + (codePoint >> 10), start, end);
      if (this.#append(0xdc00 + (codePoint & 0x3ff), start, end) && isKept) this.#pairs++;
    } else this.#append(codePoint, start, end);
  }

  /**
   * Adds the ASCII characters of text[from, to) up to the first that is not part of a word.
   * @param entries the CharMap entry of each ASCII character
   * @returns the index of the first character that was not added
   */
  appendAscii(text: string, from: number, to: number, entries: Int32Array): number {
    let units = this.#units;
    let starts = this.#starts;
    let length = this.#length;
    let hash = this.#hash;
    let i = from;
    for (; i < to; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) break;
      const unit = entries[code]!;
      if (unit >= KIND) break;
      if (length === units.length) {
        if (!this.#widen()) continue;
        units = this.#units;
        starts = this.#starts;
      }
      units[length] = unit;
      starts[length] = i;
      this.#ends[length] = i + 1;
      length++;
      hash = hashUnit(hash, unit);
    }
    this.#length = length;
    this.#hash = hash;
    this.#end = i;
    return i;
  }

  /** Ends the word and appends its pieces to `out`. Returns 0 when the word is empty, else 1. */
  finish(out: TokenBuffer, word: number): 0 | 1 {
    const length = this.#length;
    if (length === 0) return 0;
    const id =
      length - this.#pairs > this.#maxChars
        ? this.known(-1)
        : this.vocab.find(this.#units, 0, length, this.#hash, 0);
    if (id >= 0) out.push(id, this.#starts[0]!, this.#end, word);
    else this.#split(out, word);
    this.drop();
    return 1;
  }

  /** Discards the word. */
  drop(): void {
    this.#length = 0;
    this.#pairs = 0;
    this.#hash = SEEDS[0];
  }

  /** Adds a unit; false when the word is too long already. */
  #append(unit: number, start: number, end: number): boolean {
    this.#end = end;
    if (this.#length === this.#units.length && !this.#widen()) return false;
    this.#units[this.#length] = unit;
    this.#starts[this.#length] = start;
    this.#ends[this.#length] = end;
    this.#length++;
    this.#hash = hashUnit(this.#hash, unit);
    return true;
  }

  /** Makes room for more units; false at the capacity. */
  #widen(): boolean {
    const { length } = this.#units;
    if (length === this.#capacity) return false;
    const room = Math.min(2 * length, this.#capacity);
    this.#units = widened(this.#units, new Uint16Array(room));
    this.#starts = widened(this.#starts, new Int32Array(room));
    this.#ends = widened(this.#ends, new Int32Array(room));
    return true;
  }

  #split(out: TokenBuffer, word: number): void {
    const first = out.count;
    if (this.#length > SHORT) {
      if (this.#splitLong(out, word)) return;
      out.count = first;
      out.push(this.known(-1), this.#starts[0]!, this.#end, word);
      return;
    }
    for (let from = 0; from < this.#length; ) {
      const to = this.#piece(from, out, word);
      if (to === from) {
        out.count = first;
        out.push(this.known(-1), this.#starts[0]!, this.#end, word);
        return;
      }
      from = to;
    }
  }

  /** Appends the pieces of a long word; false when it has unknown parts. */
  #splitLong(out: TokenBuffer, word: number): boolean {
    this.#long ??= new MaxMatch(this.vocab.pieces(0), this.vocab.pieces(1));
    const [units, starts, ends] = [this.#units, this.#starts, this.#ends];
    const text = { length: this.#length, charCodeAt: (index: number) => units[index]! };
    return this.#long.split(text, (id, from, to) => {
      out.push(id, starts[from]!, ends[to - 1]!, word);
    });
  }

  /** Appends the longest piece that starts at unit `from`. Returns its end, or `from` for none. */
  #piece(from: number, out: TokenBuffer, word: number): number {
    const units = this.#units;
    const role: Role = from === 0 ? 0 : 1;
    const most = Math.min(this.#length - from, this.vocab.longest);
    let hash: number = SEEDS[role];
    let lengths = 2;
    for (let i = 0; i < most; i++) {
      hash = hashUnit(hash, units[from + i]!);
      this.#prefixes[i] = hash;
      if (i === 1) lengths |= this.vocab.lengths(hash);
    }
    for (let length = most; length > 0; length--) {
      if ((lengths & (1 << Math.min(length, LONG))) === 0) continue;
      const id = this.vocab.find(units, from, length, this.#prefixes[length - 1]!, role);
      if (id < 0) continue;
      out.push(id, this.#starts[from]!, this.#ends[from + length - 1]!, word);
      return from + length;
    }
    return from;
  }

  /** The id; for -1 that of the unknown token. @throws TokenizerError when there is none */
  known(id: number): number {
    if (id >= 0) return id;
    if (this.#unknownId >= 0) return this.#unknownId;
    throw new TokenizerError(
      `Cannot tokenize an unknown word: vocabulary lacks the unknown token "${this.#unknown}"`,
    );
  }
}

function widened<T extends Uint16Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
