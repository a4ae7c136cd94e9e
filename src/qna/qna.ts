/**
 * The entry `mobilebert-wasm/qna`: load() and findAnswers() as @tensorflow-models/qna 1.0 has them,
 * over a question-answering checkpoint of the caller's. Not copied are its mistakes: answers at the
 * first word are found, places are those of the context as it was given, questions stay as they are
 * (no "?" is added) and may be long, windows do not repeat each other's answers, scores are
 * probabilities.
 */

import type { Source } from '../hub/source.ts';
import type { PipelineOptions } from '../pipelines/base.ts';
import { pipeline } from '../pipelines/pipeline.ts';

/** Answers of one call, at most. */
const MOST_ANSWERS = 5 as const;

/** Tokens of an answer, at most: qna takes fewer than 32. */
const MAX_ANSWER_LENGTH = 31;

/** Which model, and how it is loaded. */
export interface ModelConfig extends PipelineOptions {
  /** Folder, URL, hub id or map of files of a Hugging Face checkpoint; there is no default. */
  modelUrl: Source;
  /** Only `false` has a meaning here: graph models of TensorFlow Hub cannot be read. */
  fromTFHub?: boolean | undefined;
  /**
   * There are no answers where the logits of "no answer" are higher than those of the best one by
   * more than this. Default 0; Infinity for models that know no such case (SQuAD 1).
   */
  noAnswerThreshold?: number | undefined;
}

/** An answer, a part of the context. */
export interface Answer {
  text: string;
  /** Where it begins in the context. */
  startIndex: number;
  /** Behind its last character: `context.slice(startIndex, endIndex)` is the text. */
  endIndex: number;
  /** Probability; where windows of a long context found the same answer, the sum. */
  score: number;
}

export interface QuestionAndAnswer {
  /**
   * Up to five answers, best first; none where the context has none. `signal` stops the call between
   * windows.
   *
   * @throws TypeError for what is no string, RangeError for an empty question
   */
  findAnswers(
    question: string,
    context: string,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Answer[]>;
  /** Gives the model's memory back; later calls are refused. */
  dispose(): Promise<void>;
}

/**
 * Loads a model and its tokenizer.
 *
 * @example
 * const model = await load({ modelUrl: 'csarron/mobilebert-uncased-squad-v2' });
 * await model.findAnswers('Where does Ana live?', 'Ana moved to Rome in 2019.');
 * // [{ text: 'Rome', startIndex: 13, endIndex: 17, score: 0.97 }, ...]
 *
 * @throws TypeError without a modelUrl, and what loading throws: FilesError, ConfigError,
 * TokenizerError or WeightsError
 */
export async function load(modelConfig: ModelConfig): Promise<QuestionAndAnswer> {
  const { modelUrl, fromTFHub, noAnswerThreshold = 0, ...options } = modelConfig ?? {};
  if (!modelUrl || fromTFHub) {
    const found = modelUrl ? 'fromTFHub' : 'no modelUrl';
    throw new TypeError(
      `Cannot load a model: found ${found}, expected the modelUrl of a Hugging Face checkpoint`,
    );
  }
  if (typeof noAnswerThreshold !== 'number' || Number.isNaN(noAnswerThreshold)) {
    throw new RangeError(
      `Cannot load a model: noAnswerThreshold is ${String(noAnswerThreshold)}, expected a number`,
    );
  }
  const answer = await pipeline('question-answering', modelUrl, options);
  return {
    async findAnswers(question, context, { signal } = {}) {
      check('question', question);
      check('context', context);
      if (context === '') return [];
      const found = await answer(question, context, {
        top_k: MOST_ANSWERS,
        max_answer_len: MAX_ANSWER_LENGTH,
        null_score_diff_threshold: noAnswerThreshold,
        signal,
      });
      const [best] = found;
      if (best?.answer === '') return [];
      return found.map(({ answer: text, start: startIndex, end: endIndex, score }) => ({
        ...{ text, startIndex, endIndex, score },
      }));
    },
    dispose: () => answer.dispose(),
  };
}

function check(name: string, value: unknown): void {
  if (typeof value === 'string') return;
  const found = value === null || value === undefined ? String(value) : `a ${typeof value}`;
  throw new TypeError(`Cannot find answers: ${name} is ${found}, expected a string`);
}
