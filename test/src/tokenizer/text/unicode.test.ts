import { expect, it } from 'vitest';
import {
  CharMap,
  CONTEXT,
  KIND,
  NOTHING,
  normalize,
  SEVERAL,
  SPACE,
} from '../../../../src/tokenizer/text/normalize.ts';
import { golden } from '../golden.ts';

/** The configurations of make_blocks() in tools/golden/make-tokenizer.py. */
const CONFIGURATIONS = [true, false].map((isFull) => ({
  clean_text: isFull,
  tokenize_chinese_chars: isFull,
  strip_accents: isFull,
  do_lower_case: true,
  do_basic_tokenize: true,
}));

/** The words of a text of three characters, joined with "|". */
function joinedWords(text: string, map: CharMap): string {
  const words = [''];
  const add = (entry: number): void => {
    const kind = Math.floor(entry / KIND);
    const char = String.fromCodePoint(entry % KIND);
    if (kind === SEVERAL) map.several[entry % KIND]!.forEach(add);
    else if (kind === CONTEXT) [...normalize([...text][1]!, map.options)].forEach(classify);
    else if (kind === 0) words[words.length - 1] += char;
    else if (kind !== NOTHING) words.push(...(kind === SPACE ? [''] : [char, '']));
  };
  const classify = (char: string) => add(map.classify(char.codePointAt(0)!));
  for (const char of text) add(map.get(char.codePointAt(0)!));
  return words.filter((word) => word !== '').join('|');
}

function hashOf(text: string, start: number): number {
  let hash = start;
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
  return hash;
}

it.each([0, 1])('CharMap agrees with Rust on every code point, %i', (index) => {
  const expected = golden<number[][]>('blocks')[index]!;
  const map = new CharMap(CONFIGURATIONS[index]!);
  const differing: string[] = [];
  for (let start = 0; start < 0x110000; start += 256) {
    let hash = 0x811c9dc5;
    for (let c = start; c < start + 256; c++) {
      if (c >= 0xd800 && c < 0xe000) continue;
      hash = hashOf(`${joinedWords(`a${String.fromCodePoint(c)}b`, map)}\n`, hash);
    }
    if (hash >>> 0 !== expected[start >> 8]) differing.push(start.toString(16));
  }
  expect(differing).toEqual([]);
});
