/**
 * The parameters of a MobileBERT, made by walking the model tree as the constructors in Hugging
 * Face's modeling_mobilebert.py do. In: configuration and head. Out: the name in a checkpoint,
 * shape, initialisation and slots of every parameter.
 */

import type { MobileBertConfig } from '../config/config.ts';
import { keptChannels } from '../config/pruned-heads.ts';

/** A slot of the engine, which holds one module's weight and bias, by the names of its ABI. */
export type SlotName =
  | 'WordEmbeddings'
  | 'PositionEmbeddings'
  | 'TokenTypeEmbeddings'
  | 'EmbeddingTransformation'
  | 'EmbeddingNorm'
  | 'InputBottleneck'
  | 'InputBottleneckNorm'
  | 'SharedBottleneck'
  | 'SharedBottleneckNorm'
  | 'Query'
  | 'Key'
  | 'Value'
  | 'AttentionOutput'
  | 'AttentionOutputNorm'
  | 'FeedForwardIntermediate'
  | 'FeedForwardOutput'
  | 'FeedForwardNorm'
  | 'OutputBottleneck'
  | 'OutputBottleneckNorm'
  | 'Pooler'
  | 'SequenceHead'
  | 'TokenHead'
  | 'LmTransform'
  | 'LmTransformNorm'
  | 'LmDecoder'
  | 'LmDense';

/** Weight or bias of one slot: the engine's address of a parameter. */
export interface SlotPart {
  readonly slot: SlotName;
  /** Number of the block; 0 outside of blocks. */
  readonly layer: number;
  /**
   * Number of the feed-forward network in its block, `ffn.0` first, `intermediate` and `output`
   * last.
   */
  readonly network: number;
  readonly part: 'weight' | 'bias';
}

/** One parameter of a model. */
export interface Parameter {
  /** The name in a checkpoint of this model class. */
  readonly name: string;
  /** As in PyTorch: Linear [outputs, inputs], Embedding [rows, columns], vectors [n]. */
  readonly shape: readonly number[];
  /** The distribution by `_init_weights`. */
  readonly init: 'normal' | 'embedding' | 'zeros' | 'ones';
  /** The parts of slots that hold its values; none for a parameter that no output depends on. */
  readonly slots: readonly SlotPart[];
  /** For pruned heads: what is left of the full size. The engine stores the full size. */
  readonly kept?: Kept;
}

/** Rows (axis 0) or columns (axis 1) that are left of a tensor with `size` of them. */
export interface Kept {
  readonly axis: 0 | 1;
  readonly size: number;
  readonly indices: readonly number[];
}

/** The optional parts of a model class, on top of the encoder. */
export interface HeadParts {
  /** `pooler`: MobileBertModel's pooling layer. */
  readonly pooler?: boolean;
  /** Classifier on the pooled row: its name in the checkpoint and its number of labels. */
  readonly sequence?: { readonly name: string; readonly labels: number };
  /** Classifier on every row. */
  readonly token?: { readonly name: string; readonly labels: number };
  /** `cls.predictions`: the masked language model. */
  readonly languageModel?: boolean;
}

/** Prefix of the encoder's names in checkpoints of the classes with a head. */
const BASE = 'mobilebert.';

/** All parameters, in the order in which Hugging Face's modules register them. */
export function* parameters(config: MobileBertConfig, head: HeadParts): Generator<Parameter> {
  const hasHead = head.sequence || head.token || head.languageModel;
  const base = hasHead ? BASE : '';
  yield* embeddings(config, head, `${base}embeddings.`);
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    yield* block(config, layer, `${base}encoder.layer.${layer}.`);
  }
  const H = config.hidden_size;
  if (head.pooler && config.classifier_activation) {
    yield* linear(`${base}pooler.dense`, 'Pooler', H, H);
  }
  if (head.languageModel) yield* languageModel(config);
  if (head.sequence) yield* linear(head.sequence.name, 'SequenceHead', H, head.sequence.labels);
  if (head.token) yield* linear(head.token.name, 'TokenHead', H, head.token.labels);
}

function* embeddings(
  config: MobileBertConfig,
  head: HeadParts,
  prefix: string,
): Generator<Parameter> {
  const { embedding_size: E, hidden_size: H, vocab_size: V } = config;
  const isDecoder = head.languageModel && config.tie_word_embeddings;
  yield {
    name: `${prefix}word_embeddings.weight`,
    shape: [V, E],
    init: 'embedding',
    slots: isDecoder
      ? [weightOf('WordEmbeddings'), weightOf('LmDecoder')]
      : [weightOf('WordEmbeddings')],
  };
  yield table(`${prefix}position_embeddings`, 'PositionEmbeddings', config.max_position_embeddings);
  yield table(`${prefix}token_type_embeddings`, 'TokenTypeEmbeddings', config.type_vocab_size);
  const inputs = config.trigram_input ? 3 * E : E;
  yield* linear(`${prefix}embedding_transformation`, 'EmbeddingTransformation', inputs, H);
  yield* norm(`${prefix}LayerNorm`, 'EmbeddingNorm', H);

  function table(name: string, slot: SlotName, rows: number): Parameter {
    return { name: `${name}.weight`, shape: [rows, H], init: 'normal', slots: [weightOf(slot)] };
  }
}

