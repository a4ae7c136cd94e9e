/**
 * Logits of windows -> spans -> the answers of one question. Mirrors select_starts_ends,
 * decode_spans and postprocess of transformers 4's pipelines/question_answering.py and, for the
 * threshold, postprocess_qa_predictions of its examples (utils_qa.py).
 */

import { type OffsetUnit, offsetConverter } from './arguments.ts';
import { TopK, topIndices } from './scores.ts';
import type { Window } from './windows.ts';

/** Part of a context that answers a question, or no answer. */
export interface Answer {
  /** The context from `start` to `end`, unchanged; '' for no answer. */
  answer: string;
  /**
   * Probability of the span within its window: P(start) * P(end). Spans with the same text, letter
   * case aside, are one answer, and their scores are added.
   */
  score: number;
  /** Offset in the context of the first character, in the unit that `offset_unit` sets. */
  start: number;
  /** Offset after the last character. */
  end: number;
  /**
   * The lowest probability of no answer among all windows. Present with `handle_impossible_answer`
   * or `null_score_diff_threshold`.
   */
  null_score?: number;
  /**
   * The lowest no-answer logits among all windows, minus the logits of the best span. It is
   * compared with `null_score_diff_threshold`, and present only with that option.
   */
  null_score_diff?: number;
  /** Present when part of the question or of the context was not read. */
  truncated?: true;
}

export interface AnswerOptions {
  readonly top_k: number;
  readonly align_to_words: boolean;
  readonly handle_impossible_answer: boolean;
  readonly null_score_diff_threshold: number | null;
  readonly offset_unit: OffsetUnit | undefined;
}

/** Tokens [start, end] of a window's context, both inclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** P(start) * P(end) within the window. */
  readonly score: number;
  /** Start logit plus end logit; comparable between windows. */
  readonly logit: number;
}

/** What the logits of one window say. */
export interface WindowSpans {
  /** The best first. */
  readonly spans: readonly Span[];
  /** P(start = [CLS]) * P(end = [CLS]): the window holds no answer. */
  readonly nullScore: number;
  /** Start logit plus end logit of [CLS]. */
  readonly nullLogit: number;
}

/** A window and what was found in it. */
export interface ReadWindow {
  readonly window: Window;
  readonly found: WindowSpans;
}

// ---- logits -> spans ----

/**
 * The best spans of one window. Python forms the product of all starts and all ends; here only
 * spans of an allowed length are formed, and only from starts that can still reach the top.
 *
 * @param logits [S,2] of start and end; [CLS] is the first row
 * @param first row of the context's first token
 * @param count tokens of the context in the window
 */
export function bestSpans(
  logits: Float32Array,
  first: number,
  count: number,
  { top_k, max_answer_len }: { readonly top_k: number; readonly max_answer_len: number },
): WindowSpans {
  const starts = probabilities(logits, 0, first, count);
  const ends = probabilities(logits, 1, first, count);
  const highestEnd = ends.context.reduce((most, p) => Math.max(most, p), 0);
  const best = new TopK<readonly [start: number, end: number]>(top_k);
  for (let start = 0; start < count; start++) {
    const p = starts.context[start]!;
    if (!best.accepts(p * highestEnd)) continue;
    const stop = Math.min(count, start + max_answer_len);
    for (let end = start; end < stop; end++) {
      const score = p * ends.context[end]!;
      if (best.accepts(score)) best.offer(score, [start, end]);
    }
  }
  const logitOf = (row: number, side: number) => logits[2 * row + side]!;
  return {
    spans: best.entries.map(({ score, value: [start, end] }) => {
      const logit = logitOf(first + start, 0) + logitOf(first + end, 1);
      return { start, end, score, logit };
    }),
    nullScore: starts.none * ends.none,
    nullLogit: logitOf(0, 0) + logitOf(0, 1),
  };
}

/** Softmax of one side's logits over [CLS] and the context, without the question. */
function probabilities(logits: Float32Array, side: number, first: number, count: number) {
  const none = logits[side]!;
  const context = Float64Array.from({ length: count }, (_, i) => logits[2 * (first + i) + side]!);
  const largest = context.reduce((most, logit) => Math.max(most, logit), none);
  const exps = context.map((logit) => Math.exp(logit - largest));
  const noneExp = Math.exp(none - largest);
  const sum = exps.reduce((total, exp) => total + exp, noneExp);
  return { none: noneExp / sum, context: exps.map((exp) => exp / sum) };
}

// ---- spans -> answers ----

/** The answers of one question, the best first: at least one, at most top_k. */
export function answersOf(
  windows: readonly ReadWindow[],
  isCut: boolean,
  options: AnswerOptions,
): Answer[] {
  const { top_k, null_score_diff_threshold: threshold, handle_impossible_answer } = options;
  const { text } = windows[0]!.window.context;
  const nullScore = leastOf(windows.map(({ found }) => found.nullScore));
  const bestLogit = windows.reduce(
    (most, { found }) => found.spans.reduce((best, { logit }) => Math.max(best, logit), most),
    -Infinity,
  );
  const difference = leastOf(windows.map(({ found }) => found.nullLogit)) - bestLogit;
  const none = { answer: '', score: nullScore, start: 0, end: 0 };
  const spans = mergedAnswers(windows, options.align_to_words);
  let answers: Answer[];
  if (threshold === null) answers = byScore(handle_impossible_answer ? [...spans, none] : spans);
  else answers = difference > threshold ? [none, ...byScore(spans)] : byScore(spans);
  // A context without tokens has no span. Python gives the same answer for it.
  if (answers.length === 0) answers = [{ ...none, score: 0 }];
  const offsetOf = offsetConverter(text, options.offset_unit);
  return answers.slice(0, top_k).map((answer) => ({
    ...answer,
    start: offsetOf(answer.start),
    end: offsetOf(answer.end),
    ...((handle_impossible_answer || threshold !== null) && { null_score: nullScore }),
    ...(threshold !== null && { null_score_diff: difference }),
    ...(isCut && { truncated: true }),
  }));
}

/** Spans as answers, in the order of windows; equal texts merged: first offsets, sum of scores. */
function mergedAnswers(windows: readonly ReadWindow[], align: boolean): Answer[] {
  const byText = new Map<string, Answer>();
  for (const { window, found } of windows) {
    for (const span of found.spans) {
      const [start, end] = offsetsOf(span, window, align);
      const answer = window.context.text.slice(start, end);
      const known = byText.get(answer.toLowerCase());
      if (known) known.score += span.score;
      else byText.set(answer.toLowerCase(), { answer, score: span.score, start, end });
    }
  }
  return [...byText.values()];
}

/** UTF-16 offsets of a span in its context; aligned to words, as far as the window holds them. */
function offsetsOf(span: Span, { context, from, to }: Window, align: boolean): [number, number] {
  const { offsets, word_ids } = context;
  let start = from + span.start;
  let end = from + span.end;
  if (align) {
    while (start > from && word_ids[start - 1] === word_ids[start]) start--;
    while (end + 1 < to && word_ids[end + 1] === word_ids[end]) end++;
  }
  return [offsets[start]![0], offsets[end]![1]];
}

function byScore(answers: readonly Answer[]): Answer[] {
  const scores = Float64Array.from(answers, ({ score }) => score);
  return topIndices(scores, null).map((i) => answers[i]!);
}

function leastOf(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Infinity);
}
