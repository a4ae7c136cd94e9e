/**
 * Logits of a window -> its best spans, and how likely it holds none. Mirrors select_starts_ends and
 * decode_spans of transformers 4's pipelines/question_answering.py, without the product of all
 * starts with all ends: only spans of an allowed length are looked at, and of those only starts that
 * can still get in.
 */

import { Best } from './best.ts';

/** Tokens [start, end] of a window's context, both inside. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** P(start) * P(end) within the window. */
  readonly score: number;
  /** The sum of both logits, which can be compared between windows. */
  readonly logit: number;
}

/** What a window says. */
export interface WindowSpans {
  /** Best first. */
  readonly spans: readonly Span[];
  /** P(start = [CLS]) * P(end = [CLS]). */
  readonly nullScore: number;
  /** The sum of the logits of [CLS]. */
  readonly nullLogit: number;
}

/**
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
  const starts = shares(logits, 0, first, count);
  const ends = shares(logits, 1, first, count);
  const surest = ends.context.reduce((most, share) => Math.max(most, share), 0);
  const best = new Best<readonly [start: number, end: number]>(top_k);
  for (let start = 0; start < count; start++) {
    const share = starts.context[start]!;
    if (!best.takes(share * surest)) continue;
    const stop = Math.min(count, start + max_answer_len);
    for (let end = start; end < stop; end++) {
      const score = share * ends.context[end]!;
      if (best.takes(score)) best.offer(score, [start, end]);
    }
  }
  const logitOf = (row: number, side: number) => logits[2 * row + side]!;
  return {
    spans: best.found.map(({ score, value: [start, end] }) => {
      const logit = logitOf(first + start, 0) + logitOf(first + end, 1);
      return { start, end, score, logit };
    }),
    nullScore: starts.none * ends.none,
    nullLogit: logitOf(0, 0) + logitOf(0, 1),
  };
}

/** Softmax of one side's logits over [CLS] and the context; the question takes no part. */
function shares(logits: Float32Array, side: number, first: number, count: number) {
  const none = logits[side]!;
  const context = Float64Array.from({ length: count }, (_, i) => logits[2 * (first + i) + side]!);
  const largest = context.reduce((most, logit) => Math.max(most, logit), none);
  const exps = context.map((logit) => Math.exp(logit - largest));
  const noneExp = Math.exp(none - largest);
  const sum = exps.reduce((total, exp) => total + exp, noneExp);
  return { none: noneExp / sum, context: exps.map((exp) => exp / sum) };
}
