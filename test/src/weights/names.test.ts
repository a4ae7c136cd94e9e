import { describe, expect, it } from 'vitest';
import { MobileBertConfig } from '../../../src/config/config.ts';
import { Slot } from '../../../src/engine/abi.ts';
import { decoder, type HeadParts, type Parameter, parameters } from '../../../src/weights/names.ts';
import { listCases, loadCase } from '../../support/golden.ts';
import { type FullHead, fullConfig, fullShapes } from '../../support/hashed-weights.ts';

/** The head of each of Hugging Face's classes. */
const heads: Record<string, (config: MobileBertConfig) => HeadParts> = {
  MobileBertModel: () => ({ pooler: true }),
  MobileBertForPreTraining: () => ({
    pooler: true,
    languageModel: true,
    sequence: { name: 'cls.seq_relationship', labels: 2 },
  }),
  MobileBertForMaskedLM: () => ({ languageModel: true }),
  MobileBertForNextSentencePrediction: () => ({
    pooler: true,
    sequence: { name: 'cls.seq_relationship', labels: 2 },
  }),
  MobileBertForSequenceClassification: ({ num_labels }) => ({
    pooler: true,
    sequence: { name: 'classifier', labels: num_labels },
  }),
  MobileBertForMultipleChoice: () => ({
    pooler: true,
    sequence: { name: 'classifier', labels: 1 },
  }),
  MobileBertForTokenClassification: ({ num_labels }) => ({
    token: { name: 'classifier', labels: num_labels },
  }),
  MobileBertForQuestionAnswering: () => ({ token: { name: 'qa_outputs', labels: 2 } }),
};

const shapesOf = (all: Iterable<Parameter>) =>
  Object.fromEntries([...all].map(({ name, shape }) => [name, shape]));

describe('parameters()', () => {
  it.each(listCases())("names and shapes the checkpoint of Hugging Face's: %s", (name) => {
    const golden = loadCase(name);
    const config = new MobileBertConfig(golden.config);
    const parts = heads[golden.head]!(config);
    const pooler = golden.addPoolingLayer && (parts.pooler ?? false);
    const ours = shapesOf(
      parameters(config, golden.head === 'MobileBertModel' ? { pooler } : parts),
    );
    const theirs = [...golden.weights].map(([tensor, { shape }]) => [tensor, shape]);
    expect(ours).toEqual(Object.fromEntries(theirs));
  });

  it.each([
    'MobileBertForQuestionAnswering',
    'MobileBertForMaskedLM',
    'MobileBertForSequenceClassification',
  ] as FullHead[])('names and shapes the full-size model: %s', (head) => {
    const config = new MobileBertConfig(fullConfig(head));
    const ours = shapesOf(parameters(config, heads[head]!(config)));
    expect(ours).toEqual(Object.fromEntries(fullShapes(head)));
  });

  it.each(Object.keys(heads))('gives every parameter a slot and part of its own: %s', (head) => {
    const config = new MobileBertConfig({ num_hidden_layers: 3 });
    const all = [...parameters(config, heads[head]!(config))];
    const slots = all.flatMap((parameter) => parameter.slots.map((place) => JSON.stringify(place)));
    expect(new Set(slots).size).toBe(slots.length);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const { slot } of all.flatMap((parameter) => parameter.slots)) {
      expect(Slot).toHaveProperty(slot);
    }
  });

  it('initialises biases with 0, norms with 1 and 0, all else at random', () => {
    const config = new MobileBertConfig({ num_hidden_layers: 1 });
    for (const { name, init } of parameters(config, heads.MobileBertForPreTraining!(config))) {
      const isNorm = name.includes('LayerNorm.weight');
      const weight = name.includes('word_embeddings') ? 'embedding' : isNorm ? 'ones' : 'normal';
      expect(init, name).toBe(name.endsWith('bias') ? 'zeros' : weight);
    }
  });

  it('gives the tied word embedding both its slots, and an untied bias none', () => {
    const placesOf = (tie_word_embeddings: boolean, wanted: string) => {
      const config = new MobileBertConfig({ num_hidden_layers: 0, tie_word_embeddings });
      const all = [...parameters(config, { languageModel: true })];
      return all.find(({ name }) => name === wanted)?.slots.map(({ slot, part }) => [slot, part]);
    };
    const words = 'mobilebert.embeddings.word_embeddings.weight';
    expect(placesOf(true, words)).toEqual([
      ['WordEmbeddings', 'weight'],
      ['LmDecoder', 'weight'],
    ]);
    expect(placesOf(false, words)).toEqual([['WordEmbeddings', 'weight']]);
    expect(placesOf(true, 'cls.predictions.bias')).toEqual([['LmDecoder', 'bias']]);
    expect(placesOf(false, 'cls.predictions.bias')).toEqual([]);
    expect(placesOf(false, 'cls.predictions.decoder.bias')).toEqual([['LmDecoder', 'bias']]);
  });
});

describe('decoder()', () => {
  it('is what an untied checkpoint has on top of a tied one', () => {
    const untied = new MobileBertConfig({ tie_word_embeddings: false });
    const tied = shapesOf(parameters(new MobileBertConfig(), { languageModel: true }));
    const extra = shapesOf(decoder(untied));
    expect({ ...tied, ...extra }).toEqual(shapesOf(parameters(untied, { languageModel: true })));
  });
});
