/** Defaults, relations and written form are those of transformers 5.18's MobileBertConfig. */

import { describe, expect, it } from 'vitest';
import {
  checkLanguageModelHead,
  MobileBertConfig,
  type MobileBertConfigOptions,
} from '../../../src/config/config.ts';
import { ConfigError } from '../../../src/errors.ts';

/** What `MobileBertConfig().to_json_string()` prints, less transformers_version. */
const DEFAULT_JSON = {
  attention_probs_dropout_prob: 0.1,
  classifier_activation: true,
  classifier_dropout: null,
  embedding_size: 128,
  hidden_act: 'relu',
  hidden_dropout_prob: 0.0,
  hidden_size: 512,
  initializer_range: 0.02,
  intermediate_size: 512,
  intra_bottleneck_size: 128,
  key_query_shared_bottleneck: true,
  layer_norm_eps: 1e-12,
  max_position_embeddings: 512,
  model_type: 'mobilebert',
  normalization_type: 'no_norm',
  num_attention_heads: 4,
  num_feedforward_networks: 4,
  num_hidden_layers: 24,
  pad_token_id: 0,
  tie_word_embeddings: true,
  trigram_input: true,
  true_hidden_size: 128,
  type_vocab_size: 2,
  use_bottleneck: true,
  use_bottleneck_attention: false,
  vocab_size: 30522,
};

describe('MobileBertConfig', () => {
  it('has the defaults of Hugging Face and writes them as save_pretrained does', () => {
    const config = new MobileBertConfig();
    expect(JSON.stringify(config)).toBe(JSON.stringify(DEFAULT_JSON));
    expect(config.num_labels).toBe(2);
    expect(config.id2label).toEqual({ 0: 'LABEL_0', 1: 'LABEL_1' });
    expect(config.label2id).toEqual({ LABEL_0: 0, LABEL_1: 1 });
  });

  it('writes labels and common fields where they differ from the default', () => {
    const config = new MobileBertConfig({ num_labels: 1, output_attentions: true });
    expect(config.to_dict()).toEqual({
      ...DEFAULT_JSON,
      id2label: { 0: 'LABEL_0' },
      label2id: { LABEL_0: 0 },
      output_attentions: true,
    });
  });

  it('reads back what it wrote', () => {
    const options = {
      hidden_size: 96,
      id2label: { 0: 'a', 1: 'b' },
      foo: [1],
      architectures: ['X'],
    };
    const config = new MobileBertConfig(options);
    const again = new MobileBertConfig(JSON.parse(JSON.stringify(config)));
    expect(again).toEqual(config);
    expect(again.to_dict()).toEqual(config.to_dict());
  });

  it('true_hidden_size follows the bottleneck, whatever a file says', () => {
    expect(new MobileBertConfig().true_hidden_size).toBe(128);
    const wide = new MobileBertConfig({ use_bottleneck: false, true_hidden_size: 128 });
    expect(wide.true_hidden_size).toBe(512);
  });

  it('keeps unknown keys, but none that would hide a member', () => {
    const json = JSON.parse(
      '{"foo": 1, "__proto__": {"evil": 1}, "to_dict": 2, "constructor": 3, "id2label": null}',
    );
    const config = new MobileBertConfig(json);
    expect(Reflect.get(config, 'foo')).toBe(1);
    expect(Reflect.get(config, 'evil')).toBeUndefined();
    expect(config).toBeInstanceOf(MobileBertConfig);
    expect(config.to_dict()).toEqual({ ...DEFAULT_JSON, foo: 1 });
  });

  it('validate() checks fields that were set later', () => {
    const config = new MobileBertConfig();
    config.hidden_size = 0;
    expect(() => config.validate()).toThrow('"hidden_size" is 0, expected an integer from 1 to');
  });
});

