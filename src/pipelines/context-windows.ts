/**
 * Questions and contexts -> windows that a model can read: [CLS] question [SEP] part of the context
 * [SEP]. Every text is tokenised once however many pairs it is in. Windows share `doc_stride` tokens
 * of the context, as with `stride` and truncation 'only_second' of the tokenizer.
 */

import type { MobileBertConfig } from '../config/config.ts';
import { InputError } from '../errors.ts';
import type { PreTrainedTokenizer } from '../tokenizer/api/tokenizer.ts';
import { checkRow, type Row } from './encode.ts';
import { type TokenizedText, tokenizedText, windowRanges } from './text-windows.ts';

/** A context and its tokens. */
export interface Context extends TokenizedText {
  readonly text: string;
}

/** Tokens [from, to) of a context, beside a question. */
export interface Window {
  readonly question: readonly number[];
  readonly context: Context;
  readonly from: number;
  readonly to: number;
}

/** One question on one context. */
export interface QuestionPair {
  readonly question: string;
  readonly context: string;
}

/** Windows of one pair. */
export interface PairWindows {
  readonly windows: readonly Window[];
  /** Whether part of the question or of the context is in no window. */
  readonly isCut: boolean;
}

export interface WindowOptions {
  /** Most tokens of a window. */
  readonly max_seq_len: number;
  /** Tokens that neighbouring windows share; null: half a window, at most 128. */
  readonly doc_stride: number | null;
  /** Most tokens of a question; null: all. */
  readonly max_question_len: number | null;
  /** Most windows of a pair; null: as many as it takes. */
  readonly max_windows: number | null;
}

/** Makes windows of pairs, and rows of windows. */
export class ContextWindows {
  readonly #tokenizer: PreTrainedTokenizer;
  readonly #options: WindowOptions;
  readonly #questions = new Map<string, readonly number[]>();
  readonly #contexts = new Map<string, Context>();

  constructor(tokenizer: PreTrainedTokenizer, options: WindowOptions) {
    this.#tokenizer = tokenizer;
    this.#options = options;
  }

  /** @throws InputError when the question leaves no room for windows that move on */
  of(pair: QuestionPair): PairWindows {
    const { max_question_len, max_windows } = this.#options;
    const whole = this.#question(pair.question);
    const question = whole.slice(0, max_question_len ?? whole.length);
    const context = this.#context(pair.context);
    const ranges = this.#ranges(question.length, context.ids.length);
    const kept = ranges.slice(0, max_windows ?? ranges.length);
    return {
      windows: kept.map(([from, to]) => ({ question, context, from, to })),
      isCut: kept.length < ranges.length || question.length < whole.length,
    };
  }

  /** What the model reads. @throws InputError when the tokenizer is of another model */
  row({ question, context, from, to }: Window, config: MobileBertConfig): Row {
    const part = context.ids.slice(from, to);
    const row = {
      input_ids: this.#tokenizer.build_inputs_with_special_tokens(question, part),
      token_type_ids: this.#tokenizer.create_token_type_ids_from_sequences(question, part),
    };
    checkRow(row, config);
    return row;
  }

  /** Ranges of the context's tokens that cover it. */
  #ranges(questionLength: number, length: number): (readonly [from: number, to: number])[] {
    const { max_seq_len, doc_stride } = this.#options;
    const room = max_seq_len - questionLength - this.#tokenizer.num_special_tokens_to_add(true);
    if (room < 1) {
      throw new InputError(
        `Cannot answer: question has ${questionLength} tokens, expected to leave room for a context within ${max_seq_len} (max_seq_len)`,
      );
    }
    if (length <= room) return [[0, length]];
    const usual = Math.min(max_seq_len >> 1, 128);
    const stride = doc_stride ?? (usual < room ? usual : room >> 1);
    if (stride >= room) {
      throw new InputError(
        `Cannot answer: doc_stride is ${stride}, expected less than the ${room} tokens that the question leaves to the context`,
      );
    }
    return windowRanges(length, room, stride, this.#tokenizer);
  }

  #question(text: string): readonly number[] {
    let ids = this.#questions.get(text);
    if (!ids) {
      ids = this.#tokenizer.encode(text, { add_special_tokens: false });
      this.#questions.set(text, ids);
    }
    return ids;
  }

  #context(text: string): Context {
    let context = this.#contexts.get(text);
    if (!context) {
      context = { text, ...tokenizedText(this.#tokenizer, text) };
      this.#contexts.set(text, context);
    }
    return context;
  }
}
