/**
 * next-sentence-prediction: two texts -> whether the second follows the first, MobileBERT's second
 * task of pre-training. No peer has such a pipeline; the call is that of question-answering.
 */

import { InputError } from '../errors.ts';
import { MobileBertForNextSentencePrediction } from '../models/heads/pretraining.ts';
import { checkModel, Pipeline, type PipelineParts } from './base.ts';
import { type EncodeOptions, encode, type Sample } from './encode.ts';
import { raggedPasses } from './ragged.ts';
import { scoresOf } from './scores.ts';
import { textsOf } from './texts.ts';

/** Whether a text follows another one. */
export interface NextSentencePrediction {
  /** Whether that is the likelier case. */
  is_next: boolean;
  /** Probability that it follows. */
  score: number;
}

export type NextSentencePredictionOptions = EncodeOptions;

type Texts = string | readonly string[];

/** One prediction for two texts, a list where either is a list. */
export type NextSentenceResult<First, Second> = [First, Second] extends [string, string]
  ? NextSentencePrediction
  : NextSentencePrediction[];

export interface NextSentencePredictionPipeline {
  /**
   * Predicts for each pair; two lists are of one length, a text beside a list goes with all of it.
   *
   * @throws TypeError or RangeError on inputs and options that make no sense
   */
  <First extends Texts, Second extends Texts>(
    texts: First,
    next: Second,
    options?: NextSentencePredictionOptions,
  ): Promise<NextSentenceResult<First, Second>>;
}

/**
 * Whether one text follows another.
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
      const logits = pass.buffers.SequenceLogits!; // [B,2]: follows, is a random one
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
      `Cannot predict: found ${firsts.length} texts and ${seconds.length} next ones, expected as many`,
    );
  }
  return Array.from({ length: Math.max(firsts.length, seconds.length) }, (_, i) => ({
    text: firsts[Array.isArray(texts) ? i : 0]!,
    text_pair: seconds[Array.isArray(next) ? i : 0]!,
  }));
}
