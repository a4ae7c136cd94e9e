/**
 * What must hold between the fields of MobileBertConfig. Each rule is a place in Hugging Face's
 * modeling_mobilebert.py where shapes would not meet; there the forward pass fails, here the
 * config.
 */

import { ConfigError } from '../errors.ts';
import type { MobileBertConfig } from './config.ts';
import { checkPrunedHeads } from './pruned-heads.ts';

/** The most weights a model may have: 4 GiB of float32, all that 32-bit linear memory addresses. */
const MAX_WEIGHTS = 2 ** 30;

/** ConfigError when fields that are fine alone cannot go together. */
export function checkCombinations(config: MobileBertConfig): void {
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
}

/**
 * What the language model heads need on top: the decoder is [word_embeddings^T ; dense] stacked to
 * hidden_size rows, so the embedding may not be larger than that.
 */
export function checkLanguageModelHead(config: MobileBertConfig): void {
  const { embedding_size, hidden_size, vocab_size } = config;
  if (embedding_size > hidden_size) {
    throw new ConfigError(
      `Cannot use config: "embedding_size" is ${embedding_size}, expected at most "hidden_size" (${hidden_size}) for a language model head`,
    );
  }
  checkWeightCount(countWeights(config) + vocab_size * (hidden_size - embedding_size));
}

function checkAttention(config: MobileBertConfig): void {
  const { num_attention_heads, true_hidden_size, hidden_size, intra_bottleneck_size } = config;
  if (true_hidden_size % num_attention_heads !== 0) {
    const name = config.use_bottleneck ? 'intra_bottleneck_size' : 'hidden_size';
    throw new ConfigError(
      `Cannot use config: "num_attention_heads" is ${num_attention_heads}, expected a divisor of "${name}" (${true_hidden_size})`,
    );
  }
  // Without either bottleneck the query and key projections, made for the bottleneck's width,
  // read the hidden state itself (Bottleneck.forward, last case).
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

/** Weights of the base model with pooler and classifier; biases and norms left out. */
function countWeights(config: MobileBertConfig): number {
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
