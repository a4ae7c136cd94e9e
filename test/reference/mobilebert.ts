/**
 * MobileBERT in float64, one sequence at a time: ids [S] -> hidden states [S,H], attentions
 * [A,S,S], pooled [H]. Sun et al. 2020 (arXiv:2004.02984) §3; the verbs and their order are those
 * of transformers' modeling_mobilebert.py. The heads are in heads.ts.
 */
import { activations } from './activations.ts';
import type { TwinConfig, Weights } from './checkpoint.ts';
import {
  add,
  attention,
  gather,
  layerNorm,
  linear,
  type Matrix,
  map,
  noNorm,
  trigrams,
  type Vector,
} from './ops.ts';

/**
 * PyTorch's default, which Hugging Face leaves in place in the embeddings' norm and the output's.
 */
const DEFAULT_EPS = 1e-5;

/** One sequence: `ids` [S] or `embeds` [S,E]; the rest has Hugging Face's defaults. */
export interface Sequence {
  ids?: Vector;
  embeds?: Matrix;
  mask?: Vector;
  types?: Vector;
  positions?: Vector;
}

/** What the encoder says of one sequence. */
export interface Encoded {
  /** L + 1 times [S,H]: the embeddings, then every layer's output. */
  hiddenStates: number[][][];
  /** L times [A,S,S]. */
  attentions: number[][][][];
  /** [H]; absent without a pooling layer. */
  pooled?: number[];
}

/** MobileBertModel: embeddings, encoder, and the pooler where the model has one. */
export function mobilebert(
  sequence: Sequence,
  weights: Weights,
  config: TwinConfig,
  hasPooler: boolean,
): Encoded {
  let hidden = embeddings(sequence, weights.at('embeddings'), config);
  const encoded: Encoded = { hiddenStates: [hidden], attentions: [] };
  for (let l = 0; l < config.num_hidden_layers; l++) {
    const result = layer(hidden, sequence.mask, weights.at(`encoder.layer.${l}`), config);
    hidden = result.hidden;
    encoded.hiddenStates.push(hidden);
    encoded.attentions.push(result.probabilities);
  }
  if (hasPooler) encoded.pooled = pooler(hidden, weights, config);
  return encoded;
}

/**
 * Words (three side by side), then positions and types: [S] -> [S,H]. MobileBertEmbeddings, §3.4.
 */
function embeddings(sequence: Sequence, w: Weights, config: TwinConfig): number[][] {
  const words = sequence.embeds ?? gather(w.matrix('word_embeddings.weight'), sequence.ids ?? []);
  const positions = sequence.positions ?? words.map((_, s) => s);
  const types = sequence.types ?? words.map(() => 0);

  let x: Matrix = config.trigram_input ? trigrams(words) : words; // [S,3E] or [S,E]
  if (config.trigram_input || config.embedding_size !== config.hidden_size) {
    x = dense(x, w.at('embedding_transformation')); // [S,H]
  }
  x = add(x, gather(w.matrix('position_embeddings.weight'), positions));
  x = add(x, gather(w.matrix('token_type_embeddings.weight'), types));
  return norm(x, w.at('LayerNorm'), config, DEFAULT_EPS);
}

/** One block: hidden [S,H] -> hidden [S,H]. MobileBertLayer. */
function layer(hidden: Matrix, mask: Vector | undefined, w: Weights, config: TwinConfig) {
  const { query, key, value, layerInput } = bottleneck(hidden, w.at('bottleneck'), config);
  const attended = selfAttention(query, key, value, mask, w.at('attention.self'), config);
  let y = selfOutput(attended.context, layerInput, w.at('attention.output'), config); // [S,T]
  for (let f = 0; f < config.num_feedforward_networks - 1; f++) {
    y = feedForward(y, w.at(`ffn.${f}`), config);
  }
  const inner = intermediate(y, w.at('intermediate'), config); // [S,F]
  return {
    hidden: output(inner, y, hidden, w.at('output'), config),
    probabilities: attended.probabilities,
  };
}

