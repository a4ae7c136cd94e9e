/**
 * The probes of a conversion, and the error measured on them. Probes are short English texts of
 * several kinds, written for this purpose, or ids for a checkpoint that has no tokenizer.
 */

import type { MobileBertConfig } from '../config/config.ts';

/** A dozen texts, to be encoded by the tokenizer of the checkpoint. */
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

/** Number of probes without a tokenizer, and ids in each. */
const ID_PROBES = { count: 4, length: 24 };

/**
 * Probes for a checkpoint without a tokenizer: ids from the whole vocabulary. They depend only on
 * `vocab_size` and `max_position_embeddings`.
 */
export function probeIds(config: MobileBertConfig): number[][] {
  const length = Math.min(ID_PROBES.length, config.max_position_embeddings);
  // A prime stride shares no factor with most sizes, so that ids of every kind come up.
  const id = (i: number) => (7919 * (i + 1)) % config.vocab_size;
  return Array.from({ length: ID_PROBES.count }, (_, probe) =>
    Array.from({ length }, (_, i) => id(probe * length + i)),
  );
}

/** The outputs of one call by name, row-major. */
export type Answer = ReadonlyMap<string, Float32Array>;

/**
 * The largest relative L2 error of any output, |found - expected| / |expected|, as in
 * docs/accuracy.md. The norms of an output run over all calls.
 */
export function largestError(found: readonly Answer[], expected: readonly Answer[]): number {
  const sums = new Map<string, { error: number; norm: number }>();
  expected.forEach((answer, call) => {
    for (const [name, exact] of answer) {
      const sum = sums.get(name) ?? { error: 0, norm: 0 };
      const other = found[call]!.get(name)!;
      for (let i = 0; i < exact.length; i++) {
        sum.error += (other[i]! - exact[i]!) ** 2;
        sum.norm += exact[i]! ** 2;
      }
      sums.set(name, sum);
    }
  });
  const errors = Array.from(sums.values(), ({ error, norm }) => Math.sqrt(error / (norm || 1)));
  return Math.max(0, ...errors);
}
