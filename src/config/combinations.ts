/**
 * Rules between the fields of MobileBertConfig. Each prevents shapes that would not match in
 * Hugging Face's modeling_mobilebert.py: there the forward pass fails, here the config.
 */

import { ConfigError } from '../errors.ts';
import type { ConfigFields } from './fields.ts';

/** The most weights a model may have: 4 GiB of float32, all that 32-bit linear memory addresses. */
const MAX_WEIGHTS = 2 ** 30;

/**
 * The most parameters, each of which has a name, a shape and a place: 18 times those of a MobileBERT
 * of 24 layers.
 */
const MAX_PARAMETERS = 20_000;

/** All fields, and the values that MobileBertConfig derives from them. */
export interface WholeConfig extends ConfigFields {
  readonly num_labels: number;
  readonly true_hidden_size: number;
}

/** @throws ConfigError when fields that are valid alone contradict each other */
export function checkCombinations(config: WholeConfig): void {
  checkAttention(config);
  checkPrunedHeads(config);
  const { pad_token_id, vocab_size, problem_type, num_labels } = config;
  if (pad_token_id !== null && (pad_token_id >= vocab_size || pad_token_id < -vocab_size)) {
    throw new ConfigError(
      `Cannot use config: "pad_token_id" is ${pad_token_id}, expected less than "vocab_size" (${vocab_size})`,
    );
  }
  if (problem_type === 'single_label_classification' && num_labels === 1) {
    throw new ConfigError(
      'Cannot use config: "problem_type" is "single_label_classification" with 1 label, expected 2 labels or more',
    );
  }
  checkWeightCount(countWeights(config));
  const parameters = countParameters(config);
  if (parameters > MAX_PARAMETERS) {
    throw new ConfigError(
      `Cannot use config: "num_hidden_layers" (${config.num_hidden_layers}) and "num_feedforward_networks" (${config.num_feedforward_networks}) make ${parameters} parameters, expected at most ${MAX_PARAMETERS}`,
    );
  }
}

/**
 * The additional rules of language model heads. Their decoder is [word_embeddings^T ; dense],
 * stacked to hidden_size rows, so the embedding may not be wider than that.
 *
 * @throws ConfigError when they do not hold
 */
export function checkLanguageModelHead(config: WholeConfig): void {
  const { embedding_size, hidden_size, vocab_size } = config;
  if (embedding_size > hidden_size) {
    throw new ConfigError(
      `Cannot use config: "embedding_size" is ${embedding_size}, expected at most "hidden_size" (${hidden_size}) for a language model head`,
    );
  }
  checkWeightCount(countWeights(config) + vocab_size * (hidden_size - embedding_size));
}

function checkAttention(config: WholeConfig): void {
  const { num_attention_heads, true_hidden_size, hidden_size, intra_bottleneck_size } = config;
  if (true_hidden_size % num_attention_heads !== 0) {
    const name = config.use_bottleneck ? 'intra_bottleneck_size' : 'hidden_size';
    throw new ConfigError(
      `Cannot use config: "num_attention_heads" is ${num_attention_heads}, expected a divisor of "${name}" (${true_hidden_size})`,
    );
  }
  // Without either bottleneck, the query and key projections read the hidden state itself, but have
  // the bottleneck's width (Bottleneck.forward, last case).
  const readsHidden =
    config.use_bottleneck &&
    !config.use_bottleneck_attention &&
    !config.key_query_shared_bottleneck;
  if (readsHidden && hidden_size !== intra_bottleneck_size) {
    throw new ConfigError(
      `Cannot use config: "hidden_size" is ${hidden_size}, expected "intra_bottleneck_size" (${intra_bottleneck_size}) when neither "use_bottleneck_attention" nor "key_query_shared_bottleneck" is set`,
    );
  }
}

function checkWeightCount(count: number): void {
  if (count <= MAX_WEIGHTS) return;
  throw new ConfigError(
    `Cannot use config: its sizes make ${count} weights, expected at most ${MAX_WEIGHTS}`,
  );
}

/** Every pruned head must exist, and every layer must keep one. */
function checkPrunedHeads(config: WholeConfig): void {
  const { pruned_heads, num_hidden_layers, num_attention_heads } = config;
  for (const [layer, heads] of Object.entries(pruned_heads)) {
    if (heads.length === 0) continue;
    const where = `Cannot use config: "pruned_heads" `;
    if (Number(layer) >= num_hidden_layers) {
      throw new ConfigError(
        `${where}names layer ${layer}, expected less than "num_hidden_layers" (${num_hidden_layers})`,
      );
    }
    const odd = heads.find((head) => head >= num_attention_heads);
    if (odd !== undefined) {
      throw new ConfigError(
        `${where}names head ${odd} of layer ${layer}, expected less than "num_attention_heads" (${num_attention_heads})`,
      );
    }
    if (heads.length >= num_attention_heads) {
      throw new ConfigError(
        `${where}names ${heads.length} heads of layer ${layer}, expected less than "num_attention_heads" (${num_attention_heads})`,
      );
    }
  }
}

/** Weights of the base model with pooler and classifier, without biases and norms. */
function countWeights(config: WholeConfig): number {
  const { hidden_size: H, true_hidden_size: T, intermediate_size: F, embedding_size: E } = config;
  const attention = 3 * T * T + T * (config.use_bottleneck_attention ? T : H);
  const bottlenecks = config.use_bottleneck ? 3 * H * T : 0;
  const feedForward = 2 * T * F * config.num_feedforward_networks;
  return (
    config.vocab_size * E +
    (config.max_position_embeddings + config.type_vocab_size) * H +
    (config.trigram_input ? 3 : 1) * E * H +
    config.num_hidden_layers * (attention + bottlenecks + feedForward) +
    (config.classifier_activation ? H * H : 0) +
    config.num_labels * H
  );
}

/**
 * Parameters of the encoder's layers: query, key, value and output with its norm, three bottlenecks
 * with theirs, and six of each feed-forward network.
 */
function countParameters({ num_hidden_layers, num_feedforward_networks }: WholeConfig): number {
  return num_hidden_layers * (22 + 6 * num_feedforward_networks);
}
