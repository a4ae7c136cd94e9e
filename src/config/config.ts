/**
 * config.json -> MobileBertConfig: every option of Hugging Face's configuration_mobilebert.py with
 * its default, checked, and written back as `save_pretrained` writes it. Unknown keys of a
 * config.json are kept and written back too.
 */

import { ConfigError, FilesError } from '../errors.ts';
import { checkCombinations, type WholeConfig } from './combinations.ts';
import {
  type ACTIVATIONS,
  COMMON_FIELDS,
  checkFields,
  type FIELDS,
  fieldError,
  isField,
  type NORMALIZATIONS,
  type PROBLEM_TYPES,
} from './fields.ts';
import { defaultLabels, type IdToLabel, type LabelToId, labelsFrom } from './labels.ts';
import type { PrunedHeads } from './pruned-heads.ts';

export { checkLanguageModelHead } from './combinations.ts';
export type { IdToLabel, LabelToId } from './labels.ts';
export type { PrunedHeads } from './pruned-heads.ts';

/** Options of `new MobileBertConfig`: any field, `num_labels`, and unknown keys, which are kept. */
export interface MobileBertConfigOptions
  extends Partial<Pick<MobileBertConfig, keyof typeof FIELDS | keyof typeof COMMON_FIELDS>> {
  num_labels?: number;
  id2label?: Readonly<Record<number, string>>;
  label2id?: Readonly<Record<string, number>>;
  [key: string]: unknown;
}

/** The files of a checkpoint, as far as a configuration needs them. */
export interface ConfigFiles {
  /** The checkpoint's name, for error messages. */
  readonly name: string;
  /** A file parsed; undefined when there is none. */
  json(file: string): Promise<unknown>;
}

/** Configuration of a MobileBERT model. */
export class MobileBertConfig implements WholeConfig {
  readonly model_type = 'mobilebert';

  /** Rows of the word embedding. */
  vocab_size = 30522;
  /** Width of the hidden state between blocks. */
  hidden_size = 512;
  /** Number of blocks. */
  num_hidden_layers = 24;
  num_attention_heads = 4;
  /** Inner width of each feed-forward network. */
  intermediate_size = 512;
  /** Activation of the feed-forward networks and of the language model head. */
  hidden_act: (typeof ACTIVATIONS)[number] = 'relu';
  /** For training only. */
  hidden_dropout_prob = 0.0;
  /** For training only. */
  attention_probs_dropout_prob = 0.1;
  /** The longest sequence, in tokens. */
  max_position_embeddings = 512;
  /** Number of segments: token_type_ids are below it. */
  type_vocab_size = 2;
  /** Standard deviation of randomly initialised weights. */
  initializer_range = 0.02;
  layer_norm_eps = 1e-12;
  pad_token_id: number | null = 0;
  /** Width of the word embedding. */
  embedding_size = 128;
  /** Whether a token's embedding is joined with its neighbours' (a convolution of width 3). */
  trigram_input = true;
  /** Whether blocks compute at `intra_bottleneck_size` instead of `hidden_size`. */
  use_bottleneck = true;
  intra_bottleneck_size = 128;
  /** Whether query, key and value all read the input bottleneck's output. */
  use_bottleneck_attention = false;
  /** Whether query and key read a bottleneck of their own. */
  key_query_shared_bottleneck = true;
  /** Feed-forward networks per block. */
  num_feedforward_networks = 4;
  /** 'no_norm' is NoNorm: scale and shift. */
  normalization_type: (typeof NORMALIZATIONS)[number] = 'no_norm';
  /** Whether the pooler has a dense layer with tanh; without it, it takes the first token. */
  classifier_activation = true;
  /** For training only; null stands for `hidden_dropout_prob`. */
  classifier_dropout: number | null = null;
  /** Whether the language model head's decoder is the word embedding itself. */
  tie_word_embeddings = true;

  /** Labels by class index. */
  id2label: IdToLabel;
  /** Class indices by label. */
  label2id: LabelToId;
  /** The loss of sequence classification; null for one that suits the labels of a call. */
  problem_type: (typeof PROBLEM_TYPES)[number] | null = null;
  /** Whether model calls return hidden states unless told otherwise. */
  output_hidden_states = false;
  /** Whether model calls return attentions unless told otherwise. */
  output_attentions = false;
  /** Model classes the checkpoint was saved from. */
  architectures: string[] | null = null;
  /** Attention heads that were removed, by layer; `prune_heads` of a model adds to them. */
  pruned_heads: PrunedHeads = {};

