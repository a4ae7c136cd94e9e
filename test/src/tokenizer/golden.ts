/** The golden files of test/golden/tokenizer and the tokenizer they were made with. */

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { MobileBertTokenizer } from '../../../src/tokenizer/api/tokenizer.ts';
import type { TokenizerOptions } from '../../../src/tokenizer/files/settings.ts';

/** Ids, spans and word numbers of a text; the latter two as differences between neighbours. */
export type GoldenRecord = [ids: number[], spans: number[], words: number[]];

/** Reads test/golden/tokenizer/<name>.json.gz. */
export function golden<T>(name: string): T {
  const url = new URL(`../../golden/tokenizer/${name}.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(url)).toString()) as T;
}

/** The vocabulary of google/mobilebert-uncased. */
export const vocabulary = readFileSync(
  new URL('../../../models/banking77-intents/vocab.txt', import.meta.url),
  'utf8',
);

/** The tokenizer of google/mobilebert-uncased under these options. */
export function makeTokenizer(options: TokenizerOptions = {}): MobileBertTokenizer {
  return new MobileBertTokenizer(vocabulary, options);
}

/** What a golden record holds, worked out by our tokenizer: spans in code points, as in Python. */
export function recordOf(tokenizer: MobileBertTokenizer, text: string): GoldenRecord {
  const encoding = tokenizer(text, {
    return_tensor: false,
    return_offsets_mapping: true,
    offset_unit: 'codepoint',
  });
  const spans: number[] = [];
  const words: number[] = [];
  let [end, word] = [0, 0];
  const offsets = encoding.offset_mapping as [number, number][];
  const numbers = encoding.word_ids();
  for (let i = 1; i < offsets.length - 1; i++) {
    const [from, to] = offsets[i]!;
    spans.push(from - end, to - from);
    words.push(numbers[i]! - word);
    [end, word] = [to, numbers[i]!];
  }
  return [encoding.input_ids.slice(1, -1), spans, words];
}
