/**
 * MobileBERT's eight classes on a batch, in float64: arguments by Hugging Face's names in, outputs
 * by name out. transformers' modeling_mobilebert.py, MobileBertModel to
 * MobileBertForTokenClassification.
 */
import { activations } from './activations.ts';
import { type NamedTensor, type TwinConfig, Weights, withDefaults } from './checkpoint.ts';
import { binaryCrossEntropy, crossEntropy, meanSquaredError } from './losses.ts';
import { dense, type Encoded, mobilebert, type Sequence } from './mobilebert.ts';
import { add, flatten, layerNorm, type Matrix, map, matmul, rowsOf, transpose } from './ops.ts';

/** Arguments of a call: ids, masks and class labels as integers or bigints, the rest as floats. */
export type Arguments = ReadonlyMap<string, NamedTensor<ArrayLike<number> | BigInt64Array>>;

/** A model and one call; a `GoldenCase` is one. */
export interface TwinCall {
  head: string;
  config: Readonly<Record<string, unknown>>;
  weights: ReadonlyMap<string, NamedTensor>;
  inputs: Arguments;
  /** Whether a MobileBertModel has its pooling layer; true when absent. */
  addPoolingLayer?: boolean;
}

/** Numbers in lists in lists. */
type Nested = number | readonly Nested[];

/** What a head adds to the encoder's outputs. */
type Head = (
  batch: Encoded[],
  w: Weights,
  config: TwinConfig,
  inputs: Arguments,
) => Record<string, Nested>;

/**
 * Everything that Hugging Face's class returns: `last_hidden_state`, `pooler_output`, logits,
 * `loss`, then `hidden_states.0` ... and `attentions.0` ....
 */
export function runTwin(call: TwinCall): Map<string, NamedTensor> {
  const { head, inputs } = call;
  const config = withDefaults(call.config);
  const weights = new Weights(call.weights);
  const isBase = head === 'MobileBertModel';
  const hasPooler = isBase ? (call.addPoolingLayer ?? true) : pooledHeads.has(head);
  const base = isBase ? weights : weights.at('mobilebert');

  const batch = sequencesOf(inputs).map((sequence) =>
    mobilebert(sequence, base, config, hasPooler),
  );
  const outputs = heads[head](batch, weights, config, inputs);
  batch[0].hiddenStates.forEach((_, l) => {
    outputs[`hidden_states.${l}`] = batch.map((encoded) => encoded.hiddenStates[l]);
  });
  batch[0].attentions.forEach((_, l) => {
    outputs[`attentions.${l}`] = batch.map((encoded) => encoded.attentions[l]);
  });
  return new Map(Object.entries(outputs).map(([name, nested]) => [name, tensorOf(nested)]));
}

/** The heads that read the pooled first token. */
const pooledHeads = new Set([
  'MobileBertForPreTraining',
  'MobileBertForNextSentencePrediction',
  'MobileBertForSequenceClassification',
  'MobileBertForMultipleChoice',
]);

const heads: Readonly<Record<string, Head>> = {
  MobileBertModel: (batch) => ({
    last_hidden_state: batch.map(lastHidden),
    ...(batch[0].pooled && { pooler_output: pooledOf(batch) }),
  }),

  MobileBertForPreTraining: (batch, w, config, inputs) => {
    const prediction_logits = batch.map((encoded) => predictions(lastHidden(encoded), w, config));
    const seq_relationship_logits = dense(pooledOf(batch), w.at('cls.seq_relationship'));
    const labels = numbers(inputs, 'labels');
    const next = numbers(inputs, 'next_sentence_label');
    const loss = () =>
      crossEntropy(prediction_logits.flat(), labels!) +
      crossEntropy(seq_relationship_logits, next!);
    return { prediction_logits, seq_relationship_logits, ...(labels && next && { loss: loss() }) };
  },

  MobileBertForMaskedLM: (batch, w, config, inputs) => {
    const logits = batch.map((encoded) => predictions(lastHidden(encoded), w, config));
    const labels = numbers(inputs, 'labels');
    return { logits, ...(labels && { loss: crossEntropy(logits.flat(), labels) }) };
  },

  MobileBertForNextSentencePrediction: (batch, w, _, inputs) => {
    const logits = dense(pooledOf(batch), w.at('cls.seq_relationship'));
    const labels = numbers(inputs, 'labels');
    return { logits, ...(labels && { loss: crossEntropy(logits, labels) }) };
  },

  MobileBertForSequenceClassification: (batch, w, config, inputs) => {
    const logits = dense(pooledOf(batch), w.at('classifier'));
    const labels = numbers(inputs, 'labels');
    return { logits, ...(labels && { loss: sequenceLoss(logits, labels, config, inputs) }) };
  },

  MobileBertForMultipleChoice: (batch, w, _, inputs) => {
    const choices = (inputs.get('input_ids') ?? inputs.get('inputs_embeds')!).shape[1];
    const scores = dense(pooledOf(batch), w.at('classifier')); // [B*choices,1]
    const logits = rowsOf(flatten(scores), choices); // [B,choices]
    const labels = numbers(inputs, 'labels');
    return { logits, ...(labels && { loss: crossEntropy(logits, labels) }) };
  },

  MobileBertForTokenClassification: (batch, w, _, inputs) => {
    const logits = batch.map((encoded) => dense(lastHidden(encoded), w.at('classifier')));
    const labels = numbers(inputs, 'labels');
    return { logits, ...(labels && { loss: crossEntropy(logits.flat(), labels) }) };
  },

  MobileBertForQuestionAnswering: (batch, w, _, inputs) => {
    // [B,S,2]
    const pairs = batch.map((encoded) => dense(lastHidden(encoded), w.at('qa_outputs')));
    const start_logits = pairs.map((rows) => rows.map((row) => row[0]));
    const end_logits = pairs.map((rows) => rows.map((row) => row[1]));
    const starts = numbers(inputs, 'start_positions');
    const ends = numbers(inputs, 'end_positions');
    const loss = () => (spanLoss(start_logits, starts!) + spanLoss(end_logits, ends!)) / 2;
    return { start_logits, end_logits, ...(starts && ends && { loss: loss() }) };
  },
};

