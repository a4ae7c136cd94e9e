/**
 * Spans of windows -> answers of a question: places in the context, equal answers merged, the answer
 * that there is none. Mirrors postprocess of transformers 4's pipelines/question_answering.py and,
 * for the threshold, postprocess_qa_predictions of its examples (utils_qa.py).
 */

import type { Span, WindowSpans } from './answer-spans.ts';
import type { Window } from './context-windows.ts';
import { indexIn, type OffsetUnit } from './offsets.ts';
import { topIndices } from './scores.ts';

/** An answer: a part of the context, or nothing. */
export interface Answer {
  /** The context from `start` to `end`, as it stands there; '' for no answer. */
  answer: string;
  /** Probability; where windows or spans found the same answer, the sum. */
  score: number;
  start: number;
  end: number;
  /** Least probability over all windows that they hold no answer. Only where such is asked for. */
  null_score?: number;
  /**
   * Least logits of no answer over all windows, less those of the best span: what a threshold is
   * compared with. Only where one is given.
   */
  null_score_diff?: number;
  /** Present where part of the question or the context was not read. */
  truncated?: true;
}

export interface AnswerOptions {
  readonly top_k: number;
  readonly align_to_words: boolean;
  readonly handle_impossible_answer: boolean;
  readonly null_score_diff_threshold: number | null;
  readonly offset_unit: OffsetUnit | undefined;
}

/** A window with what the model said of it. */
export interface ReadWindow {
  readonly window: Window;
  readonly found: WindowSpans;
}

/** The answers of one question, best first: at least one, at most top_k. */
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
  // A context without a token has no span; Python gives this too.
  if (answers.length === 0) answers = [{ ...none, score: 0 }];
  const indexOf = indexIn(text, options.offset_unit);
  return answers.slice(0, top_k).map((answer) => ({
    ...answer,
    start: indexOf(answer.start),
    end: indexOf(answer.end),
    ...((handle_impossible_answer || threshold !== null) && { null_score: nullScore }),
    ...(threshold !== null && { null_score_diff: difference }),
    ...(isCut && { truncated: true }),
  }));
}

/** Spans as answers in the order of windows; of equal ones the first place and the sum of scores. */
function mergedAnswers(windows: readonly ReadWindow[], align: boolean): Answer[] {
  const byText = new Map<string, Answer>();
  for (const { window, found } of windows) {
    for (const span of found.spans) {
      const [start, end] = placeOf(span, window, align);
      const answer = window.context.text.slice(start, end);
      const known = byText.get(answer.toLowerCase());
      if (known) known.score += span.score;
      else byText.set(answer.toLowerCase(), { answer, score: span.score, start, end });
    }
  }
  return [...byText.values()];
}

/** Where a span stands in the context, widened to whole words as far as the window has them. */
function placeOf(span: Span, { context, from, to }: Window, align: boolean): [number, number] {
  const { places, words } = context;
  let start = from + span.start;
  let end = from + span.end;
  if (align) {
    while (start > from && words[start - 1] === words[start]) start--;
    while (end + 1 < to && words[end + 1] === words[end]) end++;
  }
  return [places[start]![0], places[end]![1]];
}

function byScore(answers: readonly Answer[]): Answer[] {
  const scores = Float64Array.from(answers, ({ score }) => score);
  return topIndices(scores, null).map((i) => answers[i]!);
}

function leastOf(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Infinity);
}
