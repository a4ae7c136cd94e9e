/** Calibrated q8 weights: nearer to fp32 in every configuration, and files like any other. */
import { afterEach, describe, expect, it } from 'vitest';
import { calibration } from '../../../src/calibration/calibrate.ts';
import { type CalibrationText, enoughTexts, randomTexts } from '../../../src/calibration/texts.ts';
import { type ConvertOptions, convert } from '../../../src/conversion/convert.ts';
import { largestError } from '../../../src/conversion/probes.ts';
import { InputError } from '../../../src/errors.ts';
import { MobileBertModel } from '../../../src/models/heads/mobilebert-model.ts';
import type { PreTrainedModel } from '../../../src/models/pretrained-model.ts';
import { platform } from '../../../src/platform/node.ts';
import { checkpointOf } from '../../support/checkpoints.ts';
import { loadCase } from '../../support/golden.ts';
import { classes, named, optionsOf, smallConfig } from '../../support/models.ts';
import { type BuildName, dotVariants } from '../../support/variants.ts';

const CASES = [
  'base-odd',
  'base-smallest',
  'layers-0',
  'act-gelu',
  'ffn-1',
  'layer-norm',
  'layer-norm-no-bottleneck',
  'no-bottleneck',
  'no-trigram',
  'no-transformation',
  'bottleneck-attention',
  'key-query-apart',
  'masked-lm',
  'masked-lm-untied',
  'sequence-single',
  'types-1',
];

/** Of one to fifteen channels that share their factors: little is left to make up with. */
const LEFT = ['base-odd', 'base-smallest', 'types-1'];

/** Nothing of them is among the texts that weights are calibrated on. */
const HELD_OUT = 12345;

describe('calibrate()', () => {
  it('brings every kind of model nearer to fp32 on other texts', async () => {
    const gains: number[] = [];
    for (const name of CASES) {
      const [exact, q8] = await pair(name);
      const texts = randomTexts(exact.config, HELD_OUT).slice(0, 24);
      const expected = await answers(exact, texts);
      const before = largestError(await answers(q8, texts), expected);
      await q8.calibrate(exact, calibration());
      const gain = largestError(await answers(q8, texts), expected) / before;
      // Where there are few layers or none, what is left is the tables' rounding.
      expect(gain, name).toBeLessThan(LEFT.includes(name) ? 1.1 : 0.95);
      gains.push(Math.log(gain));
    }
    expect(Math.exp(gains.reduce((sum, gain) => sum + gain) / gains.length)).toBeLessThan(0.75);
  });

  it("comes within 0.6 % of fp32 on other texts, at a quarter of the released model's width", async () => {
    const config = smallConfig({
      vocab_size: 2000,
      embedding_size: 32,
      hidden_size: 128,
      true_hidden_size: 32,
      intra_bottleneck_size: 32,
      intermediate_size: 128,
      num_hidden_layers: 3,
      num_attention_heads: 4,
      max_position_embeddings: 128,
      initializer_range: 0.05,
    });
    const exact = new MobileBertModel(config, { seed: 4 });
    const q8 = new MobileBertModel(config, { dtype: 'q8', seed: 4 });
    await q8.calibrate(exact, calibration());
    const texts = randomTexts(config, HELD_OUT).slice(0, 24);
    const error = largestError(await answers(q8, texts), await answers(exact, texts));
    expect(error).toBeLessThanOrEqual(0.006);
  });

  it('leaves pruned heads out', async () => {
    const [exact, q8] = await pair('base-odd');
    for (const model of [exact, q8]) await model.prune_heads({ 0: [0], 1: [1] });
    const texts = randomTexts(exact.config, HELD_OUT).slice(0, 24);
    const expected = await answers(exact, texts);
    const before = largestError(await answers(q8, texts), expected);
    await q8.calibrate(exact, calibration());
    expect(largestError(await answers(q8, texts), expected)).toBeLessThan(before);
  });

  it('says of every layer when it is done, and stops at a signal', async () => {
    const [exact, q8] = await pair('base-odd');
    const controller = new AbortController();
    const told: [number, number][] = [];
    const onLayer = (done: number, layers: number) => {
      told.push([done, layers]);
      controller.abort();
    };
    const { signal } = controller;
    const calibrating = q8.calibrate(exact, calibration({ onLayer, signal }));
    await expect(calibrating).rejects.toThrow(/abort/i);
    expect(told).toEqual([[1, exact.config.num_hidden_layers]]);
  });

  it.each([
    ['no texts', [], 'texts have no words, expected at least one'],
    ['texts of nothing', [{ ids: [] }], 'texts have no words, expected at least one'],
    ['words that are not there', [{ ids: [5, -1] }], 'inputIds holds -1 at 1, expected'],
    ['types that are not there', [{ ids: [5], types: [9] }], 'tokenTypeIds holds 9 at 0, expected'],
  ])('refuses %s', async (_, texts, message) => {
    const [exact, q8] = await pair('base-odd');
    const calibrating = q8.calibrate(exact, calibration({ texts }));
    await expect(calibrating).rejects.toThrow(InputError);
    await expect(calibrating).rejects.toThrow(message);
  });

  it('refuses weights that are not finite, and names the layer', async () => {
    const golden = loadCase('base-odd');
    const files = checkpointOf(golden, (tensors) => {
      tensors.get('encoder.layer.1.intermediate.dense.weight')!.data[3] = Number.NaN;
    });
    const [exact, q8] = [
      await MobileBertModel.from_pretrained(files, { dtype: 'fp32' }),
      await MobileBertModel.from_pretrained(files, { dtype: 'q8' }),
    ];
    await expect(q8.calibrate(exact, calibration())).rejects.toThrow(
      /^Cannot calibrate FeedForwardIntermediate of layer 1: found numbers that are not finite/,
    );
  });

  it('refuses other dtypes, and models that are not of one checkpoint', async () => {
    const [exact, q8] = await pair('base-odd');
    const by = calibration();
    await expect(exact.calibrate(exact, by)).rejects.toThrow('the models are "fp32" and "fp32"');
    await expect(q8.calibrate(q8, by)).rejects.toThrow('the models are "q8" and "q8"');
    const other = new MobileBertModel(smallConfig({ vocab_size: 32 }));
    await expect(q8.calibrate(other, by)).rejects.toThrow("expected one checkpoint's");
  });

  describe('where the runtime has no files', () => {
    const { readCalibration } = platform;
    afterEach(() => Object.assign(platform, { readCalibration }));

    it('says so', async () => {
      Object.assign(platform, { readCalibration: undefined });
      const [exact, q8] = await pair('base-odd');
      await expect(q8.calibrate(exact, calibration())).rejects.toThrow(
        'Cannot calibrate: this runtime has no module for it, expected Node, Deno or Bun',
      );
    });
  });
});

