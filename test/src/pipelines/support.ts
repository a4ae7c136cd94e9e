/** Sources for pipelines: a golden checkpoint with a small vocabulary. */
import { readFileSync } from 'node:fs';
import type { Source } from '../../../src/hub/source.ts';
import { loadCase } from '../../support/golden.ts';

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const WORDS =
  'my card is lost where the money top up pin new old rome how do i pay you it not a ? . ##s ##ing ##ed';

/** The text of a vocab.txt: 31 tokens, fewer than any golden model has. */
export const vocabulary = [...SPECIAL, ...WORDS.split(' ')].join('\n');

/** A golden checkpoint with the vocabulary beside it, as a map of files. */
export function sourceOf(name: string, config: object = {}): Record<string, Uint8Array | object> {
  const golden = loadCase(name);
  return {
    'config.json': { ...golden.config, ...config },
    'model.safetensors': new Uint8Array(readFileSync(`${golden.folder}/model.safetensors`)),
    'vocab.txt': new TextEncoder().encode(vocabulary),
  } satisfies Source;
}

/** Texts of many lengths, all within the positions of the golden models. */
export const texts = [
  'where is my new card ?',
  'pin',
  'how do i pay you the money ? it is not lost .',
  'top up',
  'lost cards',
  'do you pay ? do you pay ? do you pay ? do you pay ?',
  'my old card is not in rome',
];
