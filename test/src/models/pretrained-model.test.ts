/** A model besides its answers: how it is called, described, counted, read and disposed of. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  MobileBertForMultipleChoice,
  MobileBertForSequenceClassification,
} from '../../../src/models/heads/classification.ts';
import { MobileBertModel } from '../../../src/models/heads/mobilebert-model.ts';
import { MobileBertConfig } from '../../../src/models/pretrained-config.ts';
import { PreTrainedModel } from '../../../src/models/pretrained-model.ts';
import { loadCase } from '../../support/golden.ts';
import { classes, idsOf, loadModel, named, optionsOf, smallConfig } from '../../support/models.ts';
import { floatVariants } from '../../support/variants.ts';

const options = { seed: 1, variant: 'simd' } as const;
const input_ids = idsOf(2, 5);
const small = () => new MobileBertModel(smallConfig(), options);

describe('a model', () => {
  it('is called like a function, and is an instance of its classes', async () => {
    const model = small();
    expect(typeof model).toBe('function');
    expect(model).toBeInstanceOf(MobileBertModel);
    expect(model).toBeInstanceOf(PreTrainedModel);
    expect(model).not.toBeInstanceOf(MobileBertForSequenceClassification);
    expect(model.constructor).toBe(MobileBertModel);
    const called = named(await model({ input_ids }));
    expect(named(await model.forward({ input_ids }))).toEqual(called);
    expect(named(await model._call({ input_ids }))).toEqual(called);
  });

  it('returns hidden_states and attentions where its config or the call requests them', async () => {
    const config = smallConfig({ output_hidden_states: true, output_attentions: true });
    const model = new MobileBertModel(config, options);
    const plain = ['last_hidden_state', 'pooler_output'];
    const all = await model({ input_ids });
    expect(Object.keys(all)).toEqual([...plain, 'hidden_states', 'attentions']);
    expect(all.hidden_states!.map(({ dims }) => dims)).toEqual(new Array(3).fill([2, 5, 19]));
    expect(all.attentions!.map(({ dims }) => dims)).toEqual(new Array(2).fill([2, 3, 5, 5]));
    const asked = { output_hidden_states: false, output_attentions: false };
    expect(Object.keys(await model({ input_ids, ...asked }))).toEqual(plain);
    const nulls = { output_hidden_states: null, output_attentions: null };
    expect(Object.keys(await model({ input_ids, ...nulls }))).toContain('attentions');
    expect(Object.keys(await small()({ input_ids, output_attentions: true }))).toContain(
      'attentions',
    );
  });

  it('has no pooler_output with add_pooling_layer: false', async () => {
    const model = new MobileBertModel(smallConfig(), { ...options, add_pooling_layer: false });
    expect(Object.keys(await model({ input_ids }))).toEqual(['last_hidden_state']);
  });

  it('warmup() changes no answer, also of a model for choices', async () => {
    const model = small();
    await model.warmup();
    const cold = small();
    const { last_hidden_state } = await model({ input_ids });
    expect(last_hidden_state.data).toEqual((await cold({ input_ids })).last_hidden_state.data);
    const choice = new MobileBertForMultipleChoice(smallConfig(), { ...options, seed: 1 });
    await choice.warmup();
    expect((await choice({ input_ids: [input_ids] })).logits.dims).toEqual([1, 2]);
  });

  it.each(floatVariants)(
    'info() gives build, dtype, memory and number of weights: $name',
    async ({ name }) => {
      const model = new MobileBertModel(smallConfig(), optionsOf(name));
      const { memory, ...info } = await model.info();
      const parameters = model.num_parameters();
      const build = name === 'relaxed' ? name : 'simd';
      expect(info).toMatchObject({ build, dtype: 'fp32', threads: 1, parameters });
      expect(info.relative_error).toBeNull();
      const { embeddings, blocks, heads } = info.weights;
      expect(embeddings + blocks + heads).toBeGreaterThan(4 * parameters);
      expect(embeddings + blocks + heads).toBeLessThan(memory.weights);
      expect(memory.weights).toBeGreaterThan(4 * parameters);
      await model({ input_ids: idsOf(2000, 35) });
      const after = (await model.info()).memory;
      expect(after.weights).toBe(memory.weights);
      expect(after.total).toBeGreaterThan(memory.total);
    },
  );

  // model.num_parameters() of transformers 5.18 with the default configuration: tied, and untied.
  it.each([
    ['MobileBertModel', 24844544, 24844544],
    ['MobileBertForPreTraining', 36860220, 40797558],
    ['MobileBertForMaskedLM', 36596538, 40533876],
    ['MobileBertForNextSentencePrediction', 24845570, 24845570],
    ['MobileBertForSequenceClassification', 24845570, 24845570],
    ['MobileBertForMultipleChoice', 24845057, 24845057],
    ['MobileBertForTokenClassification', 24582914, 24582914],
    ['MobileBertForQuestionAnswering', 24582914, 24582914],
  ])('num_parameters() counts as Python does: %s', (name, tied, untied) => {
    const count = (tie_word_embeddings: boolean) =>
      new classes[name]!(new MobileBertConfig({ tie_word_embeddings })).num_parameters();
    expect(count(true)).toBe(tied);
    expect(count(false)).toBe(untied);
  });
});

describe('get_input_embeddings()', () => {
  it('gives the word embedding', async () => {
    const golden = loadCase('masked-lm');
    const model = await loadModel(golden, 'simd');
    const { weight, num_embeddings, embedding_dim } = await model.get_input_embeddings();
    const { data, shape } = golden.weights.get('mobilebert.embeddings.word_embeddings.weight')!;
    expect(weight.dims).toEqual(shape);
    expect([num_embeddings, embedding_dim]).toEqual(shape);
    expect(weight.data).toEqual(data);
  });

  it.each([
    ['fp16', 2 ** -11],
    ['q8', 1 / 127 / 1.9],
  ])('gives what a %s model computes with', async (dtype, error) => {
    const golden = loadCase('base-odd');
    const model = await MobileBertModel.from_pretrained(golden.folder, { dtype });
    const { weight } = await model.get_input_embeddings();
    const rows = weight.tolist() as number[][];
    const { data } = golden.weights.get('embeddings.word_embeddings.weight')!;
    for (const [r, row] of rows.entries()) {
      const exact = data.subarray(r * row.length, (r + 1) * row.length);
      const largest = Math.max(...exact.map(Math.abs));
      row.forEach((x, i) => {
        expect(Math.abs(x - exact[i]!)).toBeLessThanOrEqual(error * largest);
      });
    }
    const ids = idsOf(1, 6);
    const embeds = ids.map((text) => text.map((id) => rows[id]!));
    const asIds = await model({ input_ids: ids });
    const asEmbeds = await model({ inputs_embeds: embeds });
    expect(asEmbeds.last_hidden_state.data).toEqual(asIds.last_hidden_state.data);
  });
});

describe('dispose()', () => {
  const memories: WeakRef<object>[] = [];
  const { instantiate } = WebAssembly;
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');

  beforeEach(() => {
    memories.length = 0;
    const watched = async (module: WebAssembly.Module, imports: WebAssembly.Imports) => {
      const instance = await instantiate(module, imports);
      memories.push(new WeakRef(instance.exports.memory as object));
      return instance;
    };
    Object.assign(WebAssembly, { instantiate: watched });
  });
  afterEach(() => {
    Object.assign(WebAssembly, { instantiate });
  });

  /** How many of the memories created so far are not garbage-collected. */
  async function held(): Promise<number> {
    for (let i = 0; i < 20 && memories.some((memory) => memory.deref()); i++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      collect();
    }
    return memories.filter((memory) => memory.deref()).length;
  }

  it('frees the memory while the model itself is still referenced', async () => {
    const model = small();
    await model({ input_ids });
    expect(await held()).toBe(1);
    await model.dispose();
    expect(await held()).toBe(0);
    expect(model.config.vocab_size).toBe(31);
  });

  it('refuses later calls, and can be called again', async () => {
    const model = await loadModel(loadCase('base-odd'), 'simd');
    await model.dispose();
    await model.dispose();
    const message = 'Cannot run the model: it is disposed, expected a model in use';
    await expect(model({ input_ids })).rejects.toThrow(message);
    await expect(model.info()).rejects.toThrow(message);
  });

  it('lets a call finish that has begun', async () => {
    const model = small();
    const pending = model({ input_ids });
    await model.dispose();
    expect((await pending).last_hidden_state.dims).toEqual([2, 5, 19]);
    expect(await held()).toBe(0);
  });

  it('is not needed for a model that failed to load', async () => {
    const { folder } = loadCase('base-odd');
    const failed = MobileBertModel.from_pretrained(folder, { config: { vocab_size: 44 } });
    await expect(failed).rejects.toThrow('has shape [43, 11], expected [44, 11]');
    expect(memories.length).toBe(1);
    expect(await held()).toBe(0);
  });
});