describe('convert() with calibration', () => {
  const { folder, config } = loadCase('sequence-single');

  it('gives the same file for the same seed, and another for another', async () => {
    const [one, same, other] = [
      await fileOf({ seed: 5 }),
      await fileOf({ seed: 5 }),
      await fileOf({ seed: 6 }),
    ];
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it('gives a file that loads by copying, with the same bits in every build', async () => {
    const file = await fileOf({});
    const files = { 'config.json': config, 'model.q8.safetensors': file };
    const texts = randomTexts(smallConfig(), HELD_OUT).slice(0, 3);
    const found: unknown[] = [];
    for (const { name } of dotVariants.filter((build) => !build.isFused)) {
      const model = await load(files, name);
      expect(await model.info()).toMatchObject({
        dtype: 'q8',
        calibration: /^336 texts, \d+ tokens$/,
      });
      found.push(await answers(model, texts));
    }
    expect(found.length).toBeGreaterThan(0);
    for (const other of found) expect(other).toEqual(found[0]);
  });

  it('keeps what it says of itself when it is saved again, until weights change', async () => {
    const files = { 'config.json': config, 'model.q8.safetensors': await fileOf({}) };
    const model = await load(files, 'simd');
    const again = await load(await model.save_files(), 'simd');
    expect((await again.info()).calibration).toBe((await model.info()).calibration);
    await again.prune_heads({ 0: [0] });
    expect(await again.info()).toMatchObject({ calibration: null, relative_error: null });
  });

  it('measures a smaller error', async () => {
    const nearest = await convert('test/golden/models/masked-lm', 'q8');
    const calibrated = await convert('test/golden/models/masked-lm', 'q8', { calibrate: {} });
    expect(calibrated.relativeError).toBeLessThan(0.8 * nearest.relativeError);
  });

  async function fileOf(calibrate: ConvertOptions['calibrate']): Promise<Uint8Array<ArrayBuffer>> {
    const { files } = await convert(folder, 'q8', { calibrate });
    const chunks = Array.from(files['model.q8.safetensors']!, (chunk) => chunk.slice());
    return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  }

  function load(files: object, build: BuildName): Promise<PreTrainedModel> {
    const Class = classes.MobileBertForSequenceClassification!;
    return Class.from_pretrained(files as never, { ...optionsOf(build), dtype: 'q8' });
  }
});

describe('enoughTexts()', () => {
  const config = smallConfig({ max_position_embeddings: 512 });
  const many = Array.from({ length: 1000 }, (_, i) => ({ ids: Array<number>(20).fill(i) }));

  it('takes texts from all over a long list', () => {
    const some = enoughTexts(many, config, 1);
    expect(some.length).toBeGreaterThan(810);
    expect(some.length).toBeLessThan(825);
    expect(some[0]!.ids[0]).toBeLessThan(5);
    expect(some.at(-1)!.ids[0]).toBeGreaterThan(994);
  });

  it('takes all of a list of middling length', () => {
    expect(enoughTexts(many.slice(0, 500), config, 1)).toEqual(many.slice(0, 500));
  });

  it('lets random words join a few texts', () => {
    const some = enoughTexts(many.slice(0, 3), config, 1);
    expect(some.slice(0, 3)).toEqual(many.slice(0, 3));
    const words = some.reduce((sum, { ids }) => sum + ids.length, 0);
    expect(words).toBeGreaterThanOrEqual(8192);
    expect(words).toBeLessThan(8192 + 128);
  });
});

async function pair(name: string): Promise<[exact: PreTrainedModel, q8: PreTrainedModel]> {
  const { head, folder, addPoolingLayer } = loadCase(name);
  const load = (dtype: string) =>
    classes[head]!.from_pretrained(folder, { dtype, add_pooling_layer: addPoolingLayer });
  return [await load('fp32'), await load('q8')];
}

async function answers(model: PreTrainedModel, texts: readonly CalibrationText[]) {
  const all: Map<string, Float32Array>[] = [];
  for (const { ids } of texts) {
    const outputs = named(await model({ input_ids: [[...ids]] }));
    all.push(new Map(Array.from(outputs, ([name, { data }]) => [name, data as Float32Array])));
  }
  return all;
}
