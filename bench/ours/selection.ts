/** Which rows of a bench are measured: all, or those whose names contain the text of --only. */
import { suggestion } from '../../src/options.ts';

export class Selection {
  readonly #only: string | undefined;
  readonly #names = new Set<string>();
  #isFound = false;

  constructor(only?: string) {
    this.#only = only;
  }

  /** Whether every row is measured, so that sums over rows mean something. */
  get isAll(): boolean {
    return this.#only === undefined;
  }

  /** Whether to measure a row. Case does not count. */
  has(name: string): boolean {
    this.#names.add(name);
    const isChosen =
      this.#only === undefined || name.toLowerCase().includes(this.#only.toLowerCase());
    this.#isFound ||= isChosen;
    return isChosen;
  }

  /** @throws RangeError if no row was chosen, naming what there is */
  check(): void {
    if (this.#isFound || this.#only === undefined) return;
    // "S = 8: query" and "S = 32: query" are one kind of row.
    const kinds = new Set([...this.#names].map((name) => name.replace(/^S = \d+: /, '')));
    throw new RangeError(
      `Cannot choose rows: none is named "${this.#only}", expected ${suggestion(this.#only, [...kinds])}`,
    );
  }
}
