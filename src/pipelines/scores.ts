/**
 * The logits of one row -> scores, and the best of many scores. The functions are those of
 * transformers' pipelines/text_classification.py.
 */

import { sigmoid, softmax } from '../tensor/math.ts';

const FUNCTIONS = {
  softmax,
  sigmoid: (logits: Float32Array) => logits.map(sigmoid),
  none: (logits: Float32Array) => logits,
} as const;

/**
 * How logits become scores. 'softmax': probabilities that sum to 1; 'sigmoid': a probability for
 * each label by itself; 'none': the logits as they are.
 */
export type ScoreFunction = keyof typeof FUNCTIONS;

/** All score functions, for checks and messages. */
export const SCORE_FUNCTIONS = Object.keys(FUNCTIONS) as readonly ScoreFunction[];

/** With more scores than this per result, one pass keeps the best; otherwise all are sorted. */
const SHORT_LIST = 64;

/** Scores [C] of the logits [C] of one row. The logits are not changed. */
export function scoresOf(logits: Float32Array, apply: ScoreFunction): Float32Array {
  return FUNCTIONS[apply](logits);
}

/** Indices of the `k` highest scores, highest first, equal ones in their order; null for all. */
export function topIndices(scores: Float32Array | Float64Array, k: number | null): number[] {
  if (k === 1) return [bestIndex(scores)];
  if (k !== null && k < scores.length / SHORT_LIST) {
    const top = new TopK<number>(k);
    for (let i = 0; i < scores.length; i++) top.offer(scores[i]!, i);
    return top.entries.map(({ value }) => value);
  }
  const indices = Array.from(scores, (_, i) => i);
  indices.sort((a, b) => scores[b]! - scores[a]!);
  return k === null ? indices : indices.slice(0, k);
}

function bestIndex(scores: Float32Array | Float64Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[best]!) best = i;
  return best;
}

/** A value and its score. */
export interface Scored<T> {
  readonly score: number;
  readonly value: T;
}

/** Keeps the values of the k highest scores; of equal scores those that were offered first. */
export class TopK<T> {
  readonly #k: number;
  readonly #entries: Scored<T>[] = [];

  /** @param k at least 1 */
  constructor(k: number) {
    this.#k = k;
  }

  /** At most k values, the best first. */
  get entries(): readonly Scored<T>[] {
    return this.#entries;
  }

  /** Whether a value of this score would be kept. */
  accepts(score: number): boolean {
    const { length } = this.#entries;
    return length < this.#k || score > this.#entries[length - 1]!.score;
  }

  offer(score: number, value: T): void {
    if (!this.accepts(score)) return;
    if (this.#entries.length === this.#k) this.#entries.pop();
    this.#entries.splice(this.#rankOf(score), 0, { score, value });
  }

  /** How many of the kept scores are as high or higher; a binary search. */
  #rankOf(score: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle]!.score >= score) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
