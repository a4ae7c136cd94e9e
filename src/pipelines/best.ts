/** The best few of many: a short list that stays in order and never grows past its room. */

/** A value and how good it is. */
export interface Scored<T> {
  readonly score: number;
  readonly value: T;
}

/** Keeps the values of the highest scores; of equal ones those that came first. */
export class Best<T> {
  readonly #room: number;
  readonly #found: Scored<T>[] = [];

  /** @param room how many to keep, at least 1 */
  constructor(room: number) {
    this.#room = room;
  }

  /** What was kept, best first. */
  get found(): readonly Scored<T>[] {
    return this.#found;
  }

  /** Whether a score would get in. */
  takes(score: number): boolean {
    const { length } = this.#found;
    return length < this.#room || score > this.#found[length - 1]!.score;
  }

  offer(score: number, value: T): void {
    if (!this.takes(score)) return;
    if (this.#found.length === this.#room) this.#found.pop();
    this.#found.splice(this.#rankOf(score), 0, { score, value });
  }

  /** How many of the kept scores are as high or higher. */
  #rankOf(score: number): number {
    let low = 0;
    let high = this.#found.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#found[middle]!.score >= score) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
