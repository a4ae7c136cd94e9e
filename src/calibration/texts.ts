/** Texts to calibrate on: the caller's, or random words of the whole vocabulary. */

import type { MobileBertConfig } from '../config/config.ts';
import { InputError } from '../errors.ts';

/** One text as token ids. */
export interface CalibrationText {
  readonly ids: readonly number[];
  /** Token types; default all 0. */
  readonly types?: readonly number[] | undefined;
}

/**
 * Lengths of random texts in words. Most are short: texts are, and the first rows of a text see its
 * edge.
 */
const LENGTHS = [6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128];

/** Texts of each length: 12,992 words together. */
const TEXTS_PER_LENGTH = 28;

/** Limits on the words of the caller's texts. Memory and time grow with their number. */
const MOST_WORDS = 16384;
const FEWEST_WORDS = 8192;

/**
 * Texts of random words, with two token types where the model has them. A seed gives the same texts
 * everywhere.
 */
export function randomTexts(config: MobileBertConfig, seed: number): CalibrationText[] {
  const { vocab_size, type_vocab_size, max_position_embeddings } = config;
  const draw = drawsOf(seed);
  return Array.from({ length: TEXTS_PER_LENGTH * LENGTHS.length }, (_, i) => {
    const length = Math.min(LENGTHS[i % LENGTHS.length]!, max_position_embeddings);
    const ids = Array.from({ length }, () => Math.floor(draw() * vocab_size));
    const types = ids.map((_, at) => (type_vocab_size > 1 && at >= length / 2 ? 1 : 0));
    return { ids, types };
  });
}

/**
 * Picks texts spread over the whole list, about 16,000 words in all. Below about 8,000 words it
 * adds random texts, because a few hundred words say too little about 512 inputs.
 *
 * @throws InputError when the texts hold no words
 */
export function enoughTexts(
  texts: readonly CalibrationText[],
  config: MobileBertConfig,
  seed: number,
): CalibrationText[] {
  const given = texts.filter(({ ids }) => ids.length > 0);
  if (given.length === 0) {
    throw new InputError('Cannot calibrate: texts have no words, expected at least one');
  }
  const words = given.reduce((sum, { ids }) => sum + ids.length, 0);
  const share = Math.min(1, MOST_WORDS / words);
  const some = given.filter((_, i) => Math.floor((i + 1) * share) > Math.floor(i * share));
  let missing = FEWEST_WORDS - words;
  for (const text of randomTexts(config, seed)) {
    if (missing <= 0) break;
    some.push(text);
    missing -= text.ids.length;
  }
  return some;
}

/** Seeded random numbers from 0 to 1: mulberry32. */
function drawsOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
