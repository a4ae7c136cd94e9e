import { describe, expect, it } from 'vitest';
import { DataTensor } from '../../../../src/tensor/data-tensor.ts';
import { Batch, type TokenizerState } from '../../../../src/tokenizer/batch/batch.ts';
import { rowsOf } from '../../../../src/tokenizer/batch/post-processing.ts';
import { bertTemplate, templateFrom } from '../../../../src/tokenizer/batch/rows.ts';
import { settingsOf } from '../../../../src/tokenizer/files/settings.ts';
import { AddedVocabulary } from '../../../../src/tokenizer/text/added-tokens.ts';
import type { Encoder } from '../../../../src/tokenizer/text/encoder.ts';
import { vocabulary } from '../golden.ts';

const TOKENS = 5000;

/** How often the numbers of a list were read. */
function counted(numbers: Int32Array): { list: Int32Array; reads: () => number } {
  let reads = 0;
  const get = (target: Int32Array, key: string | symbol): unknown => {
    if (typeof key === 'string' && /^\d/.test(key)) reads++;
    return Reflect.get(target, key, target);
  };
  return { list: new Proxy(numbers, { get }), reads: () => reads };
}

describe('Batch', () => {
  it.each(['utf16', 'codepoint'] as const)(
    'reads each token once per row it is in, for the spans of all rows: %s',
    (offset_unit) => {
      const { list: starts, reads } = counted(Int32Array.from({ length: TOKENS }, (_, i) => 2 * i));
      let calls = 0;
      const encode = () => {
        calls++;
        const ids = new Array<number>(TOKENS).fill(7);
        const words = Int32Array.from(ids, (_, i) => i);
        return { ids, starts, ends: words.map((i) => 2 * i + 1), words, texts: new Map() };
      };
      const settings = settingsOf({ vocabulary, config: {} });
      const state: TokenizerState = {
        settings,
        Tensor: DataTensor,
        encoder: { encode } as unknown as Encoder,
        template: templateFrom(bertTemplate('[CLS]', '[SEP]'), (token) => settings.vocab.id(token)),
        warned: new Set(),
        padding: () => ({ id: 0, typeId: 0 }),
      };
      const options = {
        ...{ truncation: true, max_length: 7, stride: 2, offset_unit },
        ...{ return_overflowing_tokens: true, return_offsets_mapping: true },
      };
      const added = new AddedVocabulary(settings.vocab, String);
      const batch = new Batch(
        state,
        added,
        ['😀 '.repeat(TOKENS)].map((text) => [text]),
        options,
      );
      const rows = rowsOf(state, batch, options);
      expect(rows.length).toBeGreaterThan(TOKENS / 4);
      const spans = rows.flatMap((row) => batch.offsets(row));
      const inRows = rows.reduce((sum, { length }) => sum + length, 0);
      expect(spans).toHaveLength(inRows);
      expect(reads()).toBeLessThanOrEqual(inRows);
      rows.forEach((row) => {
        batch.view(row);
      });
      expect(reads()).toBeLessThanOrEqual(2 * inRows);
      expect(calls).toBe(1);
    },
  );
});
