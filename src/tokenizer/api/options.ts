/**
 * The options of a tokenizer call, under Hugging Face's names, and the strategies they resolve to
 * (`_get_padding_truncation_strategies` of transformers' tokenization_utils_base.py).
 */

/** How texts are brought to one length. */
export type PaddingStrategy = 'longest' | 'max_length' | 'do_not_pad';

/** How texts that are too long are cut. */
export type TruncationStrategy = 'longest_first' | 'only_first' | 'only_second' | 'do_not_truncate';

/** A side of a text. */
export type Side = 'left' | 'right';

/** One text, or a batch; with `is_split_into_words` the words of one text, or a batch of those. */
export type TextInput = string | readonly string[] | readonly (readonly string[])[];

/** What padding and cutting need to know. */
export interface LengthOptions {
  /** `true` and 'longest': to the longest of the batch. Default `false`. */
  padding?: boolean | PaddingStrategy | null;
  /** `true` is 'longest_first'. Default `null`: only where `max_length` alone is given. */
  truncation?: boolean | TruncationStrategy | null;
  /** Most tokens of a row, special ones included. Default: the tokenizer's `model_max_length`. */
  max_length?: number | null;
  /** Padded rows get a multiple of this many tokens. */
  pad_to_multiple_of?: number | null;
  /** Default: the tokenizer's `padding_side`. */
  padding_side?: Side | null;
}

/** The options of `tokenizer(text, options)`. */
export interface CallOptions extends LengthOptions {
  /** The second text of each pair, of the same kind as the first. */
  text_pair?: TextInput | null;
  /** Add [CLS] and [SEP]. Default `true`. */
  add_special_tokens?: boolean;
  /** Tokens that neighbouring windows of a text have in common. Default 0. */
  stride?: number;
  /** Whether the texts come as lists of words. Default `false`. */
  is_split_into_words?: boolean;
  /** int64 Tensors (default), or with `false` plain arrays. */
  return_tensor?: boolean;
  return_token_type_ids?: boolean | null;
  return_attention_mask?: boolean | null;
  /** What `max_length` cuts off comes as further rows. Default `false`. */
  return_overflowing_tokens?: boolean;
  return_special_tokens_mask?: boolean;
  /** Adds `offset_mapping`: the source span of each token. */
  return_offsets_mapping?: boolean;
  /** Adds `length`: the tokens of each row. */
  return_length?: boolean;
  /** Read special tokens in the text as ordinary text. Default: the tokenizer's setting. */
  split_special_tokens?: boolean | null;
  /** Unit of source spans: UTF-16 units (default), as `slice` counts, or code points, as Python. */
  offset_unit?: 'utf16' | 'codepoint';
}

/** What a call does about lengths. */
export interface Strategies {
  padding: PaddingStrategy;
  truncation: TruncationStrategy;
  /** Infinity where nothing limits the length. */
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
 * @param modelMaxLength the limit where the options name none; beyond 1e20 there is none
 * @throws RangeError on an unknown strategy or a length that is none
 */
export function resolveStrategies(options: LengthOptions, modelMaxLength: number): Strategies {
  const multiple = checkCount('pad_to_multiple_of', options.pad_to_multiple_of);
  const given = checkCount('max_length', options.max_length);
  const isFree = given === undefined && !(modelMaxLength <= 1e20);
  const isCutAnyway = given !== undefined && !options.padding && options.truncation == null;
  let padding = named('padding', options.padding, PADDINGS);
  let truncation = named('truncation', isCutAnyway || options.truncation, TRUNCATIONS);
  if (isFree && padding === 'max_length') padding = 'do_not_pad';
  if (isFree) truncation = 'do_not_truncate';
  const maxLength = given ?? (isFree ? Number.POSITIVE_INFINITY : modelMaxLength);
  const isBoth = truncation !== 'do_not_truncate' && padding !== 'do_not_pad';
  if (isBoth && multiple && maxLength % multiple !== 0) {
    throw new RangeError(
      `Cannot pad: max_length is ${maxLength}, expected a multiple of ${multiple} to pad to`,
    );
  }
  return { padding, truncation, maxLength };
}

/** The strategy of this name; the first for true, the last for false and where nothing is said. */
function named<T extends string>(
  option: string,
  value: boolean | T | null | undefined,
  names: readonly T[],
): T {
  if (value === true) return names[0]!;
  if (!value) return names.at(-1)!;
  if (names.includes(value)) return value;
  throw new RangeError(
    `Cannot tokenize: ${option} is "${value}", expected true, false or one of ${names.join(', ')}`,
  );
}

/** A whole number from 0 on, or undefined for none given. */
export function checkCount(option: string, value: number | null | undefined): number | undefined {
  if (value == null) return undefined;
  if (Number.isInteger(value) && value >= 0) return value;
  throw new RangeError(`Cannot tokenize: ${option} is ${value}, expected a whole number from 0 on`);
}

/** Refuses what is no side. */
export function checkSide(option: string, value: string): Side {
  if (value === 'left' || value === 'right') return value;
  throw new RangeError(`Cannot tokenize: ${option} is "${value}", expected left or right`);
}
