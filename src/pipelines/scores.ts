/** Logits of one row -> scores, and which of them are the best. Mirrors text_classification.py. */

import { sigmoid, softmax } from '../tensor/math.ts';
import { Best } from './best.ts';

const FUNCTIONS = {
  softmax,
  sigmoid: (logits: Float32Array) => logits.map(sigmoid),
  none: (logits: Float32Array) => logits,
} as const;

/** What turns logits into scores: shares of 1, each label by itself, or nothing. */
export type ScoreFunction = keyof typeof FUNCTIONS;

/** All functions, for messages and checks. */
export const SCORE_FUNCTIONS = Object.keys(FUNCTIONS) as readonly ScoreFunction[];

/** A list this many times shorter than all is gathered in one pass; a longer one is sorted out. */
const SHORT_LIST = 64;

/** Scores [C] of the logits [C] of one row; the logits stay as they are. */
export function scoresOf(logits: Float32Array, apply: ScoreFunction): Float32Array {
  return FUNCTIONS[apply](logits);
}

/** Indices of the `k` largest scores, largest first, equal ones in their order; null: all. */
export function topIndices(scores: Float32Array | Float64Array, k: number | null): number[] {
  if (k === 1) return [bestIndex(scores)];
  if (k !== null && k < scores.length / SHORT_LIST) {
    const best = new Best<number>(k);
    for (let i = 0; i < scores.length; i++) best.offer(scores[i]!, i);
    return best.found.map(({ value }) => value);
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
