/**
 * text-classification: texts -> labels with scores. The call and its results are those of
 * transformers.js (pipelines/text-classification.js); options, score functions and pairs are those
 * of Python (pipelines/text_classification.py).
 */

import type { MobileBertConfig } from '../config/config.ts';
import { MobileBertForSequenceClassification } from '../models/heads/classification.ts';
import { checkWord, kindOf, topKOf } from './arguments.ts';
import { checkModel, Pipeline, type PipelineParts } from './base.ts';
import { raggedPasses } from './ragged.ts';
import { type EncodeOptions, encode, type Sample } from './rows.ts';
import { SCORE_FUNCTIONS, type ScoreFunction, scoresOf, topIndices } from './scores.ts';

/** A text, or a pair of texts that are read together. */
export type ClassificationInput = string | Sample;

/** A label and its score. */
export interface Classification {
  /** The name in `id2label` of the model's configuration. */
  label: string;
  /** Probability, or with `function_to_apply: 'none'` the logit. */
  score: number;
}

export interface TextClassificationOptions extends EncodeOptions {
  /** How many labels to give for each text, the best first; `null` for all. Default 1. */
  top_k?: number | null | undefined;
  /**
   * How logits become scores. Default, by the model's configuration: 'none' for regression,
   * 'sigmoid' for multi-label classification or a single logit, else 'softmax'.
   */
  function_to_apply?: ScoreFunction | null | undefined;
}

/**
 * For one text an array of labels. For a batch an array of such arrays, or with a `top_k` of 1 one
 * array with the label of each text.
 */
export type ClassificationResult<Input, K> = Input extends readonly unknown[]
  ? K extends 1 | undefined
    ? Classification[]
    : number extends K
      ? Classification[] | Classification[][]
      : Classification[][]
  : Classification[];

type Texts = ClassificationInput | readonly ClassificationInput[];

export interface TextClassificationPipeline {
  /**
   * Classifies a text, or each text of a batch in its order.
   *
   * @throws TypeError for an argument of the wrong type, RangeError for an empty list or a wrong
   * option, InputError for texts that the model cannot read
   */
  <Input extends Texts, K extends number | null | undefined = 1>(
    texts: Input,
    options?: TextClassificationOptions & { top_k?: K },
  ): Promise<ClassificationResult<Input, K>>;
}

/**
 * Classifies texts.
 *
 * @example
 * const classify = await pipeline('text-classification', './models/banking77-intents');
 * await classify('I lost my card in Rome');        // [{ label: 'lost_or_stolen_card', score: ... }]
 * await classify(['Hello', 'Bye'], { top_k: 3 });  // three labels for each text
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: instances are functions, see Callable
export class TextClassificationPipeline extends Pipeline<
  MobileBertForSequenceClassification,
  [texts: Texts, options?: TextClassificationOptions],
  Classification[] | Classification[][]
> {
  /** @throws TypeError when the model is no MobileBertForSequenceClassification */
  constructor(parts: PipelineParts<MobileBertForSequenceClassification>) {
    super(parts);
    checkModel('text-classification', parts.model, MobileBertForSequenceClassification);
  }

  async _call(
    texts: Texts,
    options: TextClassificationOptions = {},
  ): Promise<Classification[] | Classification[][]> {
    const { signal } = options;
    const { config } = this.model;
    const top_k = topKOf('classify', options.top_k, 1);
    const apply = scoreFunctionOf(options.function_to_apply, config);
    const samples = samplesOf(texts);
    signal?.throwIfAborted();
    const rows = await encode(samples, this.tokenizer, config, options);
    const C = config.num_labels;
    const results = new Array<Classification[]>(rows.length);
    const passes = raggedPasses(this.model, rows, ['SequenceLogits'], signal);
    for await (const { indices, buffers } of passes) {
      indices.forEach((index, b) => {
        const logits = buffers.SequenceLogits!.subarray(b * C, (b + 1) * C);
        const scores = scoresOf(logits, apply);
        results[index] = topIndices(scores, top_k).map((i) => ({
          label: config.id2label[i] ?? `LABEL_${i}`,
          score: scores[i]!,
        }));
      });
    }
    if (!Array.isArray(texts)) return results[0]!;
    return top_k === 1 ? results.flat() : results;
  }
}

function scoreFunctionOf(name: unknown, config: MobileBertConfig): ScoreFunction {
  if (name === null || name === undefined) return defaultScoreFunction(config);
  return checkWord('classify', 'function_to_apply', name, SCORE_FUNCTIONS);
}

/** The default of Python. */
export function defaultScoreFunction(config: MobileBertConfig): ScoreFunction {
  if (config.problem_type === 'regression') return 'none';
  if (config.problem_type === 'multi_label_classification' || config.num_labels === 1) {
    return 'sigmoid';
  }
  return 'softmax';
}

function samplesOf(texts: unknown): Sample[] {
  if (!Array.isArray(texts)) return [sampleOf(texts, 'text')];
  if (texts.length === 0) {
    throw new RangeError('Cannot classify: found an empty array, expected at least one text');
  }
  return Array.from(texts, (text, i) => sampleOf(text, `text ${i}`));
}

function sampleOf(value: unknown, name: string): Sample {
  if (typeof value === 'string') return { text: value };
  const isObject = typeof value === 'object' && value !== null;
  const { text, text_pair } = (isObject ? value : {}) as Record<string, unknown>;
  const hasPair = text_pair !== undefined && text_pair !== null;
  if (typeof text !== 'string' || (hasPair && typeof text_pair !== 'string')) {
    throw new TypeError(
      `Cannot classify: ${name} is ${describe(value)}, expected a string or { text, text_pair } of strings`,
    );
  }
  return hasPair ? { text, text_pair: text_pair as string } : { text };
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return kindOf(value);
  const [text, pair] = ['text', 'text_pair'].map((key) => typeof Reflect.get(value, key));
  return `an object with ${text} as text and ${pair} as text_pair`;
}
