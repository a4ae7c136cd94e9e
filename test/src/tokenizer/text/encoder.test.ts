import { describe, expect, it } from 'vitest';
import type { TokenizerOptions } from '../../../../src/tokenizer/files/settings.ts';
import type { AddedToken } from '../../../../src/tokenizer/text/added-tokens.ts';
import { type GoldenRecord, golden, makeTokenizer, recordOf } from '../golden.ts';

interface Configuration {
  options: TokenizerOptions;
  /** Of every text; under others than the first configuration only of texts that differ there. */
  records?: GoldenRecord[];
  differing?: Record<string, GoldenRecord>;
}

const texts = golden<string[]>('texts');
const configurations = Object.entries(golden<Record<string, Configuration>>('configs'));
const first = configurations[0]![1].records!;

/** The texts whose records differ, with both records; at most five, to be readable. */
function failures(
  actual: (text: string) => GoldenRecord,
  expected: (index: number) => GoldenRecord,
) {
  const found = [];
  for (let i = 0; i < texts.length && found.length < 5; i++) {
    const [ours, theirs] = [actual(texts[i]!), expected(i)];
    if (JSON.stringify(ours) !== JSON.stringify(theirs))
      found.push({ i, text: texts[i], ours, theirs });
  }
  return found;
}

describe('MobileBertTokenizer()', () => {
  it('has at least 5,000 golden texts', () => {
    expect(texts.length).toBeGreaterThan(5000);
  });

  it.each(configurations)('gives ids, spans and words of the Rust library: %s', (_, golden) => {
    const tokenizer = makeTokenizer(golden.options);
    const expected = (i: number) => golden.records?.[i] ?? golden.differing?.[i] ?? first[i]!;
    expect(failures((text) => recordOf(tokenizer, text), expected)).toEqual([]);
  });

  it('gives the same through a normalized copy as in one pass', () => {
    const tokenizer = makeTokenizer();
    tokenizer.add_tokens('\u{10fffd}never in a text\u{10fffd}');
    expect(
      failures(
        (text) => recordOf(tokenizer, text),
        (i) => first[i]!,
      ),
    ).toEqual([]);
  });

  it.each(configurations)('gives the same step by step as in one pass: %s', (_, golden) => {
    const tokenizer = makeTokenizer({ ...golden.options, never_split: ['never in a text'] });
    const expected = (i: number) => golden.records?.[i] ?? golden.differing?.[i] ?? first[i]!;
    expect(failures((text) => recordOf(tokenizer, text), expected)).toEqual([]);
  });
});

describe('MobileBertTokenizer.add_tokens()', () => {
  const made = golden<{
    added: AddedToken[];
    length: number;
    vocab_size: number;
    texts: string[];
    records: GoldenRecord[];
    tokens: string[][];
    decoded: string[];
    decoded_plain: string[];
  }>('added');
  const tokenizer = makeTokenizer();
  tokenizer.add_tokens(made.added);

  it('makes tokens that are found as the Rust library finds them', () => {
    made.texts.forEach((text, i) => {
      expect(recordOf(tokenizer, text), text).toEqual(made.records[i]);
      expect(tokenizer(text).tokens().slice(1, -1), text).toEqual(made.tokens[i]);
    });
  });

  it('counts them as Python does', () => {
    expect(tokenizer.length).toBe(made.length);
    expect(tokenizer.vocab_size).toBe(made.vocab_size);
  });

  it('makes tokens that decode() gives back as Python does', () => {
    made.texts.forEach((text, i) => {
      const ids = tokenizer.encode(text);
      expect(tokenizer.decode(ids), text).toBe(made.decoded[i]);
      const plain = tokenizer.decode(ids, { skip_special_tokens: true });
      expect(plain, text).toBe(made.decoded_plain[i]);
    });
  });
});

describe('MobileBertTokenizer() with options of the older Python class', () => {
  const made = golden<{ options: TokenizerOptions; texts: string[]; ids: number[][] }[]>('legacy');

  it.each(made)('gives its ids: $options', ({ options, texts, ids }) => {
    const tokenizer = makeTokenizer(options);
    texts.forEach((text, i) => {
      expect(tokenizer.encode(text), text).toEqual(ids[i]);
    });
  });
});
