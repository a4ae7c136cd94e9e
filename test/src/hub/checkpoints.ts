/** Small checkpoints as maps of files, for hubs and hosts of tests. */

import { readdirSync, readFileSync } from 'node:fs';
import type { startLyingHub } from '../../support/lying-hub.js';

export type Contents = Map<string, Uint8Array>;

const FORMATS = 'test/golden/formats';
const text = (value: string) => new TextEncoder().encode(value);

/** A tokenizer as it is saved today. */
const NEW_TOKENIZER = {
  'tokenizer.json': {
    version: '1.0',
    added_tokens: [],
    model: {
      type: 'WordPiece',
      vocab: { '[PAD]': 0, '[UNK]': 1, '[CLS]': 2, '[SEP]': 3, '[MASK]': 4, a: 5, b: 6 },
    },
  },
  'tokenizer_config.json': {
    added_tokens_decoder: { 0: { content: '[PAD]', special: true } },
    tokenizer_class: 'MobileBertTokenizer',
  },
};

/** A tokenizer as the models of this package have it: a vocabulary and a few settings. */
export const OLD_TOKENIZER: [string, Uint8Array][] = [
  ['vocab.txt', text('[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n')],
  ['tokenizer_config.json', text('{"do_lower_case": true}')],
];

/**
 * The files of test/golden/formats/<format> with their config.json.
 *
 * @param folder where the weights lie in the checkpoint: '' or 'onnx/'
 */
export function checkpoint(format: string, folder = '', config: object = {}): Contents {
  const whole = JSON.parse(readFileSync('test/golden/models/head-size-1/config.json', 'utf8'));
  const files: Contents = new Map([['config.json', text(JSON.stringify({ ...whole, ...config }))]]);
  for (const file of readdirSync(`${FORMATS}/${format}`)) {
    const bytes = readFileSync(`${FORMATS}/${format}/${file}`);
    files.set(folder + file, new Uint8Array(bytes));
  }
  for (const [name, value] of Object.entries(NEW_TOKENIZER)) {
    files.set(name, text(JSON.stringify(value)));
  }
  return files;
}

/** The same with a tokenizer of a vocabulary. */
export function withVocabulary(files: Contents): Contents {
  files.delete('tokenizer.json');
  for (const [name, bytes] of OLD_TOKENIZER) files.set(name, bytes);
  return files;
}

/** The whole safetensors checkpoint. */
export function plain(): Contents {
  const files = checkpoint('safetensors-float16');
  return files;
}

export type Hub = Awaited<ReturnType<typeof startLyingHub>>;
