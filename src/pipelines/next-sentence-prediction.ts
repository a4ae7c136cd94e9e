/**
 * next-sentence-prediction: two texts -> whether the second follows the first, the second task of
 * MobileBERT's pre-training. Neither transformers nor transformers.js has this pipeline; it is
 * called like question-answering.
 */

import { InputError } from '../errors.ts';
import { MobileBertForNextSentencePrediction } from '../models/heads/pretraining.ts';
import { textsOf } from './arguments.ts';
import { checkModel, Pipeline, type PipelineParts } from './base.ts';
import { raggedPasses } from './ragged.ts';
import { type EncodeOptions, encode, type Sample } from './rows.ts';
import { scoresOf } from './scores.ts';

/** Whether the second text of a pair follows the first. */
export interface NextSentencePrediction {
  /** Whether the score is at least one half. */
  is_next: boolean;
  /** Probability that the second text follows the first. */
  score: number;
}

export type NextSentencePredictionOptions = EncodeOptions;

type Texts = string | readonly string[];

/** One prediction for two texts, an array if either argument is an array. */
export type NextSentenceResult<First, Second> = [First, Second] extends [string, string]
  ? NextSentencePrediction
  : NextSentencePrediction[];

export interface NextSentencePredictionPipeline {
  /**
   * Predicts whether `next` follows `texts`. Two lists of the same length are taken pair by pair; a
   * single text is paired with every text of a list.
   *
   * @throws TypeError for an argument of the wrong type, RangeError for an empty list or a wrong
   * option, InputError for lists of different lengths and texts that the model cannot read
   */
  <First extends Texts, Second extends Texts>(
    texts: First,
    next: Second,
    options?: NextSentencePredictionOptions,
  ): Promise<NextSentenceResult<First, Second>>;
}

/**
 * Predicts whether one text follows another.
 *
 * @example
 * const follows = await pipeline('next-sentence-prediction', 'google/mobilebert-uncased');
 * await follows('I lost my card.', 'Can I get a new one?');               // { is_next, score }
 * await follows('I lost my card.', ['Can I get a new one?', 'It rains.']); // one for each
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: instances are functions, see Callable
export class NextSentencePredictionPipeline extends Pipeline<
  MobileBertForNextSentencePrediction,
  [texts: Texts, next: Texts, options?: NextSentencePredictionOptions],
  NextSentencePrediction | NextSentencePrediction[]
> {
  /** @throws TypeError when the model is no MobileBertForNextSentencePrediction */
  constructor(parts: PipelineParts<MobileBertForNextSentencePrediction>) {
    super(parts);
    checkModel('next-sentence-prediction', parts.model, MobileBertForNextSentencePrediction);
  }

  async _call(
    texts: Texts,
    next: Texts,
    options: NextSentencePredictionOptions = {},
  ): Promise<NextSentencePrediction | NextSentencePrediction[]> {
    const { signal } = options;
    const samples = pairsOf(texts, next);
    signal?.throwIfAborted();
    const rows = await encode(samples, this.tokenizer, this.model.config, options);
    const results = new Array<NextSentencePrediction>(rows.length);
    for await (const pass of raggedPasses(this.model, rows, ['SequenceLogits'], signal)) {
      const logits = pass.buffers.SequenceLogits!; // [B,2]: follows, is a random text
      pass.indices.forEach((index, b) => {
        const [score, other] = scoresOf(logits.subarray(2 * b, 2 * b + 2), 'softmax');
        results[index] = { is_next: score! >= other!, score: score! };
      });
    }
    return Array.isArray(texts) || Array.isArray(next) ? results : results[0]!;
  }
}

function pairsOf(texts: Texts, next: Texts): Sample[] {
  const firsts = textsOf('predict', 'texts', texts);
  const seconds = textsOf('predict', 'next', next);
  const isPaired = Array.isArray(texts) && Array.isArray(next);
  if (isPaired && firsts.length !== seconds.length) {
    throw new InputError(
      `Cannot predict: found ${firsts.length} texts and ${seconds.length} next ones, expected equal numbers`,
    );
  }
  return Array.from({ length: Math.max(firsts.length, seconds.length) }, (_, i) => ({
    text: firsts[Array.isArray(texts) ? i : 0]!,
    text_pair: seconds[Array.isArray(next) ? i : 0]!,
  }));
}
