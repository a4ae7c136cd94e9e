/**
 * The vocabulary: token -> id and id -> token, from vocab.txt or from tokenizer.json's `vocab`.
 * Words are looked up by a rolling hash of their UTF-16 units in one open-addressed table, so that
 * no substring is ever made. Each token that starts with the prefix of continuing pieces ("##") is
 * in the table twice: whole, and without its prefix under another seed.
 */

import { TokenizerError } from '../errors.ts';
import { isWhitespace } from './unicode.ts';

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

/** No real vocabulary is near this; an id beyond it is a broken file. */
const MAX_ID = 1 << 22;

/** A vocabulary of word pieces. */
export class Vocab {
  /** Number of different tokens. */
  readonly size: number;
  /** Length in units of the longest piece, without its prefix. */
  readonly longest: number;
  readonly #tokens: (string | undefined)[] = [];
  readonly #ids: Int32Array;
  readonly #starts: Int32Array;
  readonly #pool: Uint16Array;
  readonly #table: Int32Array;
  /** By the hash of a piece's first two units: a bit for each length such pieces have. */
  readonly #lengths = new Int32Array(1 << 14);
  readonly #prefix: string;

  /**
   * @param entries token and id; a token that comes twice keeps its last id
   * @param prefix what marks a continuing piece
   * @throws TokenizerError on an id that is no small whole number, or on no tokens at all
   */
  constructor(entries: readonly (readonly [string, number])[], prefix: string) {
    this.#prefix = prefix;
    this.#ids = new Int32Array(entries.length);
    this.#starts = new Int32Array(entries.length + 1);
    const units = entries.reduce((sum, [token]) => sum + token.length, 0);
    this.#pool = new Uint16Array(units);
    this.#table = new Int32Array(2 << Math.ceil(Math.log2(entries.length * 4 + 2)));
    let size = 0;
    let longest = 0;
    entries.forEach(([token, id], entry) => {
      this.#keep(token, id, entry);
      longest = Math.max(longest, token.length);
      if (this.#insert(entry, 0)) size++;
      if (token.startsWith(prefix)) this.#insert(entry, 1);
    });
    if (size === 0) throw new TokenizerError('Cannot read a vocabulary: found no tokens');
    this.size = size;
    this.longest = longest;
  }

  /** The vocabulary of a vocab.txt: one token per line, the line number from 0 is the id. */
  static fromText(text: string, prefix = '##'): Vocab {
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    return new Vocab(
      lines.map((line, id) => [trimmed(line), id]),
      prefix,
    );
  }

  /** Largest id, or -1. */
  get lastId(): number {
    return this.#tokens.length - 1;
  }

  /** The token with this id. */
  token(id: number): string | undefined {
    return this.#tokens[id];
  }

  /** The id of a token, or -1. */
  id(token: string): number {
    const units = new Uint16Array(token.length);
    let hash: number = SEEDS[0];
    for (let i = 0; i < token.length; i++) {
      units[i] = token.charCodeAt(i);
      hash = hashUnit(hash, units[i]!);
    }
    return this.find(units, 0, token.length, hash, 0);
  }

  /** Every token with its id, in the order of the ids. */
  entries(): [string, number][] {
    return this.#tokens.flatMap((token, id): [string, number][] =>
      token !== undefined && this.id(token) === id ? [[token, id]] : [],
    );
  }

  /**
   * The id of the piece in units[from, from + length), or -1.
   * @param hash `hashUnit` over these units, from SEEDS[role]
   */
  find(units: Uint16Array, from: number, length: number, hash: number, role: Role): number {
    const table = this.#table;
    const mask = table.length - 2;
    for (let slot = slotOf(hash, mask); table[slot + 1] !== 0; slot = (slot + 2) & mask) {
      if (table[slot] !== hash) continue;
      const code = table[slot + 1]! - 1;
      if ((code & 1) === role && this.#equals(code >> 1, role, units, from, length)) {
        return this.#ids[code >> 1]!;
      }
    }
    return -1;
  }

  /**
   * A bit for each length, up to LONG, that pieces beginning with two units may have.
   * @param hash of the two units, from SEEDS[role]
   */
  lengths(hash: number): number {
    return this.#lengths[(hash ^ (hash >>> 15)) & 0x3fff]!;
  }

  #keep(token: string, id: number, entry: number): void {
    if (!Number.isInteger(id) || id < 0 || id >= MAX_ID) {
      throw new TokenizerError(
        `Cannot read a vocabulary: token "${token}" has id ${id}, expected 0 to ${MAX_ID - 1}`,
      );
    }
    while (this.#tokens.length <= id) this.#tokens.push(undefined);
    this.#tokens[id] = token;
    this.#ids[entry] = id;
    const start = this.#starts[entry]!;
    this.#starts[entry + 1] = start + token.length;
    for (let i = 0; i < token.length; i++) this.#pool[start + i] = token.charCodeAt(i);
  }

  /** Puts an entry into the table; false where it took the place of an equal token. */
  #insert(entry: number, role: Role): boolean {
    const start = this.#starts[entry]! + role * this.#prefix.length;
    const length = this.#starts[entry + 1]! - start;
    let hash: number = SEEDS[role];
    for (let i = 0; i < length; i++) {
      hash = hashUnit(hash, this.#pool[start + i]!);
      if (i === 1) this.#lengths[(hash ^ (hash >>> 15)) & 0x3fff]! |= 1 << Math.min(length, LONG);
    }
    const table = this.#table;
    const mask = table.length - 2;
    let slot = slotOf(hash, mask);
    for (; table[slot + 1] !== 0; slot = (slot + 2) & mask) {
      const code = table[slot + 1]! - 1;
      const isSame = table[slot] === hash && (code & 1) === role;
      if (isSame && this.#equals(code >> 1, role, this.#pool, start, length)) break;
    }
    const isNew = table[slot + 1] === 0;
    table[slot] = hash;
    table[slot + 1] = ((entry << 1) | role) + 1;
    return isNew;
  }

  #equals(entry: number, role: Role, units: Uint16Array, from: number, length: number): boolean {
    const start = this.#starts[entry]! + (role === 1 ? this.#prefix.length : 0);
    if (this.#starts[entry + 1]! - start !== length) return false;
    for (let i = 0; i < length; i++) {
      if (this.#pool[start + i] !== units[from + i]) return false;
    }
    return true;
  }
}

/** Drops White_Space at a line's end, as Rust does (`trimEnd` would also take a U+FEFF). */
function trimmed(line: string): string {
  let end = line.length;
  while (end > 0 && isWhitespace(line.charCodeAt(end - 1))) end--;
  return line.slice(0, end);
}

/** Even slot of the table where the search for a hash begins. */
function slotOf(hash: number, mask: number): number {
  return ((hash ^ (hash >>> 15)) << 1) & mask;
}
