/**
 * What a conversion is measured on: short English texts of several kinds, written for this purpose, and
 * ids for a checkpoint that brings no tokenizer.
 */

import type { MobileBertConfig } from '../config/config.ts';

/** A dozen texts, encoded by the checkpoint's own tokenizer. */
export const PROBE_TEXTS: readonly string[] = [
  'The quick brown fox jumps over the lazy dog.',
  'When will my new card arrive? I ordered it two weeks ago and have heard nothing since.',
  'What a wonderful film: I laughed, I cried, and I would gladly see it again tomorrow.',
  'Terrible service. The room was cold, the food was worse, and nobody answered the phone!',
  'Ada Lovelace was born in London on 10 December 1815 and wrote the first program.',
  'Water boils at 100 degrees Celsius at sea level, but at 71 degrees on top of Mount Everest.',
  'Shares of the company fell 3.7 % on Tuesday after it cut its forecast for the third time.',
  'def mean(values): return sum(values) / len(values)',
  'Preheat the oven to 180 degrees, beat two eggs with the sugar, then fold in the flour.',
  'The court held that the agreement, although signed under pressure, was nevertheless binding.',
  'lol see u at 8, dont be late this time pls :)',
  'In 1969 three astronauts flew to the Moon; two of them, Neil Armstrong and Buzz Aldrin, walked on its surface while Michael Collins stayed in orbit above them and waited.',
];

/** Texts of words drawn from all over the vocabulary. */
const SPREAD = { texts: 4, length: 24 };

/** Ids in place of texts: words of every kind, the same for every checkpoint of a vocabulary's size. */
export function probeIds(config: MobileBertConfig): number[][] {
  const length = Math.min(SPREAD.length, config.max_position_embeddings);
  // A stride that shares no factor with most sizes visits words of every kind.
  const word = (i: number) => (7919 * (i + 1)) % config.vocab_size;
  return Array.from({ length: SPREAD.texts }, (_, text) =>
    Array.from({ length }, (_, i) => word(text * length + i)),
  );
}
