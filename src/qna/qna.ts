/**
 * The entry `mobilebert-wasm/qna`: load() and findAnswers() with the API of @tensorflow-models/qna
 * 1.0, for any question-answering checkpoint. Its mistakes are not copied: an answer can start at
 * the first word, indices are those of the original context, questions are not changed (no "?" is
 * added) and may be long, overlapping windows do not repeat answers, and scores are probabilities.
 */

import type { Source } from '../hub/source.ts';
import type { PipelineOptions } from '../pipelines/base.ts';
import { pipeline } from '../pipelines/pipeline.ts';

/** Most answers of one call. */
const MOST_ANSWERS = 5 as const;

/** Most tokens of an answer: qna allows fewer than 32. */
const MAX_ANSWER_LENGTH = 31;

/** The model and the options of loading it. */
export interface ModelConfig extends PipelineOptions {
  /** A Hugging Face checkpoint: folder, URL, hub id or map of files. There is no default. */
  modelUrl: Source;
  /** Must not be true: graph models of TensorFlow Hub cannot be read. */
  fromTFHub?: boolean | undefined;
  /**
   * No answers are returned if the logits of "no answer" exceed those of the best answer by more
   * than this. Default 0; Infinity for models trained without unanswerable questions (SQuAD 1).
   */
  noAnswerThreshold?: number | undefined;
}

/** An answer: a span of the context. */
export interface Answer {
  text: string;
  /** Index of its first UTF-16 code unit in the context. */
  startIndex: number;
  /** Index after its last code unit: `context.slice(startIndex, endIndex)` is the text. */
  endIndex: number;
  /** Probability; the sum if several windows of a long context give the same answer. */
  score: number;
}

export interface QuestionAndAnswer {
  /**
   * Up to five answers, best first; none if the context does not answer the question. `signal`
   * stops the call between windows.
   *
   * @throws TypeError unless both are strings, RangeError for an empty question
   */
  findAnswers(
    question: string,
    context: string,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Answer[]>;
  /** Frees the model's memory. Later calls reject. */
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
 * @throws TypeError without a modelUrl, and the errors of loading: FilesError, ConfigError,
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
