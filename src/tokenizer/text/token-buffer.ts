/**
 * Where the tokens of one text are gathered: ids, and where asked for also source spans and word
 * numbers. One buffer serves all calls of a tokenizer; `take` copies the result out.
 */

/** The tokens of one text, before special tokens. */
export interface Sequence {
  /** Token ids [N]. */
  readonly ids: readonly number[];
  /** Source span of each token in UTF-16 units [N]; empty where tracking was off. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Number of the word each token belongs to [N]; empty where tracking was off. */
  readonly words: Int32Array;
  /** For added tokens the text they were found as, perhaps with blanks; empty without tracking. */
  readonly texts: ReadonlyMap<number, string>;
}

const NONE = new Int32Array(0);

/** Grows as needed, never shrinks. */
export class TokenBuffer {
  count = 0;
  #isTracking = false;
  #ids = new Int32Array(256);
  #starts = new Int32Array(256);
  #ends = new Int32Array(256);
  #words = new Int32Array(256);
  #texts = new Map<number, string>();

  /** Begins a text. */
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

  /** Notes that the last token is an added one, found as `text`. */
  readAs(text: string): void {
    if (this.#isTracking) this.#texts.set(this.count - 1, text);
  }

  /** A copy of what was gathered since `reset`. */
  take(): Sequence {
    const { count } = this;
    // A plain array: a short typed one costs an allocation outside of the engine's own heap.
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

  /** Brings the lists of tracking, which most texts do without, to the length of the ids. */
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
