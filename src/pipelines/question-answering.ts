/**
 * question-answering: questions on contexts -> the parts of the contexts that answer them. The call
 * and the shape of its results are those of transformers.js (pipelines/question-answering.js);
 * windows, scores and options are those of Python's transformers 4
 * (pipelines/question_answering.py, removed in 5).
 */

import type { MobileBertConfig } from '../config/config.ts';
import { InputError } from '../errors.ts';
import { MobileBertForQuestionAnswering } from '../models/heads/question-answering.ts';
import type { PreTrainedTokenizer } from '../tokenizer/api/tokenizer.ts';
import {
  type Answer,
  type AnswerOptions,
  answersOf,
  bestSpans,
  type WindowSpans,
} from './answers.ts';
import { checkInteger, type OffsetUnit, offsetConverter, textsOf } from './arguments.ts';
import { checkModel, Pipeline, type PipelineParts } from './base.ts';
import { raggedPasses, vectorsOfRows, yieldToEventLoop } from './ragged.ts';
import {
  ContextWindows,
  type PairWindows,
  type QuestionPair,
  type Window,
  type WindowOptions,
} from './windows.ts';

export interface QuestionAnsweringOptions {
  /** How many answers to give for each question, the best first. Default 1. */
  top_k?: number | undefined;
  /** Maximum tokens of an answer. Default 15. */
  max_answer_len?: number | undefined;
  /**
   * Maximum tokens of a window, question and special tokens included. Default 384, or less where
   * tokenizer or model take less. A longer context is read in several windows.
   */
  max_seq_len?: number | null | undefined;
  /**
   * Tokens of the context that neighbouring windows share. Default 128, or less where windows are
   * short.
   */
  doc_stride?: number | null | undefined;
  /**
   * Number of tokens that longer questions are cut to; answers are then marked `truncated`.
   * Default: questions are not cut, as with Python's fast tokenizers.
   */
  max_question_len?: number | null | undefined;
  /**
   * Maximum number of windows to read of a context. If it has more, answers are marked `truncated`.
   * Default: all windows.
   */
  max_windows?: number | null | undefined;
  /**
   * Whether "no answer" is a possible answer: '' from 0 to 0, ranked by its probability. Default
   * `false`.
   */
  handle_impossible_answer?: boolean | undefined;
  /**
   * Decides about "no answer" by logits, instead of `handle_impossible_answer`. It is the first
   * answer if its logits exceed those of the best span by more than this number, and left out
   * otherwise (`null_score_diff_threshold` of Hugging Face's SQuAD scripts). Default: none.
   */
  null_score_diff_threshold?: number | null | undefined;
  /** Whether answers are extended to whole words. Default `true`. */
  align_to_words?: boolean | undefined;
  /** Unit of `start` and `end`: 'utf16' (default) code units, or 'codepoint' as Python counts. */
  offset_unit?: OffsetUnit | undefined;
  /** Receives after every pass of the model how many of all windows have been read. */
  progress_callback?: ((progress: { done: number; total: number }) => void) | null | undefined;
  /** Aborts the call between two passes of the model; the call rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

type Texts = string | readonly string[];

/** The answer of one question, or with a top_k other than 1 an array of answers. */
type AnswersFor<K> = K extends 1 | undefined
  ? Answer
  : number extends K
    ? Answer | Answer[]
    : Answer[];

/** The result for one question, or an array of results if question or context is an array. */
export type QuestionAnsweringResult<Q, C, K> = Q extends string
  ? C extends string
    ? AnswersFor<K>
    : AnswersFor<K>[]
  : AnswersFor<K>[];

export interface QuestionAnsweringPipeline {
  /**
   * Answers a question on a context. Two lists of the same length are taken pair by pair; a single
   * context serves all questions, and a single question is asked on all contexts. Results are in
   * the order of the lists.
   *
   * @throws TypeError for an argument of the wrong type, RangeError for lists that do not fit or a
   * wrong option, InputError for an empty text and a question that leaves no room for its context
   */
  <Q extends Texts, C extends Texts, K extends number | undefined = 1>(
    question: Q,
    context: C,
    options?: QuestionAnsweringOptions & { top_k?: K },
  ): Promise<QuestionAnsweringResult<Q, C, K>>;
}

/** Pairs to tokenize before yielding to the event loop. */
const PAIRS_PER_TURN = 256;

/** Windows whose rows are in memory at the same time, and are sorted by length together. */
const WINDOWS_PER_STEP = 256;

/**
 * Answers questions from texts of any length.
 *
 * @example
 * const answer = await pipeline('question-answering', 'csarron/mobilebert-uncased-squad-v2');
 * await answer('Where does Ana live?', 'Ana moved to Rome in 2019.');
 * // { answer: 'Rome', score: 0.97, start: 13, end: 17 }
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: instances are functions, see Callable
export class QuestionAnsweringPipeline extends Pipeline<
  MobileBertForQuestionAnswering,
  [question: Texts, context: Texts, options?: QuestionAnsweringOptions],
  Answer | Answer[] | (Answer | Answer[])[]
> {
  /** @throws TypeError when the model is no MobileBertForQuestionAnswering */
  constructor(parts: PipelineParts<MobileBertForQuestionAnswering>) {
    super(parts);
    checkModel('question-answering', parts.model, MobileBertForQuestionAnswering);
  }

