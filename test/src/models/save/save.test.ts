/** save_files() and save_pretrained(): the files that Python's transformers writes. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MobileBertModel } from '../../../../src/models/heads/mobilebert-model.ts';
import { MobileBertForMaskedLM } from '../../../../src/models/heads/pretraining.ts';
import { checkpointOf } from '../../../support/checkpoints.ts';
import { type GoldenCase, listCases, loadCase } from '../../../support/golden.ts';
import {
  classes,
  idsOf,
  inputsOf,
  loadModel,
  named,
  PLAIN_INFO,
  smallConfig,
} from '../../../support/models.ts';
import { floatVariants } from '../../../support/variants.ts';

const simd = { variant: 'simd', seed: 3 } as const;

/** Cases with a checkpoint of their own. */
const cases = listCases().filter((name) => loadCase(name).folder.endsWith(`/${name}`));

describe.each(floatVariants)('save_files() on the $name build', ({ name: build }) => {
  it.each(cases)('gives back the file that %s was loaded from, byte for byte', async (name) => {
    const golden = loadCase(name);
    const model = await loadModel(golden, build);
    const files = await model.save_files();
    expect(Object.keys(files)).toEqual(['config.json', 'model.safetensors']);
    const unread = golden.head !== 'MobileBertModel' && golden.config.tie_word_embeddings === false;
    const written = unread ? withoutBias(files) : files['model.safetensors'];
    const expected = unread ? withoutBias(filesOf(golden)) : filesOf(golden)['model.safetensors'];
    expect(Buffer.from(written as Uint8Array).equals(Buffer.from(expected as Uint8Array))).toBe(
      true,
    );
    expect(parse(files['config.json'])).toEqual({
      ...golden.config,
      architectures: [golden.head],
    });
  });
});

describe('save_files()', () => {
  it('saves a model that has run, which then answers as before', async () => {
    const golden = loadCase('masked-lm');
    const model = await loadModel(golden, 'simd');
    const before = named(await model(inputsOf(golden)));
    const files = await model.save_files();
    expect(named(await model(inputsOf(golden)))).toEqual(before);
    expect(files['model.safetensors']).toEqual(
      (await (await loadModel(golden, 'simd')).save_files())['model.safetensors'],
    );
  });

  it('saves a model with random weights, which loads again', async () => {
    const model = new MobileBertForMaskedLM(smallConfig(), simd);
    const files = await model.save_files();
    const again = await MobileBertForMaskedLM.from_pretrained(files, simd);
    expect(again.loading_info).toEqual(PLAIN_INFO);
    const inputs = { input_ids: idsOf(2, 7) };
    expect((await again(inputs)).logits.data).toEqual((await model(inputs)).logits.data);
    expect(parse(files['config.json'])).toMatchObject({
      architectures: ['MobileBertForMaskedLM'],
      dtype: 'float32',
      model_type: 'mobilebert',
    });
  });

  it('names the architecture of a subclass, whatever its own name is', async () => {
    const Minified = class e extends MobileBertForMaskedLM {};
    const files = await new Minified(smallConfig(), simd).save_files();
    expect(parse(files['config.json'])).toMatchObject({ architectures: ['MobileBertForMaskedLM'] });
  });

  it('saves a tied decoder that has other weights than the embedding', async () => {
    const golden = loadCase('masked-lm');
    const name = 'cls.predictions.decoder.weight';
    const words = golden.weights.get('mobilebert.embeddings.word_embeddings.weight')!;
    const data = words.data.map((x) => 2 * x);
    const source = checkpointOf(golden, (tensors) => tensors.set(name, { ...words, data }));
    const model = await MobileBertForMaskedLM.from_pretrained(source, simd);
    const again = await MobileBertForMaskedLM.from_pretrained(await model.save_files(), simd);
    const inputs = { input_ids: idsOf(2, 7) };
    expect((await again(inputs)).logits.data).toEqual((await model(inputs)).logits.data);
  });

  it('splits by max_shard_size as huggingface_hub does, and loads the parts', async () => {
    const golden = loadCase('masked-lm');
    const model = await loadModel(golden, 'simd');
    const files = await model.save_files({ max_shard_size: '10KB' });
    const parts = Object.keys(files).filter((name) => name.endsWith('.safetensors'));
    expect(parts.length).toBeGreaterThan(3);
    expect(parts[0]).toBe(`model-00001-of-0000${parts.length}.safetensors`);
    const index = parse(files['model.safetensors.index.json']);
    const size = [...golden.weights.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(index.metadata).toEqual({ total_parameters: size / 4, total_size: size });
    expect(Object.keys(index.weight_map)).toEqual([...golden.weights.keys()].sort());
    expect(new Set(Object.values(index.weight_map))).toEqual(new Set(parts));
    const again = await classes[golden.head]!.from_pretrained(files, simd);
    expect(named(await again(inputsOf(golden)))).toEqual(named(await model(inputsOf(golden))));
  });

  it.each([['10'], [''], [0], [-5], ['10 XB'], [Number.NaN]])(
    'refuses the max_shard_size %j',
    async (size) => {
      const model = new MobileBertModel(smallConfig(), simd);
      await expect(model.save_files({ max_shard_size: size })).rejects.toThrow(TypeError);
    },
  );
});

describe('save_pretrained()', () => {
  it('writes files in order and returns their paths', async () => {
    const model = new MobileBertModel(smallConfig(), simd);
    const written = new Map<string, unknown>();
    const paths = await model.save_pretrained('out/', {
      max_shard_size: 5000,
      write: async (path, content) => void written.set(path, content),
    });
    expect(paths).toEqual([...written.keys()]);
    expect(paths[0]).toBe('out/config.json');
    expect(paths.at(-1)).toBe('out/model.safetensors.index.json');
    const files = await model.save_files({ max_shard_size: 5000 });
    expect([...written.values()]).toEqual(Object.values(files));
  });

  it('refuses options without write', async () => {
    const model = new MobileBertModel(smallConfig(), simd);
    await expect(model.save_pretrained('out', {} as never)).rejects.toThrow(
      'Cannot save: write is undefined, expected a function',
    );
  });
});

function filesOf({ folder }: GoldenCase) {
  return { 'model.safetensors': new Uint8Array(readFileSync(`${folder}/model.safetensors`)) };
}

function parse(bytes: Uint8Array | undefined) {
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** The file with zeros for the one tensor that an untied model does not read. */
function withoutBias(files: Record<string, unknown>): Uint8Array {
  const file = (files['model.safetensors'] as Uint8Array).slice();
  const header = Number(new DataView(file.buffer).getBigUint64(0, true));
  const entries = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + header)));
  const [start, end] = entries['cls.predictions.bias'].data_offsets;
  return file.fill(0, 8 + header + start, 8 + header + end);
}
