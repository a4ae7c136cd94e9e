/** from_pretrained(): what a checkpoint holds, lacks and has too much of. */
import { describe, expect, it } from 'vitest';
import { FilesError, WeightsError } from '../../../../src/errors.ts';
import { MobileBertForSequenceClassification } from '../../../../src/models/heads/classification.ts';
import { MobileBertModel } from '../../../../src/models/heads/mobilebert-model.ts';
import { MobileBertForMaskedLM } from '../../../../src/models/heads/pretraining.ts';
import { checkpointOf, type Format, rounded } from '../../../support/checkpoints.ts';
import { loadCase } from '../../../support/golden.ts';
import { classes, idsOf, inputsOf, named, optionsOf, PLAIN_INFO } from '../../../support/models.ts';
import { floatVariants } from '../../../support/variants.ts';
import { keepWarnings } from '../../../support/warnings.ts';

const base = loadCase('base-odd');
const masked = loadCase('masked-lm');
const untied = loadCase('masked-lm-untied');
const single = loadCase('sequence-single');
const input_ids = idsOf(2, 7);
const simd = { variant: 'simd', seed: 1 } as const;
const warnings = keepWarnings();

const query = 'encoder.layer.1.attention.self.query.weight';
const same = (name: string) => name;

describe.each(floatVariants)('a checkpoint on the $name build', ({ name }) => {
  it.each<Format>(['F64', 'F16', 'BF16'])(
    'is the same model in %s as its rounded F32',
    async (format) => {
      const files = checkpointOf(single, () => {}, format);
      const exact = checkpointOf(single, (tensors) => {
        for (const [tensor, { shape, data }] of tensors) {
          tensors.set(tensor, { shape, data: rounded(data, format) });
        }
      });
      const Class = MobileBertForSequenceClassification;
      const [found, expected] = await Promise.all(
        [files, exact].map(async (source) => {
          const model = await Class.from_pretrained(source, optionsOf(name));
          return named(await model(inputsOf(single)));
        }),
      );
      expect(found).toEqual(expected);
    },
  );
});

