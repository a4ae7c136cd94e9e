/**
 * What the twin reads: a configuration in Hugging Face's keys, and named tensors.
 * In: parsed config.json, a map of tensors. Out: every option with its default; weights by name,
 * shapes checked.
 */
import { type Matrix, rowsOf, type Vector } from './ops.ts';

/** A tensor: shape and row-major numbers. */
export interface NamedTensor<D = ArrayLike<number>> {
  readonly shape: readonly number[];
  readonly data: D;
}

/** The options that the function depends on; MobileBertConfig of transformers. */
export interface TwinConfig {
  vocab_size: number;
  embedding_size: number;
  hidden_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  hidden_act: string;
  layer_norm_eps: number;
  trigram_input: boolean;
  use_bottleneck: boolean;
  use_bottleneck_attention: boolean;
  key_query_shared_bottleneck: boolean;
  num_feedforward_networks: number;
  normalization_type: string;
  classifier_activation: boolean;
  tie_word_embeddings: boolean;
  num_labels: number;
  problem_type: string | null;
}

const defaults: TwinConfig = {
  vocab_size: 30522,
  embedding_size: 128,
  hidden_size: 512,
  num_hidden_layers: 24,
  num_attention_heads: 4,
  hidden_act: 'relu',
  layer_norm_eps: 1e-12,
  trigram_input: true,
  use_bottleneck: true,
  use_bottleneck_attention: false,
  key_query_shared_bottleneck: true,
  num_feedforward_networks: 4,
  normalization_type: 'no_norm',
  classifier_activation: true,
  tie_word_embeddings: true,
  num_labels: 2,
  problem_type: null,
};

/** Every option, from config.json; `num_labels` is the size of `id2label` where that is given. */
export function withDefaults(config: Readonly<Record<string, unknown>>): TwinConfig {
  const num_labels = config.id2label ? Object.keys(config.id2label).length : 2;
  return { ...defaults, num_labels, ...config };
}

/** Tensors of a checkpoint under a common prefix. */
export class Weights {
  private readonly tensors: ReadonlyMap<string, NamedTensor>;
  private readonly prefix: string;

  constructor(tensors: ReadonlyMap<string, NamedTensor>, prefix = '') {
    this.tensors = tensors;
    this.prefix = prefix;
  }

  /** The tensors whose names go on after `name.`. */
  at(name: string): Weights {
    return new Weights(this.tensors, `${this.prefix}${name}.`);
  }

  /** A tensor of one axis. */
  vector(name: string): Vector {
    return this.find(name, 1).data;
  }

  /** A tensor of two axes. */
  matrix(name: string): Matrix {
    const { shape, data } = this.find(name, 2);
    return rowsOf(data, shape[1]);
  }

  private find(name: string, axes: number): NamedTensor {
    const tensor = this.tensors.get(this.prefix + name);
    if (tensor?.shape.length !== axes) {
      throw new Error(`"${this.prefix}${name}": found [${tensor?.shape}], expected ${axes} axes`);
    }
    return tensor;
  }
}
