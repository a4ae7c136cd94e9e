/** prune_heads(): what transformers did up to version 4, against slices of Python's own layers. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MobileBertConfig } from '../../../../src/config/config.ts';
import { ConfigError } from '../../../../src/errors.ts';
import { MobileBertModel } from '../../../../src/models/heads/mobilebert-model.ts';
import type { PreTrainedModel } from '../../../../src/models/pretrained-model.ts';
import { expectClose } from '../../../support/close.ts';
import { type GoldenCase, loadCase, loadCaseOf, tolerance } from '../../../support/golden.ts';
import {
  classes,
  idsOf,
  inputsOf,
  loadModel,
  named,
  smallConfig,
} from '../../../support/models.ts';
import { floatVariants } from '../../../support/variants.ts';

const root = path.resolve('test/golden/surgery');

const CASES = [
  ['pruned-question', 'question', { 0: [1], 1: [0, 2] }],
  ['pruned-bottleneck-attention', 'bottleneck-attention', { 0: [2] }],
  ['pruned-masked-lm-even', 'masked-lm-even', { 0: [0, 3] }],
] as const;

describe.each(CASES)('prune_heads() as in %s', (name, source, heads) => {
  const golden = loadCaseOf(root, name);

  it.each(floatVariants)('answers as Python on the $name build', async ({ name: build }) => {
    const model = await loadModel(loadCase(source), build);
    await model.prune_heads(heads);
    await expectGolden(model, golden);
    await expectGolden(await loadModel(golden, build), golden);
  });

  it('saves the smaller layers that Python saves, byte for byte', async () => {
    const model = await loadModel(loadCase(source), 'simd');
    await model.prune_heads(heads);
    const files = await model.save_files();
    const python = golden.weights;
    const ours = await classes[golden.head]!.from_pretrained(files, { variant: 'simd' });
    expect(ours.config.pruned_heads).toEqual(golden.config.pruned_heads);
    expect(JSON.parse(new TextDecoder().decode(files['config.json'])).pruned_heads).toEqual(
      golden.config.pruned_heads,
    );
    expect(files['model.safetensors']).toEqual(
      (await (await loadModel(golden, 'simd')).save_files())['model.safetensors'],
    );
    expect(tensorsOf(files['model.safetensors']!)).toEqual(
      new Map([...python].map(([name, { shape }]) => [name, shape])),
    );
  });

  it('gives the same in steps, and counts what is left', async () => {
    const whole = await loadModel(loadCase(source), 'simd');
    await whole.prune_heads(heads);
    const steps = await loadModel(loadCase(source), 'simd');
    for (const [layer, numbers] of Object.entries(heads)) {
      for (const head of numbers) await steps.prune_heads({ [layer]: [head] });
      await steps.prune_heads({ [layer]: numbers });
    }
    expect(steps.config.pruned_heads).toEqual(whole.config.pruned_heads);
    const inputs = inputsOf(golden);
    expect(named(await steps(inputs))).toEqual(named(await whole(inputs)));
    const count = [...golden.weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    expect(steps.num_parameters()).toBe(count);
  });

  it.each(['q8', 'fp16'])('is the same before and after loading in %s', async (dtype) => {
    const [before, after] = await Promise.all(
      [loadCase(source), golden].map(({ folder, head, addPoolingLayer }) =>
        classes[head]!.from_pretrained(folder, { dtype, add_pooling_layer: addPoolingLayer }),
      ),
    );
    await before!.prune_heads(heads);
    const exact = named(await (await loadModel(golden, 'simd'))(inputsOf(golden)));
    // q8 evens out inputs by all rows of a matrix, so a pruned one may round another way: both are as
    // near to f32 as docs/accuracy.md has it for small models.
    const relative = dtype === 'q8' ? 0.05 : 0.005;
    for (const model of [before!, after!]) {
      for (const [output, { data }] of named(await model(inputsOf(golden)))) {
        const expected = exact.get(output)!.data as Float32Array;
        expectClose(data as Float32Array, expected, { relative, label: output });
      }
    }
  });
});

describe('prune_heads()', () => {
  it.each([
    [
      'a layer that is not there',
      { 7: [0] },
      /names layer 7, expected less than "num_hidden_layers"/,
    ],
    ['a head that is not there', { 0: [0, 3] }, /names head 3 of layer 0, expected less than/],
    ['all heads of a layer', { 1: [0, 1, 2] }, /names 3 heads of layer 1, expected less than/],
    [
      'what is no number',
      { 0: ['x'] },
      /"pruned_heads" is an object, expected lists of heads by layer/,
    ],
    ['a layer that is no number', { __proto__x: [0] }, /expected lists of heads by layer/],
  ])('refuses %s and changes nothing', async (_, heads, message) => {
    const model = new MobileBertModel(smallConfig(), { seed: 1 });
    const inputs = { input_ids: idsOf(1, 5) };
    const before = await model(inputs);
    await expect(model.prune_heads(heads as never)).rejects.toThrow(ConfigError);
    await expect(model.prune_heads(heads as never)).rejects.toThrow(message);
    expect(model.config.pruned_heads).toEqual({});
    expect(await model(inputs)).toEqual(before);
  });

  it.each([
    [null, 'found null, expected lists of heads by layer'],
    [{ 0: 1 }, 'layer 0 has number, expected a list of heads'],
    [{ 0: null }, 'layer 0 has object, expected a list of heads'],
  ])('refuses %j', async (heads, message) => {
    const model = new MobileBertModel(smallConfig(), { seed: 1 });
    await expect(model.prune_heads(heads as never)).rejects.toThrow(message);
  });

  it('refuses a config.json whose heads are not there', () => {
    expect(() => new MobileBertConfig({ pruned_heads: { 24: [0] } })).toThrow(ConfigError);
    expect(() => new MobileBertConfig({ pruned_heads: [1] as never })).toThrow(ConfigError);
  });

  it('initialises a pruned model made of a configuration alone', async () => {
    const config = smallConfig({ pruned_heads: { 0: [1] } });
    const model = new MobileBertModel(config, { seed: 1 });
    const again = await MobileBertModel.from_pretrained(await model.save_files(), {});
    const inputs = { input_ids: idsOf(1, 5), output_attentions: true };
    const { attentions, last_hidden_state } = await model(inputs);
    expect(attentions!.map(({ dims }) => dims[1])).toEqual([2, 3]);
    expect((await again(inputs)).last_hidden_state.data).toEqual(last_hidden_state.data);
  });
});

async function expectGolden(model: PreTrainedModel, golden: GoldenCase): Promise<void> {
  const outputs = named(await model(inputsOf(golden)));
  for (const [output, { data, shape }] of golden.outputs) {
    const found = outputs.get(output)!;
    expect(found.dims, output).toEqual(shape);
    const relative = tolerance(golden, output);
    expectClose(found.data as Float32Array, data, { relative, label: output });
  }
}

/** Names and shapes of a safetensors file. */
function tensorsOf(file: Uint8Array): Map<string, number[]> {
  const header = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const entries = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + header)));
  delete entries.__metadata__;
  return new Map(Object.keys(entries).map((name) => [name, entries[name].shape]));
}
