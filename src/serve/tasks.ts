/**
 * The routes of all tasks, with the body that each takes. Each function names its own pipeline, so
 * a bundle contains only the tasks that are used.
 */

import {
  AutoModel,
  AutoModelForMaskedLM,
  AutoModelForMultipleChoice,
  AutoModelForNextSentencePrediction,
  AutoModelForQuestionAnswering,
  AutoModelForSequenceClassification,
  AutoModelForTokenClassification,
} from '../models/heads/auto.ts';
import {
  type FeatureExtractionOptions,
  FeatureExtractionPipeline,
} from '../pipelines/feature-extraction.ts';
import { type FillMaskOptions, FillMaskPipeline } from '../pipelines/fill-mask.ts';
import {
  type MultipleChoiceOptions,
  MultipleChoicePipeline,
} from '../pipelines/multiple-choice.ts';
import {
  type NextSentencePredictionOptions,
  NextSentencePredictionPipeline,
} from '../pipelines/next-sentence-prediction.ts';
import {
  type QuestionAnsweringOptions,
  QuestionAnsweringPipeline,
} from '../pipelines/question-answering.ts';
import {
  type TextClassificationOptions,
  TextClassificationPipeline,
} from '../pipelines/text-classification.ts';
import {
  type TokenClassificationOptions,
  TokenClassificationPipeline,
} from '../pipelines/token-classification.ts';
import {
  type ZeroShotClassificationOptions,
  ZeroShotClassificationPipeline,
} from '../pipelines/zero-shot-classification.ts';
import { type Body, checkCount, checkNames, stringIn, stringsIn } from './body.ts';
import { type Route, type TaskSetup, taskRoute } from './route.ts';

/** `{ "texts": [...] }`: a list of labels for each text, best first, whatever `top_k` is. */
export function textClassification<Place>(
  setup: TaskSetup<Place, TextClassificationOptions>,
): Route<Place, string[]> {
  return taskRoute(setup, {
    task: 'text-classification',
    Model: AutoModelForSequenceClassification,
    Pipeline: TextClassificationPipeline,
    read: readTexts,
    async call(classify, texts, options) {
      // With a top_k of 1, the pipeline gives a label in place of a list of one.
      const found = await classify(texts, options);
      return found.map((labels) => [labels].flat());
    },
  });
}

/** `{ "texts": [...] }`: the tokens or entities of each text, with their offsets. */
export function tokenClassification<Place>(
  setup: TaskSetup<Place, Omit<TokenClassificationOptions, 'is_split_into_words'>>,
): Route<Place, string[]> {
  return taskRoute(setup, {
    task: 'token-classification',
    Model: AutoModelForTokenClassification,
    Pipeline: TokenClassificationPipeline,
    read: readTexts,
    call: (find, texts, options) => find(texts, options),
  });
}

/** `{ "question": "...", "context": "..." }`: a list of answers, best first, whatever `top_k` is. */
export function questionAnswering<Place>(
  setup: TaskSetup<Place, Omit<QuestionAnsweringOptions, 'progress_callback'>>,
): Route<Place, { question: string; context: string }> {
  return taskRoute(setup, {
    task: 'question-answering',
    Model: AutoModelForQuestionAnswering,
    Pipeline: QuestionAnsweringPipeline,
    read(body) {
      checkNames(body, ['question', 'context']);
      return { question: stringIn(body, 'question'), context: stringIn(body, 'context') };
    },
    async call(ask, { question, context }, options) {
      return [await ask(question, context, options)].flat();
    },
  });
}

/** `{ "texts": [...] }`: tokens for the masks of each text. A text counts once per mask. */
export function fillMask<Place>(
  setup: TaskSetup<Place, FillMaskOptions>,
): Route<Place, { texts: string[]; maxTexts: number }> {
  return taskRoute(setup, {
    task: 'fill-mask',
    Model: AutoModelForMaskedLM,
    Pipeline: FillMaskPipeline,
    read: (body, maxTexts) => ({ texts: readTexts(body, maxTexts), maxTexts }),
    call(fill, { texts, maxTexts }, options) {
      // Each mask yields several copies of its text.
      const { mask_token } = fill.tokenizer;
      if (mask_token) checkCount('masks', texts.join().split(mask_token).length - 1, maxTexts);
      return fill(texts, options);
    },
  });
}

/**
 * `{ "texts": [...], "candidate_labels": [...] }`: the labels of each text, best first. A text
 * counts once per label.
 */
export function zeroShotClassification<Place>(
  setup: TaskSetup<Place, ZeroShotClassificationOptions>,
): Route<Place, { texts: string[]; labels: string[] }> {
  return taskRoute(setup, {
    task: 'zero-shot-classification',
    Model: AutoModelForSequenceClassification,
    Pipeline: ZeroShotClassificationPipeline,
    read(body, maxTexts) {
      checkNames(body, ['texts', 'candidate_labels']);
      const texts = stringsIn(body, 'texts', maxTexts);
      const labels = stringsIn(body, 'candidate_labels', maxTexts);
      checkCount('pairs of text and label', texts.length * labels.length, maxTexts);
      return { texts, labels };
    },
    call: (classify, { texts, labels }, options) => classify(texts, labels, options),
  });
}

/**
 * `{ "texts": [...] }`: a vector per text, by default the mean of its tokens, scaled to length 1.
 */
export function featureExtraction<Place>(
  setup: TaskSetup<Place, FeatureExtractionOptions>,
): Route<Place, string[]> {
  return taskRoute(setup, {
    task: 'feature-extraction',
    Model: AutoModel,
    Pipeline: FeatureExtractionPipeline,
    read: readTexts,
    async call(embed, texts, options) {
      const vectors = await embed(texts, { pooling: 'mean', normalize: true, ...options });
      return vectors.tolist();
    },
  });
}

/** `{ "texts": [...], "next": [...] }`: whether `next[i]` follows `texts[i]`. */
export function nextSentencePrediction<Place>(
  setup: TaskSetup<Place, NextSentencePredictionOptions>,
): Route<Place, { texts: string[]; next: string[] }> {
  return taskRoute(setup, {
    task: 'next-sentence-prediction',
    Model: AutoModelForNextSentencePrediction,
    Pipeline: NextSentencePredictionPipeline,
    read(body, maxTexts) {
      checkNames(body, ['texts', 'next']);
      return { texts: stringsIn(body, 'texts', maxTexts), next: stringsIn(body, 'next', maxTexts) };
    },
    call: (follows, { texts, next }, options) => follows(texts, next, options),
  });
}

/** `{ "text": "...", "choices": [...] }`: the choices, most probable first. */
export function multipleChoice<Place>(
  setup: TaskSetup<Place, MultipleChoiceOptions>,
): Route<Place, { text: string; choices: string[] }> {
  return taskRoute(setup, {
    task: 'multiple-choice',
    Model: AutoModelForMultipleChoice,
    Pipeline: MultipleChoicePipeline,
    read(body, maxTexts) {
      checkNames(body, ['text', 'choices']);
      return { text: stringIn(body, 'text'), choices: stringsIn(body, 'choices', maxTexts) };
    },
    call: (choose, { text, choices }, options) => choose(text, choices, options),
  });
}

function readTexts(body: Body, maxTexts: number): string[] {
  checkNames(body, ['texts']);
  return stringsIn(body, 'texts', maxTexts);
}
