/**
 * zero-shot-classification: texts and any labels -> how well each label fits, by a model of natural
 * language inference (NLI). The call and its results are those of transformers.js
 * (pipelines/zero-shot-classification.js); labels in one string, the search for the entailment
 * class and truncation are those of Python (pipelines/zero_shot_classification.py).
 */

import type { MobileBertConfig } from '../config/config.ts';
import { ConfigError } from '../errors.ts';
import { warn } from '../log.ts';
import { MobileBertForSequenceClassification } from '../models/heads/classification.ts';
import { kindOf, type PerText, textsOf } from './arguments.ts';
import { checkModel, Pipeline, type PipelineParts } from './base.ts';
import { raggedPasses } from './ragged.ts';
import { type EncodeOptions, inferenceRows } from './rows.ts';
import { scoresOf, topIndices } from './scores.ts';

/** A text and its labels. */
export interface ZeroShotClassification {
  /** The text. */
  sequence: string;
  /** All labels, the best first; of equal scores in the order in which they were given. */
  labels: string[];
  /**
   * Scores in the order of `labels`: the softmax over all labels, or with `multi_label` the
   * probability of each label by itself.
   */
  scores: number[];
}

export interface ZeroShotClassificationOptions extends EncodeOptions {
  /**
   * Whether a text is cut when it is too long together with its label. Default `true`; labels are
   * never cut. With `false` such a text throws InputError.
   */
  truncation?: boolean | undefined;
  /**
   * Turns a label into a hypothesis. The label replaces `{}` or `{0}`; `{{` and `}}` become braces.
   * Default 'This example is {}.'
   */
  hypothesis_template?: string | undefined;
  /**
   * Whether several labels may be true at once. Each label is then scored by itself, as a single
   * label always is. Default `false`.
   */
  multi_label?: boolean | undefined;
}

export interface ZeroShotClassificationPipeline {
  /**
   * Scores labels for a text, or for each text of a batch in its order.
   *
   * @param candidate_labels a list, or one string with commas between labels
   * @throws TypeError for an argument of the wrong type, RangeError for an empty list or a wrong
   * option, InputError for texts that the model cannot read, ConfigError when `label2id` does not
   * fit the number of labels
   */
  <Input extends string | readonly string[]>(
    texts: Input,
    candidate_labels: string | readonly string[],
    options?: ZeroShotClassificationOptions,
  ): Promise<PerText<Input, ZeroShotClassification>>;
}

/**
 * Classifies texts by labels of the caller's choice. All pairs of text and label run in one ragged
 * batch; each text and each label is tokenized once.
 *
 * @example
 * const classify = await pipeline('zero-shot-classification', 'typeform/mobilebert-uncased-mnli');
 * await classify('My phone fell into the lake', ['accident', 'praise', 'question']);
 * // { sequence: 'My phone ...', labels: ['accident', ...], scores: [...] }
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: instances are functions, see Callable
export class ZeroShotClassificationPipeline extends Pipeline<
  MobileBertForSequenceClassification,
  [
    texts: string | readonly string[],
    candidate_labels: string | readonly string[],
    options?: ZeroShotClassificationOptions,
  ],
  ZeroShotClassification | ZeroShotClassification[]
> {
  /** @throws TypeError when the model is no MobileBertForSequenceClassification */
  constructor(parts: PipelineParts<MobileBertForSequenceClassification>) {
    super(parts);
    checkModel('zero-shot-classification', parts.model, MobileBertForSequenceClassification);
    if (labelOfEntailment(this.model.config) >= 0) return;
    warn('label2id of the config has no label that begins with "entail", the last label is used');
  }

  /**
   * Index of the label that begins with "entail", in any letter case; -1 without one, as in Python.
   */
  get entailment_id(): number {
    return labelOfEntailment(this.model.config);
  }

  async _call(
    texts: string | readonly string[],
    candidate_labels: string | readonly string[],
    options: ZeroShotClassificationOptions = {},
  ): Promise<ZeroShotClassification | ZeroShotClassification[]> {
    const sequences = textsOf('classify', 'texts', texts);
    const labels = labelsOf(candidate_labels);
    const hypotheses = hypothesesOf(labels, options.hypothesis_template);
    const isMulti = Boolean(options.multi_label) || labels.length === 1;
    const { entailment, contradiction } = classesOf(this.model.config, isMulti);
    options.signal?.throwIfAborted();
    const { tokenizer, model } = this;
    const rows = await inferenceRows(sequences, hypotheses, tokenizer, model.config, options);
    const C = model.config.num_labels;
    // Logits [texts, labels] of both classes; contradiction counts only with multi_label.
    const entailed = new Float32Array(rows.length);
    const contradicted = new Float32Array(rows.length);
    const passes = raggedPasses(model, rows, ['SequenceLogits'], options.signal);
    for await (const { indices, buffers } of passes) {
      indices.forEach((index, b) => {
        entailed[index] = buffers.SequenceLogits![b * C + entailment]!;
        contradicted[index] = buffers.SequenceLogits![b * C + contradiction]!;
      });
    }
    const scores = isMulti ? entailed.map((logit, i) => shareOf(logit, contradicted[i]!)) : null;
    const results = sequences.map((sequence, i) => {
      const range = [i * labels.length, (i + 1) * labels.length] as const;
      const own = scores?.subarray(...range) ?? scoresOf(entailed.subarray(...range), 'softmax');
      return ranked(sequence, labels, own);
    });
    return Array.isArray(texts) ? results : results[0]!;
  }
}