describe('labels', () => {
  it('id2label gives num_labels and integer keys; label2id is made from it', () => {
    const config = new MobileBertConfig({ id2label: { '0': 'a', '1': 'b', '2': 'c' } });
    expect(config.num_labels).toBe(3);
    expect(config.id2label[2]).toBe('c');
    expect(config.label2id).toEqual({ a: 0, b: 1, c: 2 });
  });

  it('num_labels of another size makes the labels anew', () => {
    const config = new MobileBertConfig({ id2label: { 0: 'a', 1: 'b', 2: 'c' }, num_labels: 4 });
    expect(Object.values(config.id2label)).toEqual(['LABEL_0', 'LABEL_1', 'LABEL_2', 'LABEL_3']);
    config.num_labels = 1;
    expect(config.label2id).toEqual({ LABEL_0: 0 });
  });

  it('num_labels of the same size leaves them', () => {
    const config = new MobileBertConfig({ id2label: { 0: 'a', 1: 'b' }, num_labels: 2 });
    config.num_labels = 2;
    expect(config.id2label).toEqual({ 0: 'a', 1: 'b' });
  });

  it('label2id alone is ignored, as in Python', () => {
    expect(new MobileBertConfig({ label2id: { a: 0, b: 1, c: 2 } }).num_labels).toBe(2);
  });

  it('takes a label named __proto__ as a label', () => {
    const config = new MobileBertConfig({ id2label: { 0: '__proto__', 1: 'b' } });
    expect(Object.entries(config.label2id)).toEqual([
      ['__proto__', 0],
      ['b', 1],
    ]);
  });
});

const WRONG: [string, Record<string, unknown>, string][] = [
  [
    'a string for a size',
    { hidden_size: 'a' },
    '"hidden_size" is "a", expected an integer from 1 to 1048576',
  ],
  ['NaN', { layer_norm_eps: Number.NaN }, '"layer_norm_eps" is NaN, expected a number from 0'],
  ['Infinity', { initializer_range: Infinity }, '"initializer_range" is Infinity'],
  [
    "Python's tagged NaN",
    { layer_norm_eps: { __float__: 'NaN' } },
    '"layer_norm_eps" is an object',
  ],
  ['a fraction', { num_hidden_layers: 1.5 }, '"num_hidden_layers" is 1.5'],
  ['null for a size', { vocab_size: null }, '"vocab_size" is null'],
  ['a list', { vocab_size: [1] }, '"vocab_size" is a list'],
  ['fewer than no layers', { num_hidden_layers: -1 }, '"num_hidden_layers" is -1'],
  ['no feed-forward network', { num_feedforward_networks: 0 }, '"num_feedforward_networks" is 0'],
  ['an absurd size', { vocab_size: 2 ** 31 }, '"vocab_size" is 2147483648'],
  [
    'sizes whose product is absurd',
    { hidden_size: 2 ** 20, embedding_size: 2 ** 20 },
    'weights, expected at most 1073741824',
  ],
  [
    'more parameters than objects fit',
    {
      ...{ num_hidden_layers: 256, num_feedforward_networks: 256, hidden_size: 1 },
      ...{ intra_bottleneck_size: 1, intermediate_size: 1, embedding_size: 1 },
      ...{ num_attention_heads: 1, vocab_size: 1, max_position_embeddings: 1 },
    },
    'make 398848 parameters, expected at most 20000',
  ],
  ['more layers than objects fit', { num_hidden_layers: 1024 }, 'make 47104 parameters'],
  ['more labels than two maps hold', { num_labels: 40_000 }, '"num_labels" is 40000, expected'],
  [
    'as many labels by name',
    { id2label: Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [i, 'x'])) },
    '"id2label" has 40000 labels, expected 1 to 32768',
  ],
  [
    'as many labels the other way round',
    {
      id2label: { 0: 'a' },
      label2id: Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`x${i}`, i])),
    },
    '"label2id" has 40000 labels, expected 1 to 32768',
  ],
  ['a dropout over 1', { hidden_dropout_prob: 3 }, '"hidden_dropout_prob" is 3'],
  [
    'an unknown activation',
    { hidden_act: 'tanh' },
    '"hidden_act" is "tanh", expected "relu", "gelu", "silu" or "gelu_new"',
  ],
  ['an unknown norm', { normalization_type: 'x' }, 'expected "no_norm" or "layer_norm"'],
  ['a number for a flag', { trigram_input: 1 }, '"trigram_input" is 1, expected true or false'],
  ['an unknown problem type', { problem_type: 'x' }, '"problem_type" is "x"'],
  [
    'heads that do not divide',
    { num_attention_heads: 3 },
    '"num_attention_heads" is 3, expected a divisor of "intra_bottleneck_size" (128)',
  ],
  [
    'heads that do not divide the full width',
    { num_attention_heads: 3, use_bottleneck: false },
    'expected a divisor of "hidden_size" (512)',
  ],
  [
    'no bottleneck for query and key of another width',
    { key_query_shared_bottleneck: false },
    '"hidden_size" is 512, expected "intra_bottleneck_size" (128)',
  ],
  [
    'a padding id past the vocabulary',
    { pad_token_id: 30522 },
    '"pad_token_id" is 30522, expected less than',
  ],
  ['no labels', { num_labels: 0 }, '"num_labels" is 0'],
  ['too many labels', { num_labels: 1e9 }, '"num_labels" is 1000000000'],
  ['an id2label that is no map', { id2label: 'x' }, '"id2label" is "x"'],
  ['an empty id2label', { id2label: {} }, '"id2label" is an object'],
  [
    'a label key that is no index',
    { id2label: { x: 'a' } },
    '"id2label" is "x", expected class indices',
  ],
  ['two keys for one index', { id2label: { '0': 'a', '00': 'b' } }, 'names an index twice'],
  ['a label that is no text', { id2label: { 0: {} } }, '"id2label[0]" is an object'],
  ['a label id that is no index', { id2label: { 0: 'a' }, label2id: { a: -1 } }, 'label2id'],
  [
    'one class for single-label classification',
    { num_labels: 1, problem_type: 'single_label_classification' },
    'with 1 label, expected 2',
  ],
  ['architectures that are no names', { architectures: [1] }, '"architectures" is a list'],
];

