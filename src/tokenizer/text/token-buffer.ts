/**
 * Collects the tokens of one text: ids, and on request source spans and word numbers. One buffer
 * serves all calls of a tokenizer; `take` copies the result out of it.
 */

/** The tokens of one text, before special tokens. */
export interface Sequence {
  /** Token ids [N]. */
  readonly ids: readonly number[];
  /** Start of each token's source span, in UTF-16 units [N]; empty unless tracked. */
  readonly starts: Int32Array;
  /** End of each token's source span, exclusive [N]; empty unless tracked. */
  readonly ends: Int32Array;
  /** Number of the word of each token [N]; empty unless tracked. */
  readonly words: Int32Array;
  /** For added tokens, by index: the matched text, blanks included; empty unless tracked. */
  readonly texts: ReadonlyMap<number, string>;
}

const NONE = new Int32Array(0);

/** Grows when needed, never shrinks. */
export class TokenBuffer {
  count = 0;
  #isTracking = false;
  #ids = new Int32Array(256);
  #starts = new Int32Array(256);
  #ends = new Int32Array(256);
  #words = new Int32Array(256);
  #texts = new Map<number, string>();

  /** Starts a text. @param isTracking whether spans and word numbers are collected */
  reset(isTracking: boolean): void {
    this.count = 0;
    this.#isTracking = isTracking;
    if (isTracking && this.#starts.length < this.#ids.length) this.#widenSpans();
    if (this.#texts.size > 0) this.#texts = new Map();
  }

  push(id: number, start: number, end: number, word: number): void {
    const at = this.count++;
    if (at === this.#ids.length) this.#grow();
    this.#ids[at] = id;
    if (this.#isTracking) {
      this.#starts[at] = start;
      this.#ends[at] = end;
      this.#words[at] = word;
    }
  }

  /** Records that the last token is an added token and matched `text`. */
  readAs(text: string): void {
    if (this.#isTracking) this.#texts.set(this.count - 1, text);
  }

  /** A copy of the tokens since `reset`. */
  take(): Sequence {
    const { count } = this;
    // A plain array: even a short typed array allocates outside the engine's heap.
    const ids = new Array<number>(count);
    for (let i = 0; i < count; i++) ids[i] = this.#ids[i]!;
    const tracked = (list: Int32Array) => (this.#isTracking ? list.slice(0, count) : NONE);
    return {
      ids,
      starts: tracked(this.#starts),
      ends: tracked(this.#ends),
      words: tracked(this.#words),
      texts: this.#texts,
    };
  }

  #grow(): void {
    this.#ids = widened(this.#ids, 2 * this.#ids.length);
    if (this.#isTracking) this.#widenSpans();
  }

  /**
   * Makes the arrays of tracking as long as `ids`. Only done on tracking: most calls do without.
   */
  #widenSpans(): void {
    const { length } = this.#ids;
    this.#starts = widened(this.#starts, length);
    this.#ends = widened(this.#ends, length);
    this.#words = widened(this.#words, length);
  }
}

function widened(list: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const array = new Int32Array(length);
  array.set(list);
  return array;
}
