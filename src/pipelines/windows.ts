/**
 * Long texts as overlapping windows that a model can read. A text is tokenized once, however many
 * windows and pairs it is in; a window is a range of its tokens.
 */

import type { MobileBertConfig } from '../config/config.ts';
import { InputError } from '../errors.ts';
import type { PreTrainedTokenizer } from '../tokenizer/api/tokenizer.ts';
import { type Range, truncate } from '../tokenizer/batch/truncation.ts';
import type { Row } from './ragged.ts';
import { rowOfIds } from './rows.ts';

/** The N tokens of a text, without special tokens. */
export interface TokenizedText {
  readonly ids: readonly number[];
  /** UTF-16 offsets [start, end) of each token; of given words, within the word. */
  readonly offsets: readonly (readonly [start: number, end: number])[];
  /** For each token the index of its word. */
  readonly word_ids: readonly (number | null)[];
}

/** Tokenizes a text, or the words that it was given as. */
export function tokenizedText(
  tokenizer: PreTrainedTokenizer,
  source: string | readonly string[],
): TokenizedText {
  const isWords = typeof source !== 'string';
  const encoded = tokenizer([source] as string[] | string[][], {
    is_split_into_words: isWords,
    add_special_tokens: false,
    return_offsets_mapping: true,
    return_tensor: false,
    verbose: false,
  });
  const [ids] = encoded.input_ids as number[][];
  const [offsets] = encoded.offset_mapping as [number, number][][];
  return { ids: ids!, offsets: offsets!, word_ids: encoded.word_ids() };
}

/**
 * Ranges of at most `room` tokens that cover `length` tokens. Neighbours share `stride` tokens;
 * without a stride there is the first range only. The tokenizer's truncation side decides from
 * which end ranges are counted.
 *
 * @throws RangeError unless the stride is less than the room
 */
export function windowRanges(
  length: number,
  room: number,
  stride: number | null,
  { truncation_side: side }: PreTrainedTokenizer,
): Range[] {
  const how = { strategy: 'longest_first', side, compared: [length] } as const;
  const overflow = { overflows: stride !== null, stride: stride ?? 0 };
  return truncate([length], { ...how, ...overflow, room }).map(([range]) => range);
}

/** A context and its tokens. */
export interface Context extends TokenizedText {
  readonly text: string;
}

/** Tokens [from, to) of a context, to be read after a question. */
export interface Window {
  readonly question: readonly number[];
  readonly context: Context;
  readonly from: number;
  readonly to: number;
}

/** A question and the context to answer it from. */
export interface QuestionPair {
  readonly question: string;
  readonly context: string;
}

/** The windows of one question and context. */
export interface PairWindows {
  readonly windows: readonly Window[];
  /** Whether part of the question or of the context is in no window. */
  readonly isCut: boolean;
}

export interface WindowOptions {
  /** Maximum tokens of a window, question and special tokens included. */
  readonly max_seq_len: number;
  /** Tokens that neighbouring windows share; null for half a window, at most 128. */
  readonly doc_stride: number | null;
  /** Maximum tokens of a question; null for no limit. */
  readonly max_question_len: number | null;
  /** Maximum windows of a pair; null for no limit. */
  readonly max_windows: number | null;
}

/**
 * Questions and contexts -> windows -> rows: [CLS] question [SEP] part of the context [SEP].
 * Neighbouring windows share `doc_stride` tokens of the context, as with the tokenizer's `stride`
 * and truncation 'only_second'.
 */
export class ContextWindows {
  readonly #tokenizer: PreTrainedTokenizer;
  readonly #options: WindowOptions;
  readonly #questions = new Map<string, readonly number[]>();
  readonly #contexts = new Map<string, Context>();

  constructor(tokenizer: PreTrainedTokenizer, options: WindowOptions) {
    this.#tokenizer = tokenizer;
    this.#options = options;
  }

  /** @throws InputError when the question leaves too little room for the context */
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

  /**
   * The row of a window.
   *
   * @throws InputError when the tokenizer does not fit the model
   */
  row({ question, context, from, to }: Window, config: MobileBertConfig): Row {
    return rowOfIds(this.#tokenizer, config, question, context.ids.slice(from, to));
  }

  /** Ranges that cover the tokens of a context. */
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
      ids = this.#tokenizer.encode(text, { add_special_tokens: false, verbose: false });
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