/**
 * The masked-word head: [S,H] -> [S,V]. Its decoder is [decoder^T ; dense], [H,V].
 * MobileBertLMPredictionHead.
 */
function predictions(hidden: Matrix, weights: Weights, config: TwinConfig): number[][] {
  const w = weights.at('cls.predictions');
  const isTied = config.tie_word_embeddings;
  const activated = map(dense(hidden, w.at('transform.dense')), activations[config.hidden_act]);
  const normed = layerNorm(
    activated,
    w.vector('transform.LayerNorm.weight'),
    w.vector('transform.LayerNorm.bias'),
    config.layer_norm_eps,
  );
  const decoder = isTied
    ? weights.matrix('mobilebert.embeddings.word_embeddings.weight')
    : w.matrix('decoder.weight'); // [V,E]
  const bias = w.vector(isTied ? 'bias' : 'decoder.bias');
  const logits = matmul(normed, [...transpose(decoder), ...w.matrix('dense.weight')]);
  return add(
    logits,
    logits.map(() => bias),
  );
}

/** By `problem_type`, inferred from the labels where the configuration has none. */
function sequenceLoss(
  logits: number[][],
  labels: number[],
  config: TwinConfig,
  inputs: Arguments,
): number {
  const isInteger = inputs.get('labels')?.data instanceof BigInt64Array;
  const inferred = isInteger ? 'single_label_classification' : 'multi_label_classification';
  const type = config.problem_type ?? (config.num_labels === 1 ? 'regression' : inferred);
  if (type === 'regression') return meanSquaredError(flatten(logits), labels);
  if (type === 'single_label_classification') return crossEntropy(logits, labels);
  return binaryCrossEntropy(flatten(logits), labels);
}

/** Positions past the sequence are clamped to its length, which is the ignored label. */
function spanLoss(logits: number[][], positions: number[]): number {
  const length = logits[0].length;
  const clamped = positions.map((position) => Math.min(Math.max(position, 0), length));
  return crossEntropy(logits, clamped, length);
}

/** The rows of the arguments; [B,choices,S] has B*choices rows. One row of positions serves all. */
function sequencesOf(inputs: Arguments): Sequence[] {
  const rows = (name: string) => {
    const values = numbers(inputs, name);
    return values && rowsOf(values, inputs.get(name)!.shape.at(-1)!);
  };
  const ids = rows('input_ids');
  const masks = rows('attention_mask');
  const types = rows('token_type_ids');
  const positions = rows('position_ids');
  const length = inputs.get('inputs_embeds')?.shape.at(-2) ?? 0;
  const words = rows('inputs_embeds') ?? []; // [B*S,E]
  const count = ids?.length ?? words.length / length;
  return Array.from({ length: count }, (_, b) => ({
    ids: ids?.[b],
    embeds: ids ? undefined : words.slice(b * length, (b + 1) * length),
    mask: masks?.[b],
    types: types?.[b],
    positions: positions?.[b % positions.length],
  }));
}

function numbers(inputs: Arguments, name: string): number[] | undefined {
  const data = inputs.get(name)?.data;
  return data && Array.from(data, Number);
}

/** [S,H] */
function lastHidden(encoded: Encoded): number[][] {
  return encoded.hiddenStates.at(-1)!;
}

/** [B,H] */
function pooledOf(batch: Encoded[]): number[][] {
  return batch.map((encoded) => encoded.pooled!);
}

/** Shape and row-major numbers of nested lists; a number has the shape []. */
function tensorOf(nested: Nested): NamedTensor<Float64Array> {
  const shape: number[] = [];
  for (let part: Nested = nested; typeof part !== 'number'; part = part[0]) shape.push(part.length);
  return { shape, data: Float64Array.from(numbersIn(nested)) };
}

function numbersIn(nested: Nested): readonly number[] {
  return typeof nested === 'number' ? [nested] : nested.flatMap(numbersIn);
}
