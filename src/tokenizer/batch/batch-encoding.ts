/**
 * The result of a tokenizer call: the inputs of a model as own fields, so that a model takes
 * `{ ...inputs }`, and look-ups between characters, words and tokens (BatchEncoding of
 * transformers' tokenization_utils_base.py, Encoding of the Rust tokenizers). The data for the
 * look-ups of a row is computed at the first of them.
 */

import type { DataTensor } from '../../tensor/data-tensor.ts';
import { fromEnd } from '../../tensor/layout.ts';

/** A Tensor of a result: token ids, a mask or type ids. */
export type IdTensor = DataTensor<'int64'>;

/** The class of these Tensors: DataTensor, or Tensor with its operations. */
export type IdTensorClass<V extends IdTensor = IdTensor> = new (
  type: 'int64',
  data: BigInt64Array,
  dims: readonly number[],
) => V;

/** Characters [start, end) of a source text, in the `offset_unit` of the call. */
export interface CharSpan {
  start: number;
  end: number;
}

/** Tokens [start, end) of a row. */
export interface TokenSpan {
  start: number;
  end: number;
}

/** One token of a row, with its place in the source. */
export interface TokenView {
  token: string;
  /** 0 for the first text, 1 for the second; null for special tokens and padding. */
  sequence: number | null;
  /** Number of its word in the text; null for special tokens and padding. */
  word: number | null;
  /** Source span; [0, 0] for special tokens and padding. */
  span: [number, number];
}

/** Fields of a result; `V` is an int64 Tensor [B,S], or plain arrays. */
export interface EncodingFields<V> {
  input_ids: V;
  /** 1 for tokens, 0 for padding. */
  attention_mask: V;
  /** 0 for the first text, 1 for the second. */
  token_type_ids: V;
  /** 1 for special tokens and padding. */
  special_tokens_mask?: V;
  /** Source span of each token; always arrays. */
  offset_mapping?: [number, number][] | [number, number][][];
  /** Number of tokens of each row; always a number or an array. */
  length?: number | number[];
  /** For each row the index of its text; always an array. */
  overflow_to_sample_mapping?: number[];
}

/** Result of a tokenizer call, of B rows. The code that makes it sets the fields. */
export class BatchEncoding<V = IdTensor> implements EncodingFields<V> {
  declare input_ids: V;
  declare attention_mask: V;
  declare token_type_ids: V;
  declare special_tokens_mask?: V;
  declare offset_mapping?: [number, number][] | [number, number][][];
  declare length?: number | number[];
  declare overflow_to_sample_mapping?: number[];
  readonly #rows: number;
  readonly #makeView: (row: number) => TokenView[];
  #views: TokenView[][] | undefined;
  readonly #sequences: number;

  /**
   * @param rows number of rows
   * @param makeView gives the tokens of a row
   * @param sequences number of texts in each row, 1 or 2
   */
  constructor(rows: number, makeView: (row: number) => TokenView[], sequences: number) {
    this.#rows = rows;
    this.#makeView = makeView;
    this.#sequences = sequences;
  }

  /** Number of texts in each row: 1, or 2 for pairs. */
  get n_sequences(): number {
    return this.#sequences;
  }

  /** The tokens of a row as strings. */
  tokens(batch_index = 0): string[] {
    return this.#view(batch_index).map(({ token }) => token);
  }

  /** The text of each token: 0, 1, or null for special tokens and padding. */
  sequence_ids(batch_index = 0): (number | null)[] {
    return this.#view(batch_index).map(({ sequence }) => sequence);
  }

  /** The number of each token's word in its text, or null. */
  word_ids(batch_index = 0): (number | null)[] {
    return this.#view(batch_index).map(({ word }) => word);
  }

  /** The text of a token, or null. Takes (token) or (row, token), as do all methods below. */
  token_to_sequence(batch_or_token_index: number, token_index?: number): number | null {
    const [view, token] = this.#pick(batch_or_token_index, token_index);
    return view.at(token)?.sequence ?? null;
  }

  /** The number of a token's word, or null. */
  token_to_word(batch_or_token_index: number, token_index?: number): number | null {
    const [view, token] = this.#pick(batch_or_token_index, token_index);
    return view.at(token)?.word ?? null;
  }

  /** The source span of a token, or null for special tokens and padding. */
  token_to_chars(batch_or_token_index: number, token_index?: number): CharSpan | null {
    const [view, token] = this.#pick(batch_or_token_index, token_index);
    const found = view.at(token);
    return found?.sequence == null ? null : { start: found.span[0], end: found.span[1] };
  }

  /** The tokens of a word, or null. @param sequence_index the text: 0, or 1 of a pair */
  word_to_tokens(
    batch_or_word_index: number,
    word_index?: number | null,
    sequence_index = 0,
  ): TokenSpan | null {
    const [view, index] = this.#pick(batch_or_word_index, word_index);
    const isOfWord = ({ word, sequence }: TokenView) =>
      word === index && sequence === sequence_index;
    const start = view.findIndex(isOfWord);
    return start < 0 ? null : { start, end: view.findLastIndex(isOfWord) + 1 };
  }

  /** The source span of a word, or null. */
  word_to_chars(
    batch_or_word_index: number,
    word_index?: number | null,
    sequence_index = 0,
  ): CharSpan | null {
    const tokens = this.word_to_tokens(batch_or_word_index, word_index, sequence_index);
    if (!tokens) return null;
    const [view] = this.#pick(batch_or_word_index, word_index);
    return { start: view[tokens.start]!.span[0], end: view[tokens.end - 1]!.span[1] };
  }

  /** The token that contains a source character, or null when none does. */
  char_to_token(
    batch_or_char_index: number,
    char_index?: number | null,
    sequence_index = 0,
  ): number | null {
    const [view, char] = this.#pick(batch_or_char_index, char_index);
    const token = view.findIndex(
      ({ sequence, span: [start, end] }) =>
        sequence === sequence_index && char >= start && char < end,
    );
    return token < 0 ? null : token;
  }

  /** The number of the word that contains a source character, or null. */
  char_to_word(
    batch_or_char_index: number,
    char_index?: number | null,
    sequence_index = 0,
  ): number | null {
    const token = this.char_to_token(batch_or_char_index, char_index, sequence_index);
    if (token === null) return null;
    return this.#pick(batch_or_char_index, char_index)[0][token]!.word;
  }

  /** Arguments (index) mean the first row; (row, index) mean that row. */
  #pick(first: number, second: number | null | undefined): [TokenView[], number] {
    return second == null ? [this.#view(0), first] : [this.#view(first), second];
  }

  #view(index: number): TokenView[] {
    const row = fromEnd(index, this.#rows, 'row');
    this.#views ??= [];
    this.#views[row] ??= this.#makeView(row);
    return this.#views[row];
  }
}
