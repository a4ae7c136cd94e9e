/**
 * from_pretrained() with weights as people keep them: inside wrappers, beside an optimizer, with one
 * name of a shared tensor, in eight bits, for another number of labels. Files are those of
 * tools/golden/make-checkpoints.py.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WeightsError } from '../../../../src/errors.ts';
import {
  MobileBertForSequenceClassification,
  MobileBertForTokenClassification,
} from '../../../../src/models/heads/classification.ts';
import { MobileBertModel } from '../../../../src/models/heads/mobilebert-model.ts';
import { MobileBertForMaskedLM } from '../../../../src/models/heads/pretraining.ts';
import { checkpointOf } from '../../../support/checkpoints.ts';
import { loadCase } from '../../../support/golden.ts';
import { classes, idsOf, named, PLAIN_INFO } from '../../../support/models.ts';
import { keepWarnings } from '../../../support/warnings.ts';

const single = loadCase('sequence-single');
const masked = loadCase('masked-lm');
const untied = loadCase('masked-lm-untied');
const input_ids = idsOf(2, 7);
const simd = { variant: 'simd', seed: 1 } as const;
const warnings = keepWarnings();
const DECODER = 'cls.predictions.decoder.weight';
const WORDS = 'mobilebert.embeddings.word_embeddings.weight';

const read = (file: string) => new Uint8Array(readFileSync(`test/golden/checkpoints/${file}`));
const Classifier = MobileBertForSequenceClassification;

async function logitsOf(files: Parameters<typeof Classifier.from_pretrained>[0]) {
  const model = await Classifier.from_pretrained(files, simd);
  return { info: model.loading_info!, outputs: named(await model({ input_ids })) };
}

describe('from_pretrained()', () => {
  it('takes a decoder saved by save_model for the word embedding', async () => {
    const files = {
      'config.json': masked.config,
      'model.safetensors': read('save-model/model.safetensors'),
    };
    const outputs = async (source: typeof masked.folder | typeof files) => {
      const model = await MobileBertForMaskedLM.from_pretrained(source, simd);
      expect(model.loading_info).toEqual(PLAIN_INFO);
      return named(await model({ input_ids }));
    };
    expect(await outputs(files)).toEqual(await outputs(masked.folder));
    const base = async (source: typeof masked.folder | typeof files) => {
      const model = await MobileBertModel.from_pretrained(source, simd);
      expect(model.loading_info!.missing_keys).toEqual([
        'pooler.dense.weight',
        'pooler.dense.bias',
      ]);
      return (await model({ input_ids })).last_hidden_state.data;
    };
    expect(await base(files)).toEqual(await base(masked.folder));
  });

  it.each(['fp16', 'q8'])('takes it in %s too', async (dtype) => {
    const files = {
      'config.json': masked.config,
      'model.safetensors': read('save-model/model.safetensors'),
    };
    const outputs = async (source: typeof masked.folder | typeof files) => {
      const model = await MobileBertForMaskedLM.from_pretrained(source, { ...simd, dtype });
      return named(await model({ input_ids }));
    };
    expect(await outputs(files)).toEqual(await outputs(masked.folder));
  });

  it('leaves the word embedding alone where the decoder has values of its own', async () => {
    const source = checkpointOf(masked, (tensors) => {
      const { shape, data } = tensors.get(WORDS)!;
      tensors.set(DECODER, { shape, data: data.map((x) => x + 1) });
    });
    const states = async (files: typeof source | string) => {
      const model = await MobileBertModel.from_pretrained(files, simd);
      return (await model({ input_ids })).last_hidden_state.data;
    };
    expect(await states(source)).toEqual(await states(masked.folder));
    const model = await MobileBertModel.from_pretrained(source, simd);
    expect(model.loading_info!.unexpected_keys).toContain(DECODER);
  });

  it.each(['fp32', 'q8'])(
    'lets an embedding in a later file replace the decoder that stood in for it, in %s',
    async (dtype) => {
      const { shape, data } = masked.weights.get(WORDS)!;
      const own = { shape, data: data.map((x) => x + 1) };
      const names = [...masked.weights.keys()];
      const only = (keep: (name: string) => boolean) =>
        checkpointOf(masked, (tensors) => {
          tensors.set(DECODER, own);
          for (const name of [...names, DECODER]) if (!keep(name)) tensors.delete(name);
        })['model.safetensors'];
      const weight_map = Object.fromEntries([
        [DECODER, '1.safetensors'],
        [WORDS, '2.safetensors'],
      ]);
      const shards = {
        'config.json': masked.config,
        'model.safetensors.index.json': { weight_map },
        '1.safetensors': only((name) => name === DECODER),
        '2.safetensors': only((name) => name !== DECODER),
      };
      const whole = checkpointOf(masked, (tensors) => tensors.set(DECODER, own));
      for (const name of ['MobileBertForMaskedLM', 'MobileBertModel']) {
        const Class = classes[name]!;
        const outputs = async (source: typeof whole | typeof shards) => {
          const model = await Class.from_pretrained(source, { ...simd, dtype });
          return named(await model({ input_ids }));
        };
        expect(await outputs(shards)).toEqual(await outputs(whole));
      }
    },
  );

  it('refuses an untied decoder in place of the word embedding', async () => {
    const source = checkpointOf(untied, (tensors) => tensors.delete(WORDS));
    await expect(MobileBertForMaskedLM.from_pretrained(source, simd)).rejects.toThrow(
      `lacks "${WORDS}", expected every parameter of the encoder`,
    );
  });

  it.each([
    ['training', /"model_state_dict"/, 'module._orig_mod.'],
    ['training-legacy', /"model_state_dict"/, 'module._orig_mod.'],
    ['lightning', /"state_dict"/, 'model.'],
  ])('reads a checkpoint of training: %s', async (folder, dict, prefix) => {
    const found = await logitsOf({
      'config.json': single.config,
      'pytorch_model.bin': read(`${folder}/pytorch_model.bin`),
    });
    const plain = await logitsOf(single.folder);
    expect(found.outputs).toEqual(plain.outputs);
    expect(found.info.missing_keys).toEqual([]);
    expect(found.info.unexpected_keys).toEqual(folder === 'lightning' ? ['loss.weight'] : []);
    expect(found.info.notes).toEqual([
      expect.stringMatching(dict),
      `removed "${prefix}" from the names of ${single.weights.size} tensors`,
    ]);
  });

  const prefixes = ['module.', '_orig_mod.', 'model.', 'base_model.model.'];
  const both = prefixes.flatMap((a) => prefixes.filter((b) => b !== a).map((b) => a + b));
  it.each([...prefixes, ...both, 'bert.'])('removes the prefix %j', async (prefix) => {
    const files = checkpointOf(single, (tensors) => {
      for (const [name, tensor] of [...tensors]) {
        tensors.delete(name);
        tensors.set(
          prefix === 'bert.' ? name.replace('mobilebert.', 'bert.') : prefix + name,
          tensor,
        );
      }
    });
    const found = await logitsOf(files);
    expect(found.outputs).toEqual((await logitsOf(single.folder)).outputs);
    expect(found.info).toMatchObject({ missing_keys: [], unexpected_keys: [] });
    expect(found.info.notes).toHaveLength(1);
  });

  it('refuses weights under two prefixes, naming both', async () => {
    const files = checkpointOf(single, (tensors) => {
      for (const [name, tensor] of [...tensors]) {
        tensors.delete(name);
        tensors.set(`module.${name}`, tensor);
        tensors.set(`model.${name}`, tensor);
      }
    });
    await expect(Classifier.from_pretrained(files, simd)).rejects.toThrow(
      /tensors "module\.(.*)" and "model\.\1" are the same parameter, expected one/,
    );
  });

  it('says what it found where names are of no model', async () => {
    const files = checkpointOf(single, (tensors) => {
      for (const [name, tensor] of [...tensors]) {
        tensors.delete(name);
        tensors.set(`student.${name}`, tensor);
      }
    });
    await expect(Classifier.from_pretrained(files, simd)).rejects.toThrow(
      /lacks .*, expected every parameter of the encoder; found "student\./,
    );
  });

  it('takes what is left of LoRA beside whole weights, and refuses it in place of them', async () => {
    const query = 'mobilebert.encoder.layer.0.attention.self.query';
    const lora = { shape: [1], data: Float32Array.of(1) };
    const left = checkpointOf(single, (t) => t.set(`${query}.lora_A.default.weight`, lora));
    expect((await logitsOf(left)).info.unexpected_keys).toEqual([`${query}.lora_A.default.weight`]);
    const apart = checkpointOf(single, (tensors) => {
      tensors.set(`${query}.base_layer.weight`, tensors.get(`${query}.weight`)!);
      tensors.delete(`${query}.weight`);
      tensors.set(`${query}.lora_A.default.weight`, lora);
    });
    await expect(Classifier.from_pretrained(apart, simd)).rejects.toThrow(
      `lacks "${query}.weight", expected a model whose LoRA matrices were merged; found`,
    );
  });

  it.each(['float8-e4m3', 'float8-e5m2'])('reads %s in both formats', async (folder) => {
    const files = (name: string, file: string) => ({
      'config.json': single.config,
      [name]: read(`${folder}/${file}`),
    });
    const expected = await logitsOf(files('model.safetensors', 'float32.safetensors'));
    for (const name of ['model.safetensors', 'pytorch_model.bin']) {
      expect(await logitsOf(files(name, name))).toEqual(expected);
    }
  });

  it('refuses eight-bit floats that have factors, without which they are no weights', async () => {
    const file = read('float8-e4m3/model.safetensors');
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
    const end = file.length - 8 - length;
    header['classifier.weight_scale_inv'] = {
      dtype: 'F32',
      shape: [1],
      data_offsets: [end, end + 4],
    };
    const text = new TextEncoder().encode(JSON.stringify(header));
    const scaled = new Uint8Array(8 + text.length + end + 4);
    new DataView(scaled.buffer).setBigUint64(0, BigInt(text.length), true);
    scaled.set(text, 8);
    scaled.set(file.subarray(8 + length), 8 + text.length);
    const files = { 'config.json': single.config, 'model.safetensors': scaled };
    await expect(Classifier.from_pretrained(files, simd)).rejects.toThrow(
      'has scales for "classifier.weight", expected weights that are not quantised',
    );
  });

  it('refuses a head of another size, and with ignore_mismatched_sizes makes it anew', async () => {
    const labels = { id2label: { 0: 'a', 1: 'b', 2: 'c', 3: 'd', 4: 'e' } };
    const options = { ...simd, config: labels };
    const width = single.config.hidden_size as number;
    const had = single.weights.get('classifier.bias')!.shape[0]!;
    await expect(Classifier.from_pretrained(single.folder, options)).rejects.toThrow(WeightsError);
    await expect(Classifier.from_pretrained(single.folder, options)).rejects.toThrow(
      'or ignore_mismatched_sizes to initialise it anew',
    );
    const model = await Classifier.from_pretrained(single.folder, {
      ...options,
      ignore_mismatched_sizes: true,
    });
    const { mismatched_keys, ...info } = model.loading_info!;
    expect(info).toMatchObject({ missing_keys: [], unexpected_keys: [], notes: [] });
    expect(Object.fromEntries(mismatched_keys.map(([name, ...shapes]) => [name, shapes]))).toEqual({
      'classifier.weight': [
        [had, width],
        [5, width],
      ],
      'classifier.bias': [[had], [5]],
    });
    expect(warnings.at(-1)).toContain('has other shapes of "classifier.');
    const { logits } = await model({ input_ids });
    expect(logits.dims).toEqual([2, 5]);
    // `_init_weights`: a bias is zeros, a weight is not.
    const same = await Classifier.from_pretrained(single.folder, {
      ...options,
      ignore_mismatched_sizes: true,
    });
    expect((await same({ input_ids })).logits.data).toEqual(logits.data);
  });

  it('makes an encoder table anew as well where that is asked for', async () => {
    const vocab_size = (single.config.vocab_size as number) + 3;
    const model = await Classifier.from_pretrained(single.folder, {
      ...simd,
      config: { vocab_size },
      ignore_mismatched_sizes: true,
    });
    expect(model.loading_info!.mismatched_keys.map(([name]) => name)).toEqual([WORDS]);
    expect(model.loading_info!.missing_keys).toEqual([]);
  });

  it('makes the head of a converted folder anew', async () => {
    const wide = await Classifier.from_pretrained(single.folder, { ...simd, dtype: 'q8' });
    const files = await wide.save_files();
    const config = {
      id2label: Object.fromEntries(Array.from({ length: 30 }, (_, i) => [i, `${i}`])),
    };
    await expect(Classifier.from_pretrained(files, { ...simd, config })).rejects.toThrow(
      'expected U8',
    );
    const model = await Classifier.from_pretrained(files, {
      ...simd,
      config,
      ignore_mismatched_sizes: true,
    });
    expect(model.loading_info!.mismatched_keys.map(([name]) => name)).toEqual([
      'classifier.weight',
      'classifier.bias',
    ]);
    expect((await model({ input_ids })).logits.dims).toEqual([2, 30]);
  });

  it('initialises the head of another task', async () => {
    const model = await MobileBertForTokenClassification.from_pretrained(single.folder, {
      ...simd,
      config: { id2label: { 0: 'a', 1: 'b', 2: 'c', 3: 'd', 4: 'e' } },
      ignore_mismatched_sizes: true,
    });
    expect(model.loading_info!.mismatched_keys).toHaveLength(2);
  });

  it('refuses to make up a head that is far larger than what the file has', async () => {
    const H = 6_000;
    const sizes = {
      ...{ hidden_size: H, intra_bottleneck_size: H, num_hidden_layers: 0, embedding_size: 1 },
      ...{ vocab_size: 2, max_position_embeddings: 1, type_vocab_size: 1, num_attention_heads: 1 },
    };
    const shapes: Record<string, number[]> = {
      'embeddings.word_embeddings.weight': [2, 1],
      'embeddings.position_embeddings.weight': [1, H],
      'embeddings.token_type_embeddings.weight': [1, H],
      'embeddings.embedding_transformation.weight': [H, 3],
      'embeddings.embedding_transformation.bias': [H],
      'embeddings.LayerNorm.weight': [H],
      'embeddings.LayerNorm.bias': [H],
    };
    const files = checkpointOf(single, (tensors) => {
      tensors.clear();
      for (const [name, shape] of Object.entries(shapes)) {
        tensors.set(name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
      }
    });
    const source = { ...files, 'config.json': sizes };
    await expect(MobileBertModel.from_pretrained(source, simd)).rejects.toThrow(
      `has ${8 * H + 2} numbers of the model and lacks ${H * H + H}, expected at most 4`,
    );
  });
});
