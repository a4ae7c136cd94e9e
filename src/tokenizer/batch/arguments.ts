/**
 * The arguments of a tokenizer call, under Hugging Face's names: texts become samples, options
 * become strategies, both checked (`_encode_plus` and `_get_padding_truncation_strategies` of
 * transformers; `_call` of transformers.js).
 */

import { shown } from '../text/shown.ts';

/** How texts are brought to one length. */
export type PaddingStrategy = 'longest' | 'max_length' | 'do_not_pad';

/** How texts that are too long are truncated. */
export type TruncationStrategy = 'longest_first' | 'only_first' | 'only_second' | 'do_not_truncate';

/** A side of a text. */
export type Side = 'left' | 'right';

/**
 * One text or a batch of texts and pairs `[text, text_pair]`; with `is_split_into_words` the words of
 * one text, or a batch of such texts and pairs.
 */
export type TextInput =
  | string
  | readonly string[]
  | readonly (string | readonly string[])[]
  | readonly (readonly string[] | readonly (readonly string[])[])[];

/** Options of padding and truncation. */
export interface LengthOptions {
  /** `true` is 'longest': to the length of the longest row. Default `false`. */
  padding?: boolean | PaddingStrategy | null;
  /** `true` is 'longest_first'. Default `null`: truncates only when `max_length` alone is given. */
  truncation?: boolean | TruncationStrategy | null;
  /** Most tokens of a row, special tokens included. Default: the tokenizer's `model_max_length`. */
  max_length?: number | null;
  /** Pads to a multiple of this many tokens. */
  pad_to_multiple_of?: number | null;
  /** Default: the tokenizer's `padding_side`. */
  padding_side?: Side | null;
}

/** The options of `tokenizer(text, options)`. */
export interface CallOptions extends LengthOptions {
  /** The second text of each pair; a text, a batch or words, as the first argument. */
  text_pair?: TextInput | null;
  /** Add [CLS] and [SEP]. Default `true`. */
  add_special_tokens?: boolean;
  /** Tokens that neighbouring windows of a text share. Default 0. */
  stride?: number;
  /** Whether texts are given as lists of words. Default `false`. */
  is_split_into_words?: boolean;
  /** `true` (default) gives int64 Tensors, `false` plain arrays. */
  return_tensor?: boolean;
  /** Python's name. Any of its libraries means Tensors, the default. */
  return_tensors?: 'pt' | 'np' | 'tf' | 'jax' | 'mlx' | null;
  return_token_type_ids?: boolean | null;
  return_attention_mask?: boolean | null;
  /** Return what `max_length` cuts off as further rows. Default `false`. */
  return_overflowing_tokens?: boolean;
  return_special_tokens_mask?: boolean;
  /** Add `offset_mapping`: the source span of each token. */
  return_offsets_mapping?: boolean;
  /** Add `length`: the number of tokens of each row. */
  return_length?: boolean;
  /** Treat special tokens in the text as ordinary text. Default: the tokenizer's setting. */
  split_special_tokens?: boolean | null;
  /** Unit of source spans: UTF-16 units (default), as in `slice`, or code points, as in Python. */
  offset_unit?: 'utf16' | 'codepoint';
  /** `false`: no warning for a text that is longer than `model_max_length`. */
  verbose?: boolean;
}

/** A text, or a text given as words. */
export type SampleText = string | readonly string[];

/** One text, or a pair. */
export type Sample = readonly [SampleText] | readonly [SampleText, SampleText];

/**
 * The samples of a call.
 * @param isSplit the option `is_split_into_words`
 * @throws TypeError when text or pair is of the wrong kind, RangeError when there are no texts, or
 *   not as many second texts as first ones
 */
export function samplesOf(
  text: unknown,
  pair: unknown,
  isSplit = false,
): { samples: Sample[]; isBatch: boolean } {
  const isBatch = isSplit ? Array.isArray(text) && Array.isArray(text[0]) : Array.isArray(text);
  const texts = isBatch ? (text as unknown[]) : [text];
  if (texts.length === 0) {
    throw new RangeError('Cannot tokenize: text is an empty array, expected at least one text');
  }
  const check = (t: unknown) => checkText('text', t, isSplit);
  // As in Python, an empty second text makes no pair, except in a batch.
  if (isBatch ? pair == null : isEmptyOrNone(pair)) {
    return { samples: texts.map((t) => pairIn(t, isBatch, isSplit) ?? [check(t)]), isBatch };
  }
  const pairs = pairsOf(isBatch ? pair : [pair], texts.length);
  const samples = texts.map(
    (t, i): Sample => [check(t), checkText('text_pair', pairs[i], isSplit)],
  );
  return { samples, isBatch };
}