/**
 * What attention reads, and what it adds to: [S,H] -> four times [S,T] or [S,H]. Bottleneck, §3.1.
 */
function bottleneck(hidden: Matrix, w: Weights, config: TwinConfig) {
  const narrow = (name: string) =>
    norm(
      dense(hidden, w.at(`${name}.dense`)),
      w.at(`${name}.LayerNorm`),
      config,
      config.layer_norm_eps,
    );

  if (!config.use_bottleneck)
    return { query: hidden, key: hidden, value: hidden, layerInput: hidden };
  const layerInput = narrow('input');
  if (config.use_bottleneck_attention) {
    return { query: layerInput, key: layerInput, value: layerInput, layerInput };
  }
  const shared = config.key_query_shared_bottleneck ? narrow('attention') : hidden;
  return { query: shared, key: shared, value: hidden, layerInput };
}

/** Projections and softmax(q k^T / sqrt(D)) v: -> context [S,T]. MobileBertSelfAttention. */
function selfAttention(
  query: Matrix,
  key: Matrix,
  value: Matrix,
  mask: Vector | undefined,
  w: Weights,
  config: TwinConfig,
) {
  const q = dense(query, w.at('query'));
  const k = dense(key, w.at('key'));
  const v = dense(value, w.at('value'));
  return attention(q, k, v, mask, config.num_attention_heads);
}

/** context [S,T] + layerInput [S,T] -> [S,T]. MobileBertSelfOutput. */
function selfOutput(
  context: Matrix,
  layerInput: Matrix,
  w: Weights,
  config: TwinConfig,
): number[][] {
  const x = add(dense(context, w.at('dense')), layerInput);
  return norm(x, w.at('LayerNorm'), config, config.layer_norm_eps);
}

/** [S,T] -> [S,T] with its own residual. FFNLayer, §3.2. */
function feedForward(y: Matrix, w: Weights, config: TwinConfig): number[][] {
  const inner = intermediate(y, w.at('intermediate'), config);
  const x = add(dense(inner, w.at('output.dense')), y);
  return norm(x, w.at('output.LayerNorm'), config, config.layer_norm_eps);
}

/** [S,T] -> [S,F]. MobileBertIntermediate. */
function intermediate(y: Matrix, w: Weights, config: TwinConfig): number[][] {
  return map(dense(y, w.at('dense')), activations[config.hidden_act]);
}

/**
 * inner [S,F] + y [S,T], then back to the hidden size: -> [S,H]. MobileBertOutput and
 * OutputBottleneck.
 */
function output(
  inner: Matrix,
  y: Matrix,
  hidden: Matrix,
  w: Weights,
  config: TwinConfig,
): number[][] {
  const x = norm(add(dense(inner, w.at('dense')), y), w.at('LayerNorm'), config, DEFAULT_EPS);
  if (!config.use_bottleneck) return x;
  const wide = add(dense(x, w.at('bottleneck.dense')), hidden);
  return norm(wide, w.at('bottleneck.LayerNorm'), config, config.layer_norm_eps);
}

/**
 * The first token, through a layer of its own unless `classifier_activation` is false: [S,H] ->
 * [H].
 */
function pooler(hidden: Matrix, weights: Weights, config: TwinConfig): number[] {
  if (!config.classifier_activation) return Array.from(hidden[0]);
  return map(dense([hidden[0]], weights.at('pooler.dense')), Math.tanh)[0];
}

/** A linear layer with its bias: [S,K] -> [S,N]. */
export function dense(x: Matrix, w: Weights): number[][] {
  return linear(x, w.matrix('weight'), w.vector('bias'));
}

/** The configuration's norm; NoNorm has no eps. */
function norm(x: Matrix, w: Weights, config: TwinConfig, eps: number): number[][] {
  const weight = w.vector('weight');
  const bias = w.vector('bias');
  return config.normalization_type === 'layer_norm'
    ? layerNorm(x, weight, bias, eps)
    : noNorm(x, weight, bias);
}
