/** Small weights in every configuration: golden cases at q8 and fp16, what loading refuses, and bits. */
import { describe, expect, it } from 'vitest';
import { unsignedDotWorks } from '../../../../src/engine/features.ts';
import { MobileBertModel } from '../../../../src/models/heads/mobilebert-model.ts';
import type { PreTrainedModel } from '../../../../src/models/pretrained-model.ts';
import { parameters } from '../../../../src/weights/names.ts';
import { checkpointOf, type StoredTensor } from '../../../support/checkpoints.ts';
import { relativeL2 } from '../../../support/close.ts';
import { type GoldenCase, listCases, loadCase } from '../../../support/golden.ts';
import { classes, idsOf, inputsOf, named, smallConfig } from '../../../support/models.ts';
import { fileOfTensors } from '../../weights/safetensors-file.ts';

/**
 * Relative L2 of one output, and of all of them on average (of the logarithms). One weight's rounding is
 * 0.4 % and 0.02 %; sharp attentions and logits that nearly cancel multiply it in these few thousand
 * weights, most of all in the last block of `layers-3`. A wrong path is off by a whole.
 */
const BOUNDS = {
  q8: { one: 0.18, sharpest: 0.18, average: 0.015 },
  'q8-fast': { one: 0.25, sharpest: 0.3, average: 0.019 },
  fp16: { one: 0.008, sharpest: 0.008, average: 0.0007 },
} as const;
const SHARPEST = 'layers-3';
const DTYPES = ['q8', 'q8-fast', 'fp16'] as const;

describe.each(DTYPES)('%s', (dtype) => {
  it.each(listCases())('%s stays near Hugging Face in float64', async (name) => {
    const { one, sharpest } = BOUNDS[dtype];
    for (const [output, error] of await errorsOf(loadCase(name), dtype)) {
      expect(error, output).toBeLessThanOrEqual(name === SHARPEST ? sharpest : one);
    }
  });

  it('is as near on average as its rounding allows', async () => {
    const errors: number[] = [];
    for (const name of listCases()) {
      for (const [, error] of await errorsOf(loadCase(name), dtype)) {
        if (error > 0) errors.push(Math.log(error));
      }
    }
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    expect(Math.exp(mean)).toBeLessThanOrEqual(BOUNDS[dtype].average);
  });

  it('is as near whichever order tensors come in', async () => {
    // Layers that read the same rows share factors, made of the weights of all of them.
    const golden = loadCase('act-gelu');
    const run = async (change: (tensors: Map<string, StoredTensor>) => unknown, kind: string) => {
      const model = await MobileBertModel.from_pretrained(checkpointOf(golden, change), {
        dtype: kind,
        add_pooling_layer: false,
      });
      return (await model(inputsOf(golden) as never)).last_hidden_state.data as Float32Array;
    };
    const reverse = (tensors: Map<string, StoredTensor>) => {
      const all = [...tensors].reverse();
      tensors.clear();
      for (const [name, tensor] of all) tensors.set(name, tensor);
    };
    const exact = await run(() => {}, 'fp32');
    const error = relativeL2(await run(() => {}, dtype), exact);
    expect(relativeL2(await run(reverse, dtype), exact)).toBeLessThan(1.5 * error);
  });

  it('sums 2,051 products of the largest numbers without overflow', async () => {
    const config = smallConfig({ hidden_size: 517, intermediate_size: 2051 });
    const tensors = Array.from(parameters(config, {}), ({ name, shape, init }) => {
      // Weights and activations of one sign and size: every number of a row is its largest. A scale that
      // is a power of two is not rounded.
      const value = init === 'zeros' ? 0 : init === 'ones' ? 1 : 127 * 2 ** -13;
      const data = new Float32Array(shape.reduce((size, n) => size * n, 1)).fill(value);
      return [name, { dtype: 'F32', shape: [...shape], bytes: new Uint8Array(data.buffer) }];
    });
    const files = {
      'config.json': { ...config },
      'model.safetensors': fileOfTensors(Object.fromEntries(tensors)),
    };
    const run = async (kind: string) => {
      const options = { dtype: kind, add_pooling_layer: false };
      const model = await MobileBertModel.from_pretrained(files, options);
      return (await model({ input_ids: idsOf(2, 5) })).last_hidden_state.data as Float32Array;
    };
    // Such numbers lie on the grid of eight bits and lose nothing; halves and activations are rounded.
    expect(relativeL2(await run(dtype), await run('fp32'))).toBeLessThan(0.005);
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
  it.each(['fp32', 'q8', 'fp16'])('says that a model is %s', async (dtype) => {
    const model = new MobileBertModel(smallConfig(), { dtype, variant: 'simd' });
    expect(await model.info()).toMatchObject({ dtype, build: 'simd' });
  });

  it('says whether q8-fast is in effect', async () => {
    const auto = new MobileBertModel(smallConfig(), { dtype: 'q8-fast' });
    const fast = { dtype: 'q8-fast', build: 'relaxed' };
    const plain = { dtype: 'q8', build: 'simd' };
    expect(await auto.info()).toMatchObject(unsignedDotWorks() ? fast : plain);
    const baseline = new MobileBertModel(smallConfig(), { dtype: 'q8-fast', variant: 'simd' });
    expect(await baseline.info()).toMatchObject(plain);
  });
});

/** Relative L2 of every output. */
async function errorsOf(golden: GoldenCase, dtype: string): Promise<Map<string, number>> {
  const model = await load(golden, dtype);
  const found = named(await model(inputsOf(golden) as never));
  const errors = new Map<string, number>();
  for (const [output, { data, shape }] of golden.outputs) {
    const actual = found.get(output)!;
    expect(actual.dims, output).toEqual([...shape]);
    errors.set(output, relativeL2(actual.data as Float32Array, data as Float64Array));
  }
  await model.dispose();
  return errors;
}

function load(golden: GoldenCase, dtype: string): Promise<PreTrainedModel> {
  const options = { dtype, add_pooling_layer: golden.addPoolingLayer };
  return classes[golden.head]!.from_pretrained(golden.folder, options);
}
