import { describe, expect, it } from 'vitest';
import type { CallOptions, Side } from '../../../../src/tokenizer/batch/arguments.ts';
import { golden, makeTokenizer } from '../golden.ts';

interface Row {
  ids: number[];
  types: number[];
  mask: number[];
  special: number[];
  spans: [number, number][];
  words: (number | null)[];
  sequences: (number | null)[];
  sample: number;
}

interface Call {
  text: string[] | string[][];
  text_pair: string[] | string[][] | null;
  options: CallOptions;
  truncation_side: Side;
  /** What Python raised. */
  error?: string;
  rows?: Row[];
}

const calls = golden<Call[]>('calls');

const tokenizer = makeTokenizer({ model_max_length: 512 });
const bare = { return_tensor: false } as const;

function run({ text, text_pair, options, truncation_side }: Call, more: CallOptions = {}) {
  tokenizer.truncation_side = truncation_side;
  return tokenizer(text, {
    ...options,
    text_pair,
    return_special_tokens_mask: true,
    return_length: true,
    offset_unit: 'codepoint',
    ...more,
  });
}

describe('tokenizer()', () => {
  it.each(calls.map((call, i) => [i, JSON.stringify(call.options), call] as const))(
    'gives the rows of Python, call %i: %s',
    (_, __, call) => {
      const whole = { return_tensor: false, return_offsets_mapping: true } as const;
      if (call.error) return expect(() => run(call)).toThrow(/^Cannot (truncate|pad): /);
      const result = run(call, whole);
      const rows = call.rows!;
      expect(result.input_ids).toEqual(rows.map((row) => row.ids));
      expect(result.token_type_ids).toEqual(rows.map((row) => row.types));
      expect(result.attention_mask).toEqual(rows.map((row) => row.mask));
      expect(result.special_tokens_mask).toEqual(rows.map((row) => row.special));
      expect(result.offset_mapping).toEqual(rows.map((row) => row.spans));
      expect(result.length).toEqual(rows.map((row) => row.ids.length));
      rows.forEach((row, i) => {
        expect(result.word_ids(i)).toEqual(row.words);
        expect(result.sequence_ids(i)).toEqual(row.sequences);
      });
      const samples = rows.map((row) => row.sample);
      const isMapped = call.options.return_overflowing_tokens === true;
      expect(result.overflow_to_sample_mapping).toEqual(isMapped ? samples : undefined);
    },
  );

  it('gives the same numbers as int64 Tensors', () => {
    const even = calls.filter(
      (call) => new Set(call.rows?.map((row) => row.ids.length)).size === 1,
    );
    expect(even.length).toBeGreaterThan(100);
    for (const call of even) {
      const { input_ids, token_type_ids, attention_mask } = run(call);
      const rows = call.rows!;
      expect(input_ids.dims).toEqual([rows.length, rows[0]!.ids.length]);
      expect(input_ids.tolist()).toEqual(rows.map((row) => row.ids.map(BigInt)));
      expect(token_type_ids.tolist()).toEqual(rows.map((row) => row.types.map(BigInt)));
      expect(attention_mask.tolist()).toEqual(rows.map((row) => row.mask.map(BigInt)));
    }
  });
});

describe('tokenizer() results', () => {
  it('gives int64 Tensors with two dims, for one text too', () => {
    const { input_ids, attention_mask, token_type_ids } = tokenizer('I love transformers!');
    expect(input_ids.type).toBe('int64');
    expect(input_ids.dims).toEqual([1, 6]);
    expect(Array.from(input_ids.data)).toEqual([101n, 1045n, 2293n, 19081n, 999n, 102n]);
    expect(Array.from(attention_mask.data)).toEqual(Array(6).fill(1n));
    expect(Array.from(token_type_ids.data)).toEqual(Array(6).fill(0n));
  });

  it('gives plain arrays without return_tensor, flat for one text', () => {
    expect({ ...tokenizer('a', bare) }).toEqual({
      input_ids: [101, 1037, 102],
      attention_mask: [1, 1, 1],
      token_type_ids: [0, 0, 0],
    });
    const batch = tokenizer(['a', 'b c'], { ...bare, padding: true });
    expect(batch.input_ids).toEqual([
      [101, 1037, 102, 0],
      [101, 1038, 1039, 102],
    ]);
  });

  it('leaves fields out and adds fields as asked', () => {
    const call = tokenizer('a', {
      ...bare,
      return_attention_mask: false,
      return_token_type_ids: false,
      return_special_tokens_mask: true,
      return_length: true,
      return_offsets_mapping: true,
    });
    expect({ ...call }).toEqual({
      input_ids: [101, 1037, 102],
      special_tokens_mask: [1, 0, 1],
      length: 3,
      offset_mapping: [
        [0, 0],
        [0, 1],
        [0, 0],
      ],
    });
  });

  it('takes an empty second text of a single pair for none, as Python does', () => {
    expect(tokenizer('a', { ...bare, text_pair: '' }).input_ids).toEqual([101, 1037, 102]);
    const batch = tokenizer(['a'], { ...bare, text_pair: [''] });
    expect(batch.input_ids).toEqual([[101, 1037, 102, 102]]);
  });

  it('cuts to model_max_length, and to nothing where that is Infinity', () => {
    const long = 'a '.repeat(600);
    expect(tokenizer(long, { truncation: true }).input_ids.dims).toEqual([1, 512]);
    expect(makeTokenizer()(long, { truncation: true }).input_ids.dims).toEqual([1, 602]);
    expect(makeTokenizer()('a', { padding: 'max_length' }).input_ids.dims).toEqual([1, 3]);
  });

  it('reads special tokens as text with split_special_tokens', () => {
    expect(tokenizer.tokenize('x [SEP]', { split_special_tokens: true })).toEqual(
      'x [ sep ]'.split(' '),
    );
  });

  it('reads a lone surrogate as U+FFFD', () => {
    const [lone, replaced] = ['a\ud800b\udc00', 'a\ufffdb\ufffd'];
    for (const clean_text of [true, false]) {
      const cleaning = makeTokenizer({ clean_text });
      expect(cleaning.encode(lone)).toEqual(cleaning.encode(replaced));
    }
  });

  it('takes a 10 MB text and a word of a million letters', () => {
    const text = 'How do I locate my card? '.repeat(400_000);
    expect(tokenizer(text, bare).input_ids.length).toBe(7 * 400_000 + 2);
    expect(tokenizer.encode('a'.repeat(1_000_000))).toEqual([101, 100, 102]);
    expect(tokenizer.encode(`\u1b44${'\u0301'.repeat(100_000)}`).length).toBe(3);
  });

  it('refuses to pad without a padding token', () => {
    const other = makeTokenizer({ pad_token: null });
    expect(other('a', bare).input_ids).toEqual([101, 1037, 102]);
    expect(() => other(['a'], { padding: true })).toThrow('tokenizer has no pad_token');
  });
});
