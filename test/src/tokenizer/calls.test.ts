import { describe, expect, it } from 'vitest';
import type { CallOptions, Side } from '../../../src/tokenizer/api/options.ts';
import { golden, makeTokenizer } from './golden.ts';

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
