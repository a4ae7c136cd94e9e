/**
 * config.json -> MobileBertConfig: every option of Hugging Face's configuration_mobilebert.py with
 * its default, checked when it is made, and written back as `save_pretrained` writes it. Keys of a
 * config.json that mean nothing here are kept and written back too.
 */

import { ConfigError, FilesError } from '../errors.ts';
import { type FilesOptions, openFiles } from '../hub/files.ts';
import type { PretrainedFiles, Source } from '../hub/source.ts';
import { checkCombinations } from './combinations.ts';
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

/** Options of `new MobileBertConfig`: any field, `num_labels`, and keys to be kept as they are. */
export interface MobileBertConfigOptions
  extends Partial<Pick<MobileBertConfig, keyof typeof FIELDS | keyof typeof COMMON_FIELDS>> {
  num_labels?: number;
  id2label?: Readonly<Record<number, string>>;
  label2id?: Readonly<Record<string, number>>;
  [key: string]: unknown;
}

/** Options of `from_pretrained`: how to get config.json, and fields to set over what it says. */
export type ConfigFromPretrainedOptions = FilesOptions & MobileBertConfigOptions;

/** Configuration of a MobileBERT model. */
export class MobileBertConfig {
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
  /** Number of segments that token_type_ids may name. */
  type_vocab_size = 2;
  /** Standard deviation of randomly initialised weights. */
  initializer_range = 0.02;
  layer_norm_eps = 1e-12;
  pad_token_id: number | null = 0;
  /** Width of the word embedding. */
  embedding_size = 128;
  /** Whether a word's embedding is read with its neighbours' (a convolution of width 3). */
  trigram_input = true;
  /** Whether blocks work at `intra_bottleneck_size` rather than at `hidden_size`. */
  use_bottleneck = true;
  intra_bottleneck_size = 128;
  /** Whether query, key and value all read the input bottleneck. */
  use_bottleneck_attention = false;
  /** Whether query and key read a bottleneck of their own. */
  key_query_shared_bottleneck = true;
  /** Feed-forward networks per block. */
  num_feedforward_networks = 4;
  /** NoNorm (scale and shift) or a true LayerNorm. */
  normalization_type: (typeof NORMALIZATIONS)[number] = 'no_norm';
  /** Whether the pooler has a dense layer with tanh, or is just the first token. */
  classifier_activation = true;
  /** For training only; null: as `hidden_dropout_prob`. */
  classifier_dropout: number | null = null;
  /** Whether the language model head's decoder is the word embedding itself. */
  tie_word_embeddings = true;

  /** Labels by class index. */
  id2label: IdToLabel;
  /** Class indices by label. */
  label2id: LabelToId;
  /** Which loss sequence classification takes; null: decided by the labels it is given. */
  problem_type: (typeof PROBLEM_TYPES)[number] | null = null;
  /** Whether model calls return hidden states unless told otherwise. */
  output_hidden_states = false;
  /** Whether model calls return attentions unless told otherwise. */
  output_attentions = false;
  /** Model classes the checkpoint was saved from. */
  architectures: string[] | null = null;
  /** Attention heads that were taken out, by layer; `prune_heads` of a model adds to them. */
  pruned_heads: PrunedHeads = {};

  /** @throws ConfigError naming the field that cannot be used, what it holds and what was wanted */
  constructor(options: MobileBertConfigOptions = {}) {
    const labels = labelsFrom(options.num_labels, options.id2label, options.label2id);
    this.id2label = labels.id2label;
    this.label2id = labels.label2id;
    for (const [key, value] of Object.entries(options)) {
      // A key that is not ours is kept, unless it would hide a member (num_labels, __proto__, ..).
      const kept = isField(key) || !(key in this);
      if (kept && value !== undefined) Reflect.set(this, key, value);
    }
    this.validate();
  }

  /**
   * Reads config.json of a checkpoint. Fields among the options override the file's.
   *
   * @throws FilesError when there is none, ConfigError when it cannot be used
   */
  static async from_pretrained(
    source: Source,
    options: ConfigFromPretrainedOptions = {},
  ): Promise<MobileBertConfig> {
    return MobileBertConfig.fromFiles(await openFiles(source, options), options);
  }

  /** As `from_pretrained`, from files that are open already. */
  static async fromFiles(
    files: PretrainedFiles,
    overrides: MobileBertConfigOptions = {},
  ): Promise<MobileBertConfig> {
    return new MobileBertConfig(merge(await readConfig(files), overrides));
  }

  /** Checks all fields again, after some were set. A model does it before it uses a config. */
  validate(): void {
    checkFields(this);
    labelsFrom(undefined, this.id2label, this.label2id);
    checkCombinations(this);
  }

  /** Number of classes: the size of `id2label`. Setting another number makes new labels. */
  get num_labels(): number {
    return Object.keys(this.id2label).length;
  }
  set num_labels(count: number) {
    if (count !== this.num_labels) Object.assign(this, defaultLabels(count));
  }

  /** Width inside a block: the bottleneck's where there is one. */
  get true_hidden_size(): number {
    return this.use_bottleneck ? this.intra_bottleneck_size : this.hidden_size;
  }

  /**
   * The plain object that `save_pretrained` writes to config.json: MobileBERT's own fields, those
   * common to all models where they differ from their default, and keys kept from a file.
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

  /** What JSON.stringify writes: `to_dict()`. */
  toJSON(): Record<string, unknown> {
    return this.to_dict();
  }
}

/** Finds the configuration of a checkpoint by its model_type; here there is one kind. */
export const AutoConfig = {
  /**
   * As `MobileBertConfig.from_pretrained`.
   *
   * @throws ConfigError when config.json is of another model type
   */
  from_pretrained(source: Source, options: ConfigFromPretrainedOptions = {}) {
    return MobileBertConfig.from_pretrained(source, options);
  },
};

async function readConfig(files: PretrainedFiles): Promise<object> {
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

/** The file's fields with the caller's over them; the caller's labels replace all labels. */
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
