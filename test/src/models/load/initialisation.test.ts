import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../../src/errors.ts';
import { MobileBertModel } from '../../../../src/models/heads/mobilebert-model.ts';
import { MobileBertForMaskedLM } from '../../../../src/models/heads/pretraining.ts';
import { MobileBertForQuestionAnswering } from '../../../../src/models/heads/question-answering.ts';
import { expectClose } from '../../../support/close.ts';
import { classes, idsOf, named, optionsOf, smallConfig } from '../../../support/models.ts';
import { floatVariants } from '../../../support/variants.ts';

const heads = Object.keys(classes);
const input_ids = idsOf(2, 5);
const inputsOf = (head: string) =>
  head === 'MobileBertForMultipleChoice' ? { input_ids: [input_ids] } : { input_ids };

describe.each(floatVariants)(
  'a model without a checkpoint on the $name build',
  ({ name, isFused }) => {
    it.each(heads)('depends on its seed alone: %s', async (head) => {
      const Class = classes[head]!;
      const run = async (seed: number, build = name) => {
        const model = new Class(smallConfig(), { seed, ...optionsOf(build) });
        return named(await model(inputsOf(head)));
      };
      const [first, same, other] = [await run(7), await run(7), await run(8)];
      const baseline = await run(7, 'simd');
      for (const [output, { data }] of first) {
        expect(data, output).toEqual(same.get(output)!.data);
        expect(data, output).not.toEqual(other.get(output)!.data);
        expect(
          data.every((value) => Number.isFinite(Number(value))),
          output,
        ).toBe(true);
        // The same weights everywhere; only a fused multiply-add rounds otherwise.
        const expected = baseline.get(output)!.data as Float32Array;
        expectClose(data as Float32Array, expected, isFused ? { relative: 1e-5 } : {});
      }
    });
  },
);

describe('a model without a checkpoint', () => {
  it('has another seed each time unless it is given one', async () => {
    const run = async () => {
      const model = new MobileBertModel(smallConfig(), { variant: 'simd' });
      return (await model({ input_ids })).last_hidden_state.data;
    };
    expect(await run()).not.toEqual(await run());
  });

  // Without trigrams and blocks a hidden state is word + position + type, each normal(0, 0.02).
  it("has Hugging Face's distribution, and a padding word of zeros", async () => {
    const [V, H] = [512, 64];
    const model = new MobileBertModel(
      smallConfig({
        ...{ vocab_size: V, embedding_size: H, hidden_size: H, max_position_embeddings: V },
        ...{ num_hidden_layers: 0, trigram_input: false, initializer_range: 0.02, pad_token_id: 3 },
      }),
      { seed: 5, variant: 'simd' },
    );
    const hidden = async (ids: number[]) =>
      (await model({ input_ids: [ids] })).last_hidden_state.data;
    const all = await hidden(Array.from({ length: V }, (_, i) => i));
    const mean = all.reduce((sum, x) => sum + x, 0) / all.length;
    const deviation = Math.sqrt(all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length);
    // The type row's 64 draws are in every row: they move the deviation by 3 %, the mean by 0.0025.
    expect(deviation / (0.02 * Math.sqrt(3))).toBeCloseTo(1, 1);
    expect(Math.abs(mean)).toBeLessThan(0.01);
    const [pad, same] = [await hidden([3]), await hidden([3])];
    const zeros = await model({ inputs_embeds: { data: new Float32Array(H), dims: [1, 1, H] } });
    expect(pad).toEqual(same);
    expect(pad).toEqual(zeros.last_hidden_state.data);
    expect(pad).not.toEqual(await hidden([4]));
  });

  it('is refused where its configuration cannot be used', () => {
    expect(() => new MobileBertModel({ num_attention_heads: 7 })).toThrow(ConfigError);
    expect(() => new MobileBertForMaskedLM({ embedding_size: 513 })).toThrow(ConfigError);
    expect(() => new MobileBertForQuestionAnswering({ num_labels: 3 })).toThrow(
      new ConfigError(
        'Cannot make MobileBertForQuestionAnswering: num_labels is 3, expected 2 (start and end)',
      ),
    );
  });
});