describe('checks', () => {
  it.each(WRONG)('refuses %s', (_, options, message) => {
    const make = () => new MobileBertConfig(options as MobileBertConfigOptions);
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });

  it.each([
    [
      'equal widths without shared bottleneck',
      { key_query_shared_bottleneck: false, hidden_size: 128 },
    ],
    [
      'bottleneck attention instead',
      { key_query_shared_bottleneck: false, use_bottleneck_attention: true },
    ],
    ['no bottleneck at all', { key_query_shared_bottleneck: false, use_bottleneck: false }],
    ['no layers', { num_hidden_layers: 0 }],
    ['no padding id', { pad_token_id: null }],
    ['a padding id from the end', { pad_token_id: -1 }],
    ['odd sizes', { hidden_size: 7, intra_bottleneck_size: 5, num_attention_heads: 5 }],
  ])('takes %s', (_, options) => {
    expect(() => new MobileBertConfig(options)).not.toThrow();
  });

  it('checkLanguageModelHead() wants the embedding no wider than the hidden state', () => {
    expect(() =>
      checkLanguageModelHead(new MobileBertConfig({ embedding_size: 512 })),
    ).not.toThrow();
    expect(() => checkLanguageModelHead(new MobileBertConfig({ embedding_size: 513 }))).toThrow(
      '"embedding_size" is 513, expected at most "hidden_size" (512)',
    );
  });
});

describe('fromFiles()', () => {
  it('reads config.json of whatever opens files, as an instance of the class it is called on', async () => {
    class Subclass extends MobileBertConfig {}
    const files = { name: 'x', json: async (file: string) => ({ hidden_size: 64, from: file }) };
    const config = await Subclass.fromFiles(files, { hidden_act: 'gelu' });
    expect(config).toBeInstanceOf(Subclass);
    expect(config).toMatchObject({ hidden_size: 64, hidden_act: 'gelu', from: 'config.json' });
  });
});
