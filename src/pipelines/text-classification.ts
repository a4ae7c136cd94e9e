/**
 * text-classification: texts -> labels with scores. The call and its results are transformers.js'
 * (pipelines/text-classification.js); options, score functions and pairs are Python's
 * (pipelines/text_classification.py).
 */

import type { MobileBertConfig } from '../config/config.ts';
import { MobileBertForSequenceClassification } from '../models/heads/classification.ts';
import { checkModel, Pipeline, type PipelineParts } from './base.ts';
import { type EncodeOptions, encode, type Sample } from './encode.ts';
import { raggedPasses } from './ragged.ts';
import { SCORE_FUNCTIONS, type ScoreFunction, scoresOf, topIndices } from './scores.ts';

/** A text, or two that belong together. */
export type ClassificationInput = string | Sample;

/** One label and how well it fits: a probability, or the plain logit. */
export interface Classification {
  label: string;
  score: number;
}

export interface TextClassificationOptions extends EncodeOptions {
  /** How many labels, best first; `null` for all. Default 1. */
  top_k?: number | null | undefined;
  /** Default: none for regression, sigmoid for several labels at once or a single logit, else softmax. */
  function_to_apply?: ScoreFunction | null | undefined;
}

/** A list for one text and, at top_k 1, for a batch; else a list for each text of a batch. */
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
   * Classifies a text or a batch; results are in the order of the texts.
   *
   * @throws TypeError or RangeError on inputs and options that make no sense
   */
  <Input extends Texts, K extends number | null | undefined = 1>(
    texts: Input,
    options?: TextClassificationOptions & { top_k?: K },
  ): Promise<ClassificationResult<Input, K>>;
}

/**
 * Labels for texts.
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
    const top_k = checkTopK(options.top_k);
    const apply = checkFunction(options.function_to_apply) ?? defaultScoreFunction(config);
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

/** The function that Python applies when it is not told which. */
export function defaultScoreFunction(config: MobileBertConfig): ScoreFunction {
  if (config.problem_type === 'regression') return 'none';
  if (config.problem_type === 'multi_label_classification' || config.num_labels === 1) {
    return 'sigmoid';
  }
  return 'softmax';
}

function checkTopK(top_k: unknown = 1): number | null {
  if (top_k === null || (Number.isInteger(top_k) && (top_k as number) >= 1)) {
    return top_k as number | null;
  }
  throw new RangeError(
    `Cannot classify: top_k is ${JSON.stringify(top_k)}, expected an integer from 1 on, or null for all labels`,
  );
}

function checkFunction(name: unknown): ScoreFunction | undefined {
  if (name === null || name === undefined) return undefined;
  const known = SCORE_FUNCTIONS.find((one) => one === name);
  if (known) return known;
  const expected = SCORE_FUNCTIONS.map((one) => `"${one}"`).join(', ');
  throw new RangeError(
    `Cannot classify: function_to_apply is ${JSON.stringify(name)}, expected one of ${expected}`,
  );
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
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const [text, pair] = ['text', 'text_pair'].map((key) => typeof Reflect.get(value, key));
  return `an object with ${text} as text and ${pair} as text_pair`;
}
