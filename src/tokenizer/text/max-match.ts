/**
 * Greedy longest matches in linear time: LinMaxMatch (Song et al. 2021, arXiv:2012.15524, section
 * 3.2). A trie of the tokens, in which every node knows what to do when no child matches: which
 * tokens the letters up to it give (`pops`), and where the letters after them lead (`fails`).
 * Without this, a token of n letters makes a search of m letters take n * m steps.
 *
 * Nodes are numbered level by level, so the children of a node are neighbours, in order of their
 * letters, and a binary search finds one. No hashes: no choice of tokens makes it slow.
 */

import { TokenizerError } from '../../errors.ts';

/** Strings and the id of each. */
export type Tokens = Iterable<readonly [text: string, id: number]>;

/** UTF-16 units: a string, or anything that is read as one. */
export interface Units {
  readonly length: number;
  charCodeAt(index: number): number;
}

/** Takes a match at [start, end). */
export type Emit = (id: number, start: number, end: number) => void;

/** Bound on nodes and on pops, of 18 and 8 bytes each. Real vocabularies need a tenth of it. */
const LIMIT = 1 << 22;

/** The node where a text starts. */
const ROOT = 0;

/** Finds the longest token at each place, from left to right. */
export class MaxMatch {
  /** Common prefix of all strings, perhaps empty. A text without it needs no search. */
  readonly prefix: string;
  /** The node where a text goes on after a match. */
  readonly #rest: number;
  /** The strings, sorted, first those of `tokens`, then those of `continuing`. */
  readonly #texts: string[];
  readonly #ids: Int32Array;
  /** Letter that leads to a node. */
  readonly #letters: Uint16Array;
  /** First child of a node. Its children end where those of the next node start. */
  readonly #children: Int32Array;
  /** Node to go on from when no child matches; -1 when nothing can match. */
  readonly #fails: Int32Array;
  /** Last pop of a node; -1 for none. */
  readonly #pops: Int32Array;
  /** For each pop, the index of its string, or SKIP. */
  readonly #popped: number[] = [];
  /** For each pop, the pop before it; -1 for none. */
  readonly #before: number[] = [];
  /** Finds the first letters of strings. */
  readonly #first: RegExp;

