/**
 * The vocabulary: token -> id and id -> token, from vocab.txt or from the `vocab` of
 * tokenizer.json. Pieces of words are looked up in one open-addressed hash table. The key is a
 * rolling hash of UTF-16 units, so that a look-up makes no substring. A token that starts with the
 * prefix of continuing pieces ("##") is in the table twice: whole, and without the prefix under
 * another seed.
 */

import { TokenizerError } from '../../errors.ts';
import { shown } from './shown.ts';
import { isWhitespace } from './unicode.ts';

/** Where a piece stands: 0 at the start of a word, 1 as its continuation. */
export type Role = 0 | 1;

/** Start value of the rolling hash for each role. */
export const SEEDS = [0x811c9dc5 | 0, 0x3ade68b1] as const;

/** One step of the rolling hash, FNV-1a, over a UTF-16 unit. */
export function hashUnit(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}

/** Pieces of this length and longer ones share one bit of `Vocab.lengths`. */
export const LONG = 31;

/** Numbers in one slot of the table. */
const SLOT = 4;

/**
 * Most slots that a look-up reads. The vocabulary of MobileBERT needs 37. Pieces chosen to collide, for
 * which that is not enough, go into a Map.
 */
const PROBES = 64;

/** Limit of ids. Real vocabularies are far smaller; a larger id means a broken file. */
const MAX_ID = 1 << 22;

/** A vocabulary of word pieces. */
export class Vocab {
  /** Number of different tokens. */
  readonly size: number;
  /** Length in UTF-16 units of the longest token. */
  readonly longest: number;
  readonly #prefix: string;
  readonly #tokens: (string | undefined)[] = [];
  /** The UTF-16 units of all tokens, concatenated. */
  readonly #pool: Uint16Array;
  /** Slots of four numbers: hash, 2 * length + role + 1, start in the pool, id. 0s: a free slot. */
  readonly #table: Int32Array;
  /** The ids of pieces that found no slot, by role and units. */
  readonly #crowded: [Map<string, number>, Map<string, number>] = [new Map(), new Map()];
  /** Indexed by the hash of a piece's first two units: one bit for each length of such pieces. */
  readonly #lengths = new Int32Array(1 << 14);

