/**
 * The arguments of `tokenizer(text, text_pair, options)` and its kin. The second text may be left
 * out, so `tokenizer(text, options)` is a call, too. Arguments that nothing reads are refused.
 */

import { checkOptionNames, type OptionNames } from '../../options.ts';
import { shown } from '../text/shown.ts';
import type { CallOptions, TextInput } from './arguments.ts';

/** A call, read. */
export interface Call {
  readonly text: unknown;
  readonly pair: unknown;
  readonly options: CallOptions;
}

const NAMES: OptionNames<CallOptions> = {
  text_pair: true,
  add_special_tokens: true,
  padding: true,
  truncation: true,
  max_length: true,
  stride: true,
  is_split_into_words: true,
  pad_to_multiple_of: true,
  padding_side: true,
  return_tensor: true,
  return_tensors: true,
  return_token_type_ids: true,
  return_attention_mask: true,
  return_overflowing_tokens: true,
  return_special_tokens_mask: true,
  return_offsets_mapping: true,
  return_length: true,
  split_special_tokens: true,
  offset_unit: true,
  verbose: true,
};

/** Options that only change the fields of a result. */
const FIELD_OPTIONS = [
  'return_tensor',
  'return_tensors',
  'return_token_type_ids',
  'return_attention_mask',
  'return_overflowing_tokens',
  'return_special_tokens_mask',
  'return_offsets_mapping',
  'return_length',
] as const;

/** Python's names for libraries of tensors. Here, all of them mean Tensors. */
const LIBRARIES: readonly unknown[] = ['pt', 'np', 'tf', 'jax', 'mlx'];

/**
 * Reads the arguments after the text.
 * @param others a second text, options, or both
 * @param known further options, by name
 * @throws TypeError for others, and for options that nothing reads
 */
export function callOf(
  text: unknown,
  others: readonly unknown[],
  known: Readonly<Record<string, true>> = NAMES,
): Call {
  const [second, third] = others;
  const hasOptions = typeof second === 'object' && second !== null && !Array.isArray(second);
  const given = hasOptions ? second : third;
  if (others.length > 2 || (hasOptions && third !== undefined)) {
    refuse('more arguments than these', 'text, text_pair and options, in this order');
  }
  if (!hasOptions && second != null && typeof second !== 'string' && !Array.isArray(second)) {
    refuse(`${shown(second)} after the text`, 'text_pair or options');
  }
  if (given === undefined || given === null) return { text, pair: second, options: {} };
  checkNames(given, known);
  const options = given as CallOptions;
  if (hasOptions) return { text, pair: options.text_pair, options };
  if (second != null && options.text_pair != null) {
    refuse('text_pair as an argument and as an option', 'one of the two');
  }
  return { text, pair: second ?? options.text_pair, options };
}

/**
 * Whether the result holds Tensors.
 * @throws TypeError for an unknown library, and where both options are given and differ
 */
export function wantsTensors({ return_tensor, return_tensors }: CallOptions): boolean {
  if (return_tensors != null) {
    if (!LIBRARIES.includes(return_tensors)) {
      refuse(`return_tensors ${shown(return_tensors)}`, '"pt"; return_tensor: false gives arrays');
    }
    if (return_tensor === false)
      refuse('return_tensors and return_tensor: false', 'one of the two');
  }
  return return_tensor !== false;
}

/** Options of `tokenize`. */
export interface TokenizeOptions extends CallOptions {
  /** The second text; `text_pair` under the name that it has in Python's `tokenize`. */
  pair?: string | readonly string[] | null;
}

const TOKENIZE_NAMES: OptionNames<TokenizeOptions> = { ...NAMES, pair: true };

/** The options of a call for `encode(text, ...others)`. @throws TypeError as `bareCallOf` */
export function encodeOptions(text: unknown, others: readonly unknown[]): CallOptions {
  const { pair, options } = bareCallOf('encode', text, others, NAMES);
  return {
    ...options,
    text_pair: pair as TextInput | null,
    return_tensor: false,
    return_attention_mask: false,
    return_token_type_ids: false,
  };
}

/**
 * The options of a call for `tokenize(text, ...others)`.
 * @throws TypeError as `bareCallOf`, for a batch, and for two second texts
 */
export function tokenizeOptions(text: unknown, others: readonly unknown[]): CallOptions {
  const call = bareCallOf('tokenize', text, others, TOKENIZE_NAMES);
  const { pair = null, add_special_tokens = false, ...rest } = call.options as TokenizeOptions;
  if (pair !== null && call.pair != null) refuse('two second texts', 'one');
  if (Array.isArray(text) && !rest.is_split_into_words) refuse('a batch', 'one text or pair');
  const text_pair = (call.pair ?? pair) as TextInput | null;
  return { ...rest, text_pair, add_special_tokens, return_tensor: false };
}

/**
 * The call of a method that gives ids or tokens alone.
 * @throws TypeError as `callOf`, and for options that only change the fields of a result
 */
function bareCallOf(
  method: string,
  text: unknown,
  others: readonly unknown[],
  known: Readonly<Record<string, true>>,
): Call {
  const call = callOf(text, others, known);
  const option = FIELD_OPTIONS.find((name) => call.options[name]);
  if (option === undefined) return call;
  return refuse(
    `option ${option} for ${method}(), which gives no fields`,
    'tokenizer(text, options), which does',
  );
}

/** As `checkOptionNames`, without making a list for options that are known. */
function checkNames(options: unknown, known: Readonly<Record<string, true>>): void {
  if (typeof options === 'object' && !Array.isArray(options)) {
    let isKnown = true;
    for (const name in options) isKnown &&= Object.hasOwn(known, name);
    if (isKnown) return;
  }
  checkOptionNames('tokenize', options, known);
}

function refuse(found: string, expected: string): never {
  throw new TypeError(`Cannot tokenize: found ${found}, expected ${expected}`);
}
