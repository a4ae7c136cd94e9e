/** Small weights in every configuration: golden cases at q8 and fp16, what loading refuses, and bits. */
import { describe, expect, it } from 'vitest';
import { MobileBertModel } from '../../../src/models/mobilebert-model.ts';
import type { PreTrainedModel } from '../../../src/models/pretrained-model.ts';
import { checkpointOf } from '../../support/checkpoints.ts';
import { relativeL2 } from '../../support/close.ts';
import { type GoldenCase, listCases, loadCase } from '../../support/golden.ts';
import { classes, idsOf, inputsOf, named, smallConfig } from '../../support/models.ts';

/**
 * Relative L2 of an output. One weight's rounding is 0.4 % and 0.02 %; sharp attentions and logits that
 * nearly cancel multiply it in these few thousand weights. A wrong path is off by a whole.
 */
const BOUNDS = { q8: 0.15, fp16: 0.008 } as const;
const DTYPES = ['q8', 'fp16'] as const;

describe.each(DTYPES)('%s', (dtype) => {
  it.each(listCases())('%s stays near Hugging Face in float64', async (name) => {
    const golden = loadCase(name);
    const model = await load(golden, dtype);
    const found = named(await model(inputsOf(golden) as never));
    for (const [output, { data, shape }] of golden.outputs) {
      const actual = found.get(output)!;
      expect(actual.dims, output).toEqual([...shape]);
      const error = relativeL2(actual.data as Float32Array, data as Float64Array);
      expect(error, output).toBeLessThanOrEqual(BOUNDS[dtype]);
    }
    await model.dispose();
  });

  it('gives the same answer in every batch, to the bit', async () => {
    const model = new MobileBertModel(smallConfig(), { dtype, seed: 3 });
    const ids = idsOf(5, 9);
    const { last_hidden_state: together } = await model({ input_ids: ids });
    for (const [i, row] of ids.entries()) {
      const { last_hidden_state: alone } = await model({ input_ids: [row] });
      const size = alone.data.length;
      expect(together.data.slice(i * size, (i + 1) * size)).toEqual(alone.data);
    }
  });

  it('passes a NaN of a weight on', async () => {
    const golden = loadCase('base-odd');
    const key = [...golden.weights.keys()].find((name) =>
      name.includes('layer.0.attention.self.value.weight'),
    )!;
    const files = checkpointOf(golden, (tensors) => {
      const { shape, data } = tensors.get(key)!;
      tensors.set(key, { shape, data: data.slice().fill(Number.NaN, 0, 1) });
    });
    const loading = classes[golden.head]!.from_pretrained(files, { dtype });
    if (dtype === 'fp16') {
      await expect(loading).rejects.toThrow('expected what half precision holds');
      return;
    }
    const found = named(await (await loading)(inputsOf(golden)));
    expect(
      Array.from(found.get('last_hidden_state')!.data as Float32Array).some(Number.isNaN),
    ).toBe(true);
  });
});

describe('model.info()', () => {
  it.each(['fp32', ...DTYPES])('says that a model is %s', async (dtype) => {
    const model = new MobileBertModel(smallConfig(), { dtype, variant: 'simd' });
    expect(await model.info()).toMatchObject({ dtype, build: 'simd' });
  });
});

function load(golden: GoldenCase, dtype: string): Promise<PreTrainedModel> {
  const options = { dtype, add_pooling_layer: golden.addPoolingLayer };
  return classes[golden.head]!.from_pretrained(golden.folder, options);
}