describe('from_pretrained()', () => {
  it.each([
    ['with the prefix of a head', base, (tensor: string) => `mobilebert.${tensor}`],
    ['without it', single, (tensor: string) => tensor.replace(/^mobilebert\./, '')],
    [
      'of old TensorFlow conversions',
      single,
      (tensor: string) =>
        tensor
          .replace('LayerNorm.weight', 'LayerNorm.gamma')
          .replace('LayerNorm.bias', 'LayerNorm.beta'),
    ],
  ])('reads names %s', async (_, golden, rename) => {
    const Class = classes[golden.head]!;
    const load = async (name: (tensor: string) => string) => {
      const files = checkpointOf(golden, (tensors) => {
        for (const [tensor, value] of [...tensors]) {
          tensors.delete(tensor);
          tensors.set(name(tensor), value);
        }
      });
      const model = await Class.from_pretrained(files, simd);
      expect(model.loading_info).toEqual(PLAIN_INFO);
      return named(await model({ input_ids }));
    };
    expect(await load(rename)).toEqual(await load(same));
    expect(warnings).toEqual([]);
  });

  it('initialises a head that is missing, and says so', async () => {
    const Class = MobileBertForSequenceClassification;
    const load = (seed: number) => Class.from_pretrained(base.folder, { ...simd, seed });
    const model = await load(1);
    const missing_keys = ['classifier.weight', 'classifier.bias'];
    expect(model.loading_info).toMatchObject({ missing_keys, unexpected_keys: [] });
    expect(warnings).toEqual([
      `mobilebert-wasm: "${base.folder}" lacks "classifier.weight", "classifier.bias": newly initialised, train before use`,
    ]);
    const { logits } = await model({ input_ids });
    expect(logits.dims).toEqual([2, 2]);
    expect((await (await load(1))({ input_ids })).logits.data).toEqual(logits.data);
    expect((await (await load(2))({ input_ids })).logits.data).not.toEqual(logits.data);
  });

  it("takes the encoder of another class's checkpoint, and lists what is left", async () => {
    const model = await MobileBertModel.from_pretrained(masked.folder, simd);
    const { missing_keys, unexpected_keys } = model.loading_info!;
    expect(missing_keys).toEqual(['pooler.dense.weight', 'pooler.dense.bias']);
    const heads = [...masked.weights.keys()].filter((name) => name.startsWith('cls.'));
    expect([...unexpected_keys].sort()).toEqual(heads.sort());
    expect((await model({ input_ids })).pooler_output!.dims).toEqual([
      2,
      masked.config.hidden_size,
    ]);
    expect(warnings.length).toBe(1);
  });

  it('reports tensors that nothing is called like', async () => {
    const extra = Array.from({ length: 7 }, (_, i) => `other.${i}\n`);
    const files = checkpointOf(base, (tensors) => {
      for (const name of extra) tensors.set(name, { shape: [1], data: Float32Array.of(0) });
      tensors.set('embeddings.position_ids', { shape: [1], data: Float32Array.of(0) });
    });
    const model = await MobileBertModel.from_pretrained(files, simd);
    expect(model.loading_info).toEqual({ ...PLAIN_INFO, unexpected_keys: extra });
    const shown = [0, 1, 2, 3, 4].map((i) => `"other.${i}\\n"`).join(', ');
    expect(warnings).toEqual([
      `mobilebert-wasm: "files" has tensors the model does not use: ${shown}, and 2 more`,
    ]);
  });

  it('refuses an encoder with holes, naming them', async () => {
    const one = checkpointOf(base, (tensors) => tensors.delete(query));
    await expect(MobileBertModel.from_pretrained(one, simd)).rejects.toThrow(
      new WeightsError(
        `Cannot load weights: "model.safetensors" lacks "${query}", expected every parameter of the encoder`,
      ),
    );
    const most = checkpointOf(base, (tensors) => {
      for (const name of [...tensors.keys()]) if (name.startsWith('encoder')) tensors.delete(name);
    });
    await expect(MobileBertModel.from_pretrained(most, simd)).rejects.toThrow(
      /, and \d+ more, expected/,
    );
  });

  it.each([
    ['turned', [12, 15]],
    ['flat', [225]],
    ['scalar', []],
  ])('refuses a wrong shape, naming it: %s', async (_, shape) => {
    const size = shape.reduce((product, n) => product * n, 1);
    const files = checkpointOf(base, (t) => t.set(query, { shape, data: new Float32Array(size) }));
    await expect(MobileBertModel.from_pretrained(files, simd)).rejects.toThrow(
      new WeightsError(
        `Cannot load weights: tensor "${query}" has shape [${shape.join(', ')}], expected [15, 15]`,
      ),
    );
  });

  it('refuses two tensors for one parameter', async () => {
    const files = checkpointOf(base, (t) => t.set(`mobilebert.${query}`, t.get(query)!));
    await expect(MobileBertModel.from_pretrained(files, simd)).rejects.toThrow(
      new WeightsError(
        `Cannot load weights: tensors "${query}" and "mobilebert.${query}" are the same parameter, expected one`,
      ),
    );
  });

  // As transformers 5.18 loads them: a decoder that was saved decodes, tied or not.
  it.each([
    ['all of it', ['decoder.weight', 'decoder.bias', 'bias'], 'decoder.weight', 'decoder.bias'],
    ['a bias of its own', ['decoder.bias', 'bias'], undefined, 'decoder.bias'],
    ['its bias alone', ['decoder.bias'], undefined, 'decoder.bias'],
    ['its weight', ['decoder.weight', 'bias'], 'decoder.weight', 'bias'],
  ])('reads a tied decoder that was saved: %s', async (_, saved, weight, bias) => {
    const [V, E] = [untied.config.vocab_size as number, untied.config.embedding_size as number];
    const prefix = 'cls.predictions.';
    const values: Record<string, Float32Array> = {
      'decoder.weight': new Float32Array(V * E).map((_, i) => Math.cos(i)),
      'decoder.bias': new Float32Array(V).fill(2),
      bias: new Float32Array(V).fill(1),
    };
    const words = untied.weights.get('mobilebert.embeddings.word_embeddings.weight')!;
    const tied = checkpointOf(untied, (tensors) => {
      for (const name of Object.keys(values)) tensors.delete(prefix + name);
      for (const name of saved) {
        const shape = name === 'decoder.weight' ? [V, E] : [V];
        tensors.set(prefix + name, { shape, data: values[name]! });
      }
    });
    const apart = checkpointOf(untied, (tensors) => {
      const data = weight ? values[weight]! : words.data;
      tensors.set(`${prefix}decoder.weight`, { shape: [V, E], data });
      tensors.set(`${prefix}decoder.bias`, { shape: [V], data: values[bias]! });
    });
    const config = { tie_word_embeddings: true };
    const model = await MobileBertForMaskedLM.from_pretrained(tied, { ...simd, config });
    expect(model.loading_info).toEqual(PLAIN_INFO);
    const reference = await MobileBertForMaskedLM.from_pretrained(apart, simd);
    expect((await model({ input_ids })).logits.data).toEqual(
      (await reference({ input_ids })).logits.data,
    );
  });

  it('says which file is not there', async () => {
    const { 'config.json': config } = checkpointOf(base);
    await expect(MobileBertModel.from_pretrained({ 'config.json': config })).rejects.toThrow(
      new FilesError(
        'Cannot load weights: "files" has none, expected "model.safetensors" or "pytorch_model.bin"',
        'model.safetensors',
      ),
    );
    await expect(
      MobileBertModel.from_pretrained(checkpointOf(base), { model_file_name: 'other' }),
    ).rejects.toThrow(
      'Cannot load weights: "files" has none, expected "other.safetensors" or "other.bin"',
    );
  });

  it('warns of requested options that it does not support', async () => {
    await MobileBertModel.from_pretrained(base.folder, { ...simd, dtype: 'q4', device: 'webgpu' });
    await MobileBertModel.from_pretrained(base.folder, { ...simd, dtype: 'fp32', device: 'wasm' });
    expect(warnings).toEqual([
      'mobilebert-wasm: device "webgpu" is not available, the model runs on "wasm"',
      'mobilebert-wasm: dtype "q4" is not available, weights are kept as "q8"',
    ]);
  });
});