  /**
   * @param vocabulary pairs of token and id; or the text of a vocab.txt, one token per line, whose
   *   id is the line number from 0. Of equal tokens the last id counts
   * @param prefix marks a token that continues a word
   * @throws TokenizerError for an id that is not an integer from 0 to 2^22 - 1, or for no tokens
   */
  constructor(vocabulary: string | readonly (readonly [string, number])[], prefix = '##') {
    const entries = typeof vocabulary === 'string' ? linesOf(vocabulary) : vocabulary;
    this.#prefix = prefix;
    let [units, pieces] = [0, 0];
    for (const [token] of entries) {
      units += token.length;
      pieces += token.startsWith(prefix) ? 2 : 1;
    }
    this.#pool = new Uint16Array(units);
    // Twice the tokens; more only where most continue words.
    const slots = Math.max(2 * entries.length + 2, 1.5 * pieces);
    this.#table = new Int32Array(SLOT << Math.ceil(Math.log2(slots)));
    let size = 0;
    let longest = 0;
    let end = 0;
    for (const [token, id] of entries) {
      this.#keep(token, id);
      const start = end;
      for (let i = 0; i < token.length; i++) this.#pool[end++] = token.charCodeAt(i);
      longest = Math.max(longest, token.length);
      if (this.#insert(start, end, 0, id)) size++;
      if (token.startsWith(prefix)) this.#insert(start + prefix.length, end, 1, id);
    }
    if (size === 0) throw new TokenizerError('Cannot read a vocabulary: found no tokens');
    this.size = size;
    this.longest = longest;
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

  /** What may stand at the start of a word, or continue it, with its ids. */
  pieces(role: Role): [string, number][] {
    if (role === 0) return this.entries();
    const continuing = this.entries().filter(([token]) => token.startsWith(this.#prefix));
    return continuing.map(([token, id]) => [token.slice(this.#prefix.length), id]);
  }

  /** Every token with its id, in order of ids. */
  entries(): [string, number][] {
    return this.#tokens.flatMap((token, id): [string, number][] =>
      token !== undefined && this.id(token) === id ? [[token, id]] : [],
    );
  }

  /**
   * The id of the piece units[from, from + length), or -1.
   * @param hash `hashUnit` over these units, starting at SEEDS[role]
   */
  find(units: Uint16Array, from: number, length: number, hash: number, role: Role): number {
    const table = this.#table;
    const slot = this.#slot(units, from, length, hash, role);
    if (slot < 0) return this.#crowded[role].get(textOf(units, from, length)) ?? -1;
    return table[slot + 1] === 0 ? -1 : table[slot + 3]!;
  }

  /**
   * The lengths that pieces starting with these two units may have, one bit for each up to LONG. A
   * set bit may be a hash collision; a clear bit is certain.
   * @param hash `hashUnit` over the two units, starting at SEEDS[role]
   */
  lengths(hash: number): number {
    return this.#lengths[(hash ^ (hash >>> 15)) & 0x3fff]!;
  }

  #keep(token: string, id: number): void {
    if (!Number.isInteger(id) || id < 0 || id >= MAX_ID) {
      throw new TokenizerError(
        `Cannot read a vocabulary: token "${token.slice(0, 60)}" has id ${shown(id)}, expected 0 to ${MAX_ID - 1}`,
      );
    }
    while (this.#tokens.length <= id) this.#tokens.push(undefined);
    this.#tokens[id] = token;
  }

  /** Puts pool[start, end) into the table; false when it replaced an equal token. */
  #insert(start: number, end: number, role: Role, id: number): boolean {
    const length = end - start;
    let hash: number = SEEDS[role];
    for (let i = 0; i < length; i++) {
      hash = hashUnit(hash, this.#pool[start + i]!);
      if (i === 1) this.#lengths[(hash ^ (hash >>> 15)) & 0x3fff]! |= 1 << Math.min(length, LONG);
    }
    const slot = this.#slot(this.#pool, start, length, hash, role);
    if (slot < 0) {
      const crowded = this.#crowded[role];
      const { size } = crowded;
      return crowded.set(textOf(this.#pool, start, length), id).size > size;
    }
    const isNew = this.#table[slot + 1] === 0;
    this.#table.set([hash, 2 * length + role + 1, start, id], slot);
    return isNew;
  }

  /** The slot of the piece, or the free slot where it would go; -1 when PROBES slots are taken. */
  #slot(units: Uint16Array, from: number, length: number, hash: number, role: Role): number {
    const table = this.#table;
    const mask = table.length - SLOT;
    const code = 2 * length + role + 1;
    let slot = Math.imul(hash ^ (hash >>> 15), SLOT) & mask;
    for (let probes = 0; table[slot + 1] !== 0; slot = (slot + SLOT) & mask) {
      const isAlike = table[slot] === hash && table[slot + 1] === code;
      if (isAlike && this.#equals(table[slot + 2]!, units, from, length)) break;
      if (++probes === PROBES) return -1;
    }
    return slot;
  }

  #equals(start: number, units: Uint16Array, from: number, length: number): boolean {
    const pool = this.#pool;
    for (let i = 0; i < length; i++) if (pool[start + i] !== units[from + i]) return false;
    return true;
  }
}

/** units[from, from + length) as a string. */
function textOf(units: Uint16Array, from: number, length: number): string {
  let text = '';
  for (let i = from; i < from + length; i++) text += String.fromCharCode(units[i]!);
  return text;
}

/** Each line with its number. A final line end starts no further line. */
function linesOf(text: string): [string, number][] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line, id) => [trimmed(line), id]);
}

/** Drops White_Space at the end of a line, as Rust does; `trimEnd` would also drop U+FEFF. */
function trimmed(line: string): string {
  let end = line.length;
  while (end > 0 && isWhitespace(line.charCodeAt(end - 1))) end--;
  return line.slice(0, end);
}