  /**
   * @param tokens of equal strings the last id counts
   * @param continuing what may follow a match. Without it: `tokens`, with any letters in between
   * @throws TokenizerError when the strings need too many nodes
   */
  constructor(tokens: Tokens, continuing?: Tokens) {
    const [starts, others] = [sorted(tokens), continuing && sorted(continuing)];
    this.#rest = others ? 1 : ROOT;
    const all = [...starts, ...(others ?? [])];
    this.#texts = all.map(([text]) => text);
    this.#ids = Int32Array.from(all, ([, id]) => id);
    this.prefix = commonPrefix(this.#texts[0] ?? '', this.#texts[starts.length - 1] ?? '');
    const count = this.#rest + 1 + nodesOf(starts) + nodesOf(others ?? []);
    checkCount(count);
    this.#letters = new Uint16Array(count);
    this.#children = new Int32Array(count + 1);
    this.#fails = new Int32Array(count).fill(-1);
    this.#pops = new Int32Array(count).fill(-1);
    this.#grow(starts.length);
    const first = this.#letters.subarray(this.#children[ROOT], this.#children[ROOT + 1]);
    this.#first = new RegExp(`[${Array.from(first, escaped).join('')}]`, 'g');
  }

  /**
   * Splits all units into tokens.
   * @returns false when they are not a sequence of tokens; some may have been emitted
   */
  split(units: Units, emit: Emit): boolean {
    let node = ROOT;
    let at = 0;
    for (let i = 0; i < units.length; i++) {
      const letter = units.charCodeAt(i);
      let child = this.#child(node, letter);
      for (; child < 0; child = this.#child(node, letter)) {
        if (this.#fails[node]! < 0) return false;
        at = this.#emit(node, at, emit);
        node = this.#fails[node]!;
      }
      node = child;
    }
    for (; node !== this.#rest; node = this.#fails[node]!) {
      if (this.#fails[node]! < 0) return false;
      at = this.#emit(node, at, emit);
    }
    return true;
  }

  /** Finds the tokens in a text: leftmost first, and of those the longest. */
  search(text: string, emit: Emit): void {
    if (this.#texts.length === 0 || !text.includes(this.prefix)) return;
    let node = ROOT;
    let at = 0;
    for (let i = 0; i < text.length; i++) {
      if (node === ROOT) {
        this.#first.lastIndex = i;
        if (!this.#first.test(text)) return;
        i = this.#first.lastIndex - 1;
        at = i;
      }
      const letter = text.charCodeAt(i);
      let child = this.#child(node, letter);
      while (child < 0 && node !== ROOT) {
        at = this.#emit(node, at, emit);
        node = this.#fails[node]!;
        child = this.#child(node, letter);
      }
      if (child >= 0) node = child;
    }
    for (; node !== ROOT; node = this.#fails[node]!) at = this.#emit(node, at, emit);
  }

  /** Makes the nodes, level by level. @param starts number of strings below the first root */
  #grow(starts: number): void {
    const { length } = this.#letters;
    /** For each node the strings [low, high) that begin with its letters. */
    const lows = new Int32Array(length);
    const highs = new Int32Array(length);
    highs[ROOT] = starts;
    if (this.#rest !== ROOT) [lows[this.#rest], highs[this.#rest]] = [starts, this.#texts.length];
    let end = this.#rest + 1;
    for (let from = 0, depth = 0; from < end; depth++) {
      for (const to = end; from < to; from++) {
        this.#children[from] = end;
        let low = lows[from]!;
        if (low < highs[from]! && this.#texts[low]!.length === depth) low++;
        while (low < highs[from]!) {
          const letter = this.#texts[low]!.charCodeAt(depth);
          let high = low + 1;
          while (high < highs[from]! && this.#texts[high]!.charCodeAt(depth) === letter) high++;
          this.#letters[end] = letter;
          const isToken = this.#texts[low]!.length === depth + 1;
          [lows[end], highs[end]] = [low, high];
          this.#link(end++, from, isToken ? low : -1);
          low = high;
        }
      }
    }
    this.#children[length] = end;
  }

  /** Sets what happens when no child of `node` matches. @param token index of its string, or -1 */
  #link(node: number, parent: number, token: number): void {
    if (token >= 0) {
      this.#fails[node] = this.#rest;
      this.#pops[node] = this.#pop(token, -1);
      return;
    }
    const letter = this.#letters[node]!;
    let last = this.#pops[parent]!;
    let from = this.#fails[parent]!;
    // Only nodes above this level are read, which are complete.
    for (; from >= 0; from = this.#fails[from]!) {
      const child = this.#child(from, letter);
      if (child >= 0) {
        this.#fails[node] = child;
        this.#pops[node] = last;
        return;
      }
      for (const token of this.#poppedAt(from)) last = this.#pop(token, last);
    }
    if (this.#rest !== ROOT) return;
    this.#fails[node] = ROOT;
    this.#pops[node] = this.#pop(SKIP, last);
  }

  #pop(token: number, before: number): number {
    checkCount(this.#popped.push(token));
    return this.#before.push(before) - 1;
  }

  /** The strings that the letters up to a node give, by index, and SKIP for each other letter. */
  #poppedAt(node: number): number[] {
    const popped: number[] = [];
    for (let pop = this.#pops[node]!; pop >= 0; pop = this.#before[pop]!) {
      popped.push(this.#popped[pop]!);
    }
    return popped.reverse();
  }

  /** Emits what `poppedAt` gives. Returns where it ends. */
  #emit(node: number, start: number, emit: Emit): number {
    let at = start;
    for (const token of this.#poppedAt(node)) {
      const end = at + (token === SKIP ? 1 : this.#texts[token]!.length);
      if (token !== SKIP) emit(this.#ids[token]!, at, end);
      at = end;
    }
    return at;
  }

  /** The child of a node by its letter, or -1. */
  #child(node: number, letter: number): number {
    let low = this.#children[node]!;
    let high = this.#children[node + 1]!;
    while (low < high) {
      const middle = (low + high) >> 1;
      const found = this.#letters[middle]!;
      if (found === letter) return middle;
      if (found < letter) low = middle + 1;
      else high = middle;
    }
    return -1;
  }
}

/** A letter that is part of no token. */
const SKIP = -1;

/** The strings in order of their units, each once, without the empty one. */
function sorted(tokens: Tokens): [string, number][] {
  const ids = new Map(tokens);
  ids.delete('');
  return [...ids].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Number of nodes below the root that sorted strings need. */
function nodesOf(tokens: readonly [string, number][]): number {
  let count = 0;
  let before = '';
  for (const [text] of tokens) {
    count += text.length - commonPrefix(before, text).length;
    before = text;
  }
  return count;
}

function commonPrefix(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return a.slice(0, length);
}

function checkCount(count: number): void {
  if (count <= LIMIT) return;
  throw new TokenizerError(
    `Cannot search for tokens: they need more than ${LIMIT} nodes, expected fewer or shorter tokens`,
  );
}

function escaped(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
