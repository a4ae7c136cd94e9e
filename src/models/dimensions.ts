/** MobileBertConfig in Hugging Face's names -> the engine's dimensions. */

import type { MobileBertConfig } from '../config/config.ts';
import { Activation, type Dimensions, NormKind, WeightType } from '../engine/abi.ts';
import type { HeadParts } from '../weights/names.ts';
import type { WeightDtype } from './options.ts';

const ACTIVATIONS = {
  relu: Activation.Relu,
  gelu: Activation.Gelu,
  silu: Activation.Silu,
  gelu_new: Activation.GeluNew,
} as const satisfies Record<MobileBertConfig['hidden_act'], number>;

const WEIGHT_TYPES = { fp32: WeightType.F32, fp16: WeightType.F16, q8: WeightType.Q8 } as const;

/** A configuration as the engine takes it. */
export function dimensionsOf(
  config: MobileBertConfig,
  parts: HeadParts,
  dtype: WeightDtype = 'fp32',
): Dimensions {
  return {
    vocabulary: config.vocab_size,
    embedding: config.embedding_size,
    hidden: config.hidden_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    intermediate: config.intermediate_size,
    bottleneck: config.true_hidden_size,
    positions: config.max_position_embeddings,
    types: config.type_vocab_size,
    feedForwards: config.num_feedforward_networks,
    trigram: Number(config.trigram_input),
    useBottleneck: Number(config.use_bottleneck),
    // Without a bottleneck there is nothing for attention to read but the hidden state.
    bottleneckAttention: Number(config.use_bottleneck && config.use_bottleneck_attention),
    sharedBottleneck: Number(config.use_bottleneck && config.key_query_shared_bottleneck),
    activation: ACTIVATIONS[config.hidden_act],
    norm: config.normalization_type === 'no_norm' ? NormKind.NoNorm : NormKind.LayerNorm,
    epsilon: config.layer_norm_eps,
    poolerDense: Number(Boolean(parts.pooler) && config.classifier_activation),
    sequenceLabels: parts.sequence?.labels ?? 0,
    tokenLabels: parts.token?.labels ?? 0,
    languageModel: Number(Boolean(parts.languageModel)),
    weightType: WEIGHT_TYPES[dtype],
    rowBits: 16,
  };
}