/** Both texts of a sample of a batch that is a pair; undefined for one text. */
function pairIn(sample: unknown, isBatch: boolean, isSplit: boolean): Sample | undefined {
  if (!isBatch || !Array.isArray(sample) || sample.length !== 2) return undefined;
  if (isSplit && !sample.every((words) => Array.isArray(words))) return undefined;
  const [text, pair] = sample;
  return [checkText('text', text, isSplit), checkText('text_pair', pair, isSplit)];
}

/** The second texts of a batch, as many as there are first ones. */
function pairsOf(pairs: unknown, count: number): unknown[] {
  if (!Array.isArray(pairs)) {
    throw new TypeError(
      `Cannot tokenize: text_pair is a ${typeof pairs}, expected an array, as text is one`,
    );
  }
  if (pairs.length === count) return pairs;
  throw new RangeError(
    `Cannot tokenize: text_pair has ${pairs.length} texts, expected ${count} as in text`,
  );
}

function isEmptyOrNone(pair: unknown): boolean {
  return pair == null || pair === '' || (Array.isArray(pair) && pair.length === 0);
}

function checkText(name: string, text: unknown, isSplit: boolean): SampleText {
  if (!isSplit && typeof text === 'string') return text;
  if (isSplit && Array.isArray(text) && text.every((word) => typeof word === 'string')) return text;
  const found = Array.isArray(text) ? 'an array' : text === null ? 'null' : typeof text;
  const wanted = isSplit
    ? 'an array of words, as is_split_into_words is set'
    : 'a string, or in a batch a pair of strings';
  throw new TypeError(`Cannot tokenize: ${name} is ${found}, expected ${wanted}`);
}

/** How a call pads and truncates. */
export interface Strategies {
  padding: PaddingStrategy;
  truncation: TruncationStrategy;
  /** Infinity when nothing limits the length. */
  maxLength: number;
}

const PADDINGS: readonly PaddingStrategy[] = ['longest', 'max_length', 'do_not_pad'];
const TRUNCATIONS: readonly TruncationStrategy[] = [
  'longest_first',
  'only_first',
  'only_second',
  'do_not_truncate',
];

/**
 * The strategies that options stand for.
 * @param modelMaxLength the limit when the options give none; above 1e20 it is no limit
 * @throws RangeError for an unknown strategy, or a length that is not an integer from 0 up
 */
export function resolveStrategies(options: LengthOptions, modelMaxLength: number): Strategies {
  const multiple = checkCount('pad_to_multiple_of', options.pad_to_multiple_of);
  const given = checkCount('max_length', options.max_length);
  const isUnlimited = given === undefined && !(modelMaxLength <= 1e20);
  const isCutAnyway = given !== undefined && !options.padding && options.truncation == null;
  let padding = named('padding', options.padding, PADDINGS);
  let truncation = named('truncation', isCutAnyway || options.truncation, TRUNCATIONS);
  if (isUnlimited && padding === 'max_length') padding = 'do_not_pad';
  if (isUnlimited) truncation = 'do_not_truncate';
  const maxLength = given ?? (isUnlimited ? Number.POSITIVE_INFINITY : modelMaxLength);
  const isBoth = truncation !== 'do_not_truncate' && padding !== 'do_not_pad';
  if (isBoth && multiple && maxLength % multiple !== 0) {
    throw new RangeError(
      `Cannot pad: max_length is ${maxLength}, expected a multiple of ${multiple} to pad to`,
    );
  }
  return { padding, truncation, maxLength };
}

/** The strategy with this name. `true` is the first of `names`; `false` and nothing, the last. */
function named<T extends string>(
  option: string,
  value: boolean | T | null | undefined,
  names: readonly T[],
): T {
  if (value === true) return names[0]!;
  if (!value) return names.at(-1)!;
  if (names.includes(value)) return value;
  throw new RangeError(
    `Cannot tokenize: ${option} is ${shown(value)}, expected true, false or one of ${names.join(', ')}`,
  );
}

/** An integer from 0 up, or undefined when none is given. @throws RangeError for anything else */
export function checkCount(option: string, value: number | null | undefined): number | undefined {
  if (value == null) return undefined;
  if (Number.isInteger(value) && value >= 0) return value;
  throw new RangeError(
    `Cannot tokenize: ${option} is ${shown(value)}, expected a whole number from 0 on`,
  );
}

/** @throws RangeError for anything but a side */
export function checkSide(option: string, value: string): Side {
  if (value === 'left' || value === 'right') return value;
  throw new RangeError(`Cannot tokenize: ${option} is ${shown(value)}, expected left or right`);
}