  /** @throws ConfigError naming the field that cannot be used, its value and what was wanted */
  constructor(options: MobileBertConfigOptions = {}) {
    const labels = labelsFrom(options.num_labels, options.id2label, options.label2id);
    this.id2label = labels.id2label;
    this.label2id = labels.label2id;
    for (const [key, value] of Object.entries(options)) {
      // Unknown keys are kept, except those that would hide a member (num_labels, __proto__, ..).
      const kept = isField(key) || !(key in this);
      if (kept && value !== undefined) Reflect.set(this, key, value);
    }
    this.validate();
  }

  /**
   * Reads config.json of a checkpoint. Fields among the overrides replace the file's.
   *
   * @throws FilesError when there is none, ConfigError when it cannot be used
   */
  static async fromFiles<C extends MobileBertConfig>(
    this: new (
      options: MobileBertConfigOptions,
    ) => C,
    files: ConfigFiles,
    overrides: MobileBertConfigOptions = {},
  ): Promise<C> {
    return new this(merge(await readConfig(files), overrides));
  }

  /** Checks all fields again, after some were set. Models call it before they use a config. */
  validate(): void {
    checkFields(this);
    labelsFrom(undefined, this.id2label, this.label2id);
    checkCombinations(this);
  }

  /** Number of classes: the size of `id2label`. Setting another number replaces the labels. */
  get num_labels(): number {
    return Object.keys(this.id2label).length;
  }
  set num_labels(count: number) {
    if (count !== this.num_labels) Object.assign(this, defaultLabels(count));
  }

  /** Width inside a block: that of the bottleneck, or `hidden_size` without one. */
  get true_hidden_size(): number {
    return this.use_bottleneck ? this.intra_bottleneck_size : this.hidden_size;
  }

  /**
   * The plain object that `save_pretrained` writes to config.json: MobileBERT's own fields, fields
   * common to all models where they differ from their default, and unknown keys.
   */
  to_dict(): Record<string, unknown> {
    const hasDefaultLabels =
      JSON.stringify(this.id2label) === JSON.stringify(defaultLabels(2).id2label);
    const all = Object.entries({ ...this, true_hidden_size: this.true_hidden_size });
    const written = all.filter(([key, value]) => {
      if (key === 'id2label' || key === 'label2id') return !hasDefaultLabels;
      if (key === 'pruned_heads') return Object.keys(this.pruned_heads).length > 0;
      return !Object.hasOwn(COMMON_FIELDS, key) || (value !== null && value !== false);
    });
    written.sort(([a], [b]) => (a < b ? -1 : 1));
    return structuredClone(Object.fromEntries(written));
  }

  /** `to_dict()`, for JSON.stringify. */
  toJSON(): Record<string, unknown> {
    return this.to_dict();
  }
}

async function readConfig(files: ConfigFiles): Promise<object> {
  const json = await files.json('config.json');
  if (json === undefined) {
    throw new FilesError(
      `Cannot load config: "${files.name}" has no config.json, expected one`,
      'config.json',
    );
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new ConfigError(
      `Cannot use config: config.json of "${files.name}" holds ${Array.isArray(json) ? 'a list' : typeof json}, expected an object`,
    );
  }
  // Early files have no model_type.
  if ('model_type' in json && json.model_type !== 'mobilebert') {
    throw fieldError('model_type', json.model_type, '"mobilebert"');
  }
  return json;
}

/** The file's fields, replaced by the caller's; the caller's labels replace all labels. */
function merge(json: object, overrides: MobileBertConfigOptions): MobileBertConfigOptions {
  const labels = ['num_labels', 'id2label', 'label2id'];
  const fields = Object.entries(overrides).filter(
    ([key, value]) => value !== undefined && (isField(key) || labels.includes(key)),
  );
  const merged: MobileBertConfigOptions = { ...json };
  if (overrides.id2label) {
    for (const key of labels) delete merged[key];
  }
  return Object.assign(merged, Object.fromEntries(fields));
}