  async _call(
    question: Texts,
    context: Texts,
    options: QuestionAnsweringOptions = {},
  ): Promise<Answer | Answer[] | (Answer | Answer[])[]> {
    const pairs = pairsOf(question, context);
    const { windowing, search, answering } = checkOptions(
      options,
      this.tokenizer,
      this.model.config,
    );
    options.signal?.throwIfAborted();
    const maker = new ContextWindows(this.tokenizer, windowing);
    const ofPairs: PairWindows[] = [];
    for (const pair of pairs) {
      if (ofPairs.length % PAIRS_PER_TURN === PAIRS_PER_TURN - 1)
        await yieldToEventLoop(options.signal);
      ofPairs.push(maker.of(pair));
    }
    const windows = ofPairs.flatMap((one) => one.windows);
    const found = await this.#read(maker, windows, search, options);
    let at = 0;
    const results = ofPairs.map(({ windows: own, isCut }) => {
      const read = own.map((window) => ({ window, found: found[at++]! }));
      const answers = answersOf(read, isCut, answering);
      return answering.top_k === 1 ? answers[0]! : answers;
    });
    return Array.isArray(question) || Array.isArray(context) ? results : results[0]!;
  }

  /** Runs the model on all windows and finds the spans of each, in the order of the windows. */
  async #read(
    maker: ContextWindows,
    windows: readonly Window[],
    search: { readonly top_k: number; readonly max_answer_len: number },
    { signal, progress_callback }: QuestionAnsweringOptions,
  ): Promise<WindowSpans[]> {
    const found = new Array<WindowSpans>(windows.length);
    let done = 0;
    for (let base = 0; base < windows.length; base += WINDOWS_PER_STEP) {
      if (base > 0) await yieldToEventLoop(signal);
      const step = windows.slice(base, base + WINDOWS_PER_STEP);
      const rows = step.map((window) => maker.row(window, this.model.config));
      const passes = raggedPasses(this.model, rows, ['TokenLogits'], signal);
      for await (const pass of passes) {
        for (const [index, logits] of vectorsOfRows(pass, 'TokenLogits', rows, 2)) {
          const { question, from, to } = step[index]!;
          // [CLS] question [SEP] context [SEP]
          found[base + index] = bestSpans(logits, question.length + 2, to - from, search);
        }
        done += pass.indices.length;
        progress_callback?.({ done, total: windows.length });
      }
    }
    return found;
  }
}

/** Pairs of question and context; a single one of either kind is repeated. */
function pairsOf(question: unknown, context: unknown): QuestionPair[] {
  const questions = textsOf('answer', 'question', question);
  const contexts = textsOf('answer', 'context', context);
  const N = Math.max(questions.length, contexts.length);
  const fits = (value: unknown, { length }: readonly string[]) =>
    length === N || !Array.isArray(value);
  if (!fits(question, questions) || !fits(context, contexts)) {
    throw new RangeError(
      `Cannot answer: found ${questions.length} questions and ${contexts.length} contexts, expected equal numbers or a single one`,
    );
  }
  const at = (texts: readonly string[], i: number) => texts[texts.length === 1 ? 0 : i]!;
  return Array.from({ length: N }, (_, i) => {
    const pair = { question: at(questions, i), context: at(contexts, i) };
    const empty = pair.question === '' ? 'question' : pair.context === '' ? 'context' : undefined;
    if (empty === undefined) return pair;
    throw new InputError(`Cannot answer: ${empty} ${i} is empty, expected text`);
  });
}

function checkOptions(
  options: QuestionAnsweringOptions,
  { model_max_length }: PreTrainedTokenizer,
  { max_position_embeddings }: MobileBertConfig,
) {
  const integer = (
    name: 'top_k' | keyof WindowOptions | 'max_answer_len',
    low: number,
    high?: number,
  ) => (options[name] == null ? null : checkInteger('answer', name, options[name], low, high));
  const top_k = integer('top_k', 1) ?? 1;
  const max_answer_len = integer('max_answer_len', 1) ?? 15;
  const max_seq_len =
    integer('max_seq_len', 1, max_position_embeddings) ??
    Math.min(model_max_length, max_position_embeddings, 384);
  const threshold = options.null_score_diff_threshold ?? null;
  if (threshold !== null && (typeof threshold !== 'number' || Number.isNaN(threshold))) {
    throw new RangeError(
      `Cannot answer: null_score_diff_threshold is ${JSON.stringify(threshold)}, expected a number`,
    );
  }
  offsetConverter('', options.offset_unit); // throws for an unknown unit
  const windowing: WindowOptions = {
    max_seq_len,
    doc_stride: integer('doc_stride', 0),
    max_question_len: integer('max_question_len', 1),
    max_windows: integer('max_windows', 1),
  };
  const answering: AnswerOptions = {
    top_k,
    align_to_words: options.align_to_words ?? true,
    handle_impossible_answer: options.handle_impossible_answer ?? false,
    null_score_diff_threshold: threshold,
    offset_unit: options.offset_unit,
  };
  return { windowing, search: { top_k, max_answer_len }, answering };
}
