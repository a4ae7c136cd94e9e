/** Requests for some rows: their outputs are those of a whole pass, bit for bit. */
import { describe, expect, it } from 'vitest';
import type { MobileBertConfigOptions } from '../../../../src/config/config.ts';
import type { OutputName, Request } from '../../../../src/engine/engine.ts';
import { MobileBertForTokenClassification } from '../../../../src/models/heads/classification.ts';
import { MobileBertModel } from '../../../../src/models/heads/mobilebert-model.ts';
import { MobileBertForMaskedLM } from '../../../../src/models/heads/pretraining.ts';
import { optionsOf, smallConfig } from '../../../support/models.ts';
import { floatVariants } from '../../../support/variants.ts';

/** Shapes of the last block: they differ in the inputs of query, key, value and residual. */
const shapes: [string, MobileBertConfigOptions][] = [
  ['bottlenecks', {}],
  ['bottleneck attention', { use_bottleneck_attention: true }],
  ['key and query without a bottleneck', { key_query_shared_bottleneck: false, hidden_size: 15 }],
  ['no bottleneck', { use_bottleneck: false, hidden_size: 18 }],
  ['layer norm', { normalization_type: 'layer_norm', hidden_act: 'gelu' }],
  ['one block', { num_hidden_layers: 1 }],
  ['no blocks', { num_hidden_layers: 0 }],
];

/** Sequences of several chunks (512 rows), some without a selected row. */
const lengths = [7, 33, 1, 300, 180, 33, 2, 9];
const total = lengths.reduce((sum, length) => sum + length, 0);
const selected = [0, 6, 7, 20, 39, 41, 200, 340, 341, 530, total - 1];

function request(outputs: OutputName[], rows?: readonly number[]): Request {
  const positions = lengths.flatMap((length) => Array.from({ length }, (_, i) => i % 35));
  return {
    lengths: Int32Array.from(lengths),
    inputIds: Int32Array.from(positions, (_, i) => (i * 7) % 31),
    tokenTypeIds: new Int32Array(total),
    positionIds: Int32Array.from(positions),
    attentionMask: Int32Array.from(positions, (_, i) => (i % 5 ? 1 : 0)),
    rows: rows && Int32Array.from(rows),
    outputs,
  };
}

function pick(data: Float32Array, width: number, rows: readonly number[]): number[] {
  return rows.flatMap((row) => Array.from(data.subarray(row * width, (row + 1) * width)));
}

describe.each(floatVariants)('selected rows on the $name build', ({ name }) => {
  const options = { seed: 5, ...optionsOf(name) };

  describe.each(shapes)('with %s', (_, fields) => {
    const config = smallConfig({ initializer_range: 0.15, ...fields });

    it('give the hidden states and vocabulary logits of a whole pass', async () => {
      const model = new MobileBertForMaskedLM(config, options);
      const outputs: OutputName[] = ['LastHiddenState', 'VocabularyLogits'];
      const all = await model.run(request(outputs));
      const some = await model.run(request(outputs, selected));
      const H = config.hidden_size;
      expect(Array.from(some.LastHiddenState!)).toEqual(pick(all.LastHiddenState!, H, selected));
      expect(Array.from(some.VocabularyLogits!)).toEqual(pick(all.VocabularyLogits!, 31, selected));
    });

    it('are the first of each sequence where only Pooled is requested', async () => {
      const model = new MobileBertModel(config, options);
      const all = await model.run(request(['LastHiddenState', 'Pooled']));
      const some = await model.run(request(['Pooled']));
      expect(some.Pooled!.length).toBe(lengths.length * config.hidden_size);
      expect(Array.from(some.Pooled!)).toEqual(Array.from(all.Pooled!));
    });
  });

  it('give the token logits of a whole pass, whatever ran before', async () => {
    const model = new MobileBertForTokenClassification(smallConfig(), options);
    const all = await model.run(request(['TokenLogits']));
    for (const rows of [[0], [total - 1], selected, [...Array(total).keys()]]) {
      const some = await model.run(request(['TokenLogits'], rows));
      expect(Array.from(some.TokenLogits!)).toEqual(pick(all.TokenLogits!, 2, rows));
    }
  });

  it.each([
    ['none', [], /rows hold nothing at 0, expected ascending numbers from 0 to 564/],
    ['a negative one', [-1], /rows hold -1 at 0/],
    ['one past the end', [total], /rows hold 565 at 0/],
    ['one twice', [3, 3], /rows hold 3 at 1/],
    ['descending ones', [3, 2], /rows hold 2 at 1/],
  ])('are refused: %s', async (_, rows, message) => {
    const model = new MobileBertForTokenClassification(smallConfig(), options);
    await expect(model.run(request(['TokenLogits'], rows))).rejects.toThrow(message);
  });

  it.each(['HiddenStates', 'Attentions', 'Pooled'] as const)(
    'are refused together with %s',
    async (output) => {
      const model = new MobileBertModel(smallConfig(), options);
      await expect(model.run(request([output], selected))).rejects.toThrow(
        `found rows with the output "${output}", which needs all rows`,
      );
    },
  );
});
