/**
 * Checkpoint names of MobileBERT's parameters, made by walking the model tree as the constructors in
 * Hugging Face's modeling_mobilebert.py do: configuration and head in; name, shape, initialisation
 * and slot of every parameter out.
 */

import type { MobileBertConfig } from '../config/config.ts';
import { keptChannels } from '../config/pruned-heads.ts';

/** The place of a module inside the engine, by the names its ABI has for them. */
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

/** Where a parameter lives. `network` counts a block's feed-forward networks, its own output last. */
export interface Place {
  readonly slot: SlotName;
  readonly layer: number;
  readonly network: number;
  readonly part: 'weight' | 'bias';
}

/** One parameter of a model. */
export interface Parameter {
  /** Hugging Face's name in a checkpoint of this class. */
  readonly name: string;
  /** As PyTorch keeps it: Linear [outputs, inputs], Embedding [rows, columns], vectors [n]. */
  readonly shape: readonly number[];
  /** How `_init_weights` fills it. */
  readonly init: 'normal' | 'embedding' | 'zeros' | 'ones';
  /** Every home of its values; none for a parameter that no output depends on. */
  readonly places: readonly Place[];
  /** Where heads are pruned: what is left of the module's full size, which the engine keeps. */
  readonly kept?: Kept;
}

/** Rows (axis 0) or columns (axis 1) that are left of a tensor with `size` of them. */
export interface Kept {
  readonly axis: 0 | 1;
  readonly size: number;
  readonly indices: readonly number[];
}

/** What stands on top of the encoder: which of the optional parts a model class has. */
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

/**
 * The name of `parameters` that a checkpoint's name stands for: with or without the encoder's
 * prefix, and with the LayerNorm names of old TensorFlow conversions.
 */
export function canonicalName(name: string, isKnown: (name: string) => boolean): string {
  const modern = name
    .replace(/LayerNorm\.gamma$/, 'LayerNorm.weight')
    .replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
  const candidates = modern.startsWith(BASE)
    ? [modern, modern.slice(BASE.length)]
    : [modern, BASE + modern];
  return candidates.find(isKnown) ?? modern;
}

/** Names that old checkpoints carry and that hold no parameter. */
export function isBuffer(name: string): boolean {
  return name.endsWith('embeddings.position_ids');
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
    places: isDecoder ? [at('WordEmbeddings'), at('LmDecoder')] : [at('WordEmbeddings')],
  };
  yield table(`${prefix}position_embeddings`, 'PositionEmbeddings', config.max_position_embeddings);
  yield table(`${prefix}token_type_embeddings`, 'TokenTypeEmbeddings', config.type_vocab_size);
  const inputs = config.trigram_input ? 3 * E : E;
  yield* linear(`${prefix}embedding_transformation`, 'EmbeddingTransformation', inputs, H);
  yield* norm(`${prefix}LayerNorm`, 'EmbeddingNorm', H);

  function table(name: string, slot: SlotName, rows: number): Parameter {
    return { name: `${name}.weight`, shape: [rows, H], init: 'normal', places: [at(slot)] };
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
  const bias = { ...at('LmDecoder'), part: 'bias' } as const;
  const isTied = config.tie_word_embeddings;
  yield {
    name: `${prefix}bias`,
    shape: [V],
    init: 'zeros',
    places: isTied ? [bias] : [],
  };
  yield* linear(`${prefix}transform.dense`, 'LmTransform', H, H);
  yield* norm(`${prefix}transform.LayerNorm`, 'LmTransformNorm', H);
  yield {
    name: `${prefix}dense.weight`,
    shape: [H - E, V],
    init: 'normal',
    places: [at('LmDense')],
  };
  if (!isTied) yield* decoder(config);
}

/**
 * The language model's decoder. Tied, it is the word embedding and the head's bias, and a checkpoint
 * need not hold it.
 */
export function* decoder(config: MobileBertConfig): Generator<Parameter> {
  yield {
    name: 'cls.predictions.decoder.weight',
    shape: [config.vocab_size, config.embedding_size],
    init: 'normal',
    places: [at('LmDecoder')],
  };
  yield {
    name: 'cls.predictions.decoder.bias',
    shape: [config.vocab_size],
    init: 'zeros',
    places: [{ ...at('LmDecoder'), part: 'bias' }],
  };
}

// ---- kinds of modules ----

/** Which block and which of its feed-forward networks. */
interface Index {
  readonly layer?: number;
  readonly network?: number;
}

function at(slot: SlotName, index: Index = {}): Place {
  return { slot, layer: index.layer ?? 0, network: index.network ?? 0, part: 'weight' };
}

function* linear(
  name: string,
  slot: SlotName,
  inputs: number,
  outputs: number,
  index?: Index,
): Generator<Parameter> {
  const place = at(slot, index);
  yield { name: `${name}.weight`, shape: [outputs, inputs], init: 'normal', places: [place] };
  const bias = { ...place, part: 'bias' } as const;
  yield { name: `${name}.bias`, shape: [outputs], init: 'zeros', places: [bias] };
}

function* norm(name: string, slot: SlotName, size: number, index?: Index): Generator<Parameter> {
  const place = at(slot, index);
  const bias = { ...place, part: 'bias' } as const;
  yield { name: `${name}.bias`, shape: [size], init: 'zeros', places: [bias] };
  yield { name: `${name}.weight`, shape: [size], init: 'ones', places: [place] };
}

/** `dense` and the `LayerNorm` behind it; the norm's slot is named after the product's. */
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

/** A layer without its pruned heads: rows of what makes them, columns of what reads them. */
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