function ranked(sequence: string, labels: readonly string[], scores: Float32Array) {
  const order = topIndices(scores, null);
  return {
    sequence,
    labels: order.map((n) => labels[n]!),
    scores: order.map((n) => scores[n]!),
  };
}

/** The first value of the softmax of two logits. */
function shareOf(logit: number, other: number): number {
  return scoresOf(Float32Array.of(logit, other), 'softmax')[0]!;
}

function labelOfEntailment({ label2id }: MobileBertConfig): number {
  const found = Object.entries(label2id).find(([label]) => /^entail/i.test(label));
  return found ? found[1] : -1;
}

/** Indices of the two classes; without a label of entailment the last class, as in Python. */
function classesOf(config: MobileBertConfig, needsBoth: boolean) {
  const C = config.num_labels;
  const id = labelOfEntailment(config);
  const entailment = id < 0 ? C - 1 : id;
  // Python tests the index before -1 becomes the last class: contradiction is then class 0.
  const contradiction = id === 0 ? C - 1 : 0;
  if (entailment >= C) {
    throw new ConfigError(
      `Cannot classify: label2id puts entailment at ${id}, expected less than num_labels (${C})`,
    );
  }
  if (needsBoth && entailment === contradiction) {
    throw new RangeError(
      'Cannot classify: model has one label, expected entailment and contradiction to score each label by itself',
    );
  }
  return { entailment, contradiction };
}

function labelsOf(value: unknown): string[] {
  const labels =
    typeof value === 'string'
      ? value.split(',').flatMap((label) => label.trim() || [])
      : textsOf('classify', 'candidate_labels', value);
  if (labels.length > 0) return labels;
  throw new RangeError(
    `Cannot classify: candidate_labels is ${JSON.stringify(value)}, expected at least one label`,
  );
}

function hypothesesOf(labels: readonly string[], template: unknown = 'This example is {}.') {
  if (typeof template !== 'string') {
    throw new TypeError(
      `Cannot classify: hypothesis_template is ${kindOf(template)}, expected a string`,
    );
  }
  const parts = template.split(/(\{\{|\}\}|\{0?\})/);
  if (!parts.some((part) => part === '{}' || part === '{0}')) {
    throw new RangeError(
      `Cannot classify: hypothesis_template is ${JSON.stringify(template)}, expected "{}" where the label goes`,
    );
  }
  const fill = (part: string, label: string) => {
    if (part === '{}' || part === '{0}') return label;
    return part === '{{' || part === '}}' ? part[0]! : part;
  };
  return labels.map((label) => parts.map((part) => fill(part, label)).join(''));
}