function* block(config: MobileBertConfig, layer: number, prefix: string): Generator<Parameter> {
  const { hidden_size: H, intermediate_size: F, true_hidden_size: T } = config;
  const own = config.num_feedforward_networks - 1;
  const here = { layer };
  const valueInputs = config.use_bottleneck_attention ? T : H;
  const kept = keptChannels(config, layer);
  const self = `${prefix}attention.self.`;
  yield* pruned(linear(`${self}query`, 'Query', T, T, here), 0, kept);
  yield* pruned(linear(`${self}key`, 'Key', T, T, here), 0, kept);
  yield* pruned(linear(`${self}value`, 'Value', valueInputs, T, here), 0, kept);
  const output = `${prefix}attention.output.`;
  yield* pruned(linearNorm(output, 'AttentionOutput', T, T, here), 1, kept);
  yield* feedForward(`${prefix}intermediate.`, `${prefix}output.`, own);
  if (config.use_bottleneck) {
    yield* linearNorm(`${prefix}output.bottleneck.`, 'OutputBottleneck', T, H, here);
    yield* linearNorm(`${prefix}bottleneck.input.`, 'InputBottleneck', H, T, here);
    if (config.key_query_shared_bottleneck) {
      yield* linearNorm(`${prefix}bottleneck.attention.`, 'SharedBottleneck', H, T, here);
    }
  }
  for (let network = 0; network < own; network++) {
    const ffn = `${prefix}ffn.${network}.`;
    yield* feedForward(`${ffn}intermediate.`, `${ffn}output.`, network);
  }

  function* feedForward(intermediate: string, output: string, network: number) {
    const there = { layer, network };
    yield* linear(`${intermediate}dense`, 'FeedForwardIntermediate', T, F, there);
    yield* linear(`${output}dense`, 'FeedForwardOutput', F, T, there);
    yield* norm(`${output}LayerNorm`, 'FeedForwardNorm', T, there);
  }
}

function* languageModel(config: MobileBertConfig): Generator<Parameter> {
  const { embedding_size: E, hidden_size: H, vocab_size: V } = config;
  const prefix = 'cls.predictions.';
  const bias = biasOf('LmDecoder');
  const isTied = config.tie_word_embeddings;
  yield {
    name: `${prefix}bias`,
    shape: [V],
    init: 'zeros',
    slots: isTied ? [bias] : [],
  };
  yield* linear(`${prefix}transform.dense`, 'LmTransform', H, H);
  yield* norm(`${prefix}transform.LayerNorm`, 'LmTransformNorm', H);
  yield {
    name: `${prefix}dense.weight`,
    shape: [H - E, V],
    init: 'normal',
    slots: [weightOf('LmDense')],
  };
  if (!isTied) yield* decoder(config);
}

/**
 * The language model's decoder. Tied, it is the word embedding and the head's bias, and a
 * checkpoint need not hold it.
 */
export function* decoder(config: MobileBertConfig): Generator<Parameter> {
  yield {
    name: 'cls.predictions.decoder.weight',
    shape: [config.vocab_size, config.embedding_size],
    init: 'normal',
    slots: [weightOf('LmDecoder')],
  };
  yield {
    name: 'cls.predictions.decoder.bias',
    shape: [config.vocab_size],
    init: 'zeros',
    slots: [biasOf('LmDecoder')],
  };
}

// ---- kinds of modules ----

/** Number of the block, and of the feed-forward network in it. */
interface Index {
  readonly layer?: number;
  readonly network?: number;
}

function weightOf(slot: SlotName, index: Index = {}): SlotPart {
  return { slot, layer: index.layer ?? 0, network: index.network ?? 0, part: 'weight' };
}

function biasOf(slot: SlotName, index?: Index): SlotPart {
  return { ...weightOf(slot, index), part: 'bias' };
}

function* linear(
  name: string,
  slot: SlotName,
  inputs: number,
  outputs: number,
  index?: Index,
): Generator<Parameter> {
  const [weight, bias] = [weightOf(slot, index), biasOf(slot, index)];
  yield { name: `${name}.weight`, shape: [outputs, inputs], init: 'normal', slots: [weight] };
  yield { name: `${name}.bias`, shape: [outputs], init: 'zeros', slots: [bias] };
}

function* norm(name: string, slot: SlotName, size: number, index?: Index): Generator<Parameter> {
  const [weight, bias] = [weightOf(slot, index), biasOf(slot, index)];
  yield { name: `${name}.bias`, shape: [size], init: 'zeros', slots: [bias] };
  yield { name: `${name}.weight`, shape: [size], init: 'ones', slots: [weight] };
}

/** `dense` and the `LayerNorm` after it; the norm's slot is named after the Linear's. */
function* linearNorm(
  prefix: string,
  slot: 'AttentionOutput' | 'OutputBottleneck' | 'InputBottleneck' | 'SharedBottleneck',
  inputs: number,
  outputs: number,
  index: Index,
): Generator<Parameter> {
  yield* linear(`${prefix}dense`, slot, inputs, outputs, index);
  yield* norm(`${prefix}LayerNorm`, `${slot}Norm`, outputs, index);
}

/**
 * A Linear without its pruned heads: rows (axis 0) of query, key and value, columns (axis 1) of
 * output.
 */
function* pruned(
  parameters: Iterable<Parameter>,
  axis: Kept['axis'],
  indices: readonly number[] | undefined,
): Generator<Parameter> {
  for (const parameter of parameters) {
    const size = parameter.shape[axis];
    if (!indices || size === undefined) yield parameter;
    else {
      const shape = parameter.shape.with(axis, indices.length);
      yield { ...parameter, shape, kept: { axis, size, indices } };
    }
  }
}
