/**
 * The settings of a tokenizer. In: a vocabulary, the options of the caller and the contents of the
 * files. Out: all settings, checked, with Hugging Face's defaults for those that are not given.
 */

import { TokenizerError } from '../../errors.ts';
import { checkOptionNames, nearestName, type OptionNames } from '../../options.ts';
import { checkSide, type Side } from '../batch/arguments.ts';
import type { CallSettings } from '../batch/batch.ts';
import type { TemplateParts } from '../batch/rows.ts';
import {
  type AddedToken,
  type AddedTokenLike,
  addedToken,
  SPECIAL_TOKENS,
  type SpecialTokenName,
} from '../text/added-tokens.ts';
import type { EncoderOptions } from '../text/encoder.ts';
import { shown } from '../text/shown.ts';
import { Vocab } from '../text/vocab.ts';

/** The options of a tokenizer, under Hugging Face's names and with its defaults. */
export interface TokenizerOptions extends Partial<Record<SpecialTokenName, AddedTokenLike | null>> {
  /** Default `true`. */
  do_lower_case?: boolean;
  /** `false`: words are split at white space only, and not normalized. Default `true`. */
  do_basic_tokenize?: boolean;
  /** Words that are neither normalized nor split; ignored unless `do_basic_tokenize`. */
  never_split?: readonly string[] | null;
  /** Make every ideograph a word of its own. Default `true`. */
  tokenize_chinese_chars?: boolean;
  /** Default `null`: the value of `do_lower_case`. */
  strip_accents?: boolean | null;
  /** Drop control characters, replace every white space by a blank. Default `true`. */
  clean_text?: boolean;
  /** Marks a piece that continues a word. Default '##'. */
  wordpieces_prefix?: string;
  /** Words of more code points are unknown. Default 100. */
  max_input_chars_per_word?: number;
  /** Default of the same option of `decode`. Default `false`. */
  clean_up_tokenization_spaces?: boolean;
  /** Most tokens a model takes. Default: no limit. */
  model_max_length?: number;
  padding_side?: Side;
  truncation_side?: Side;
  /** Further special tokens. */
  extra_special_tokens?: readonly AddedTokenLike[] | Record<string, AddedTokenLike>;
  additional_special_tokens?: readonly AddedTokenLike[];
  /** Treat special tokens in a text as ordinary text. Default `false`. */
  split_special_tokens?: boolean;
  /** Type id of padding. Default 0. */
  pad_token_type_id?: number;
  /** Fields that a result has by default. */
  model_input_names?: readonly string[];
  /** Added tokens by id, as in tokenizer_config.json. */
  added_tokens_decoder?: Record<string, AddedTokenLike>;
}

/** The names of these options. */
export const TOKENIZER_NAMES: OptionNames<TokenizerOptions> = {
  bos_token: true,
  eos_token: true,
  unk_token: true,
  sep_token: true,
  pad_token: true,
  cls_token: true,
  mask_token: true,
  do_lower_case: true,
  do_basic_tokenize: true,
  never_split: true,
  tokenize_chinese_chars: true,
  strip_accents: true,
  clean_text: true,
  wordpieces_prefix: true,
  max_input_chars_per_word: true,
  clean_up_tokenization_spaces: true,
  model_max_length: true,
  padding_side: true,
  truncation_side: true,
  extra_special_tokens: true,
  additional_special_tokens: true,
  split_special_tokens: true,
  pad_token_type_id: true,
  model_input_names: true,
  added_tokens_decoder: true,
};

/** Fields of a tokenizer_config.json that say nothing about tokens. */
const OTHER_FIELDS = [
  ...['tokenizer_class', 'name_or_path', 'special_tokens_map_file', 'tokenizer_file', 'vocab_file'],
  ...['max_len', 'max_length', 'stride', 'truncation_strategy', 'pad_to_multiple_of', 'backend'],
];

/**
 * Refuses a misspelt option of a constructor. Its options may be the content of a
 * tokenizer_config.json, which has further fields: a name is misspelt if it is near one of ours.
 * @throws TypeError for a misspelt option, and for anything but an object
 */
export function checkConstructorOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    checkOptionNames('make a tokenizer', options, TOKENIZER_NAMES);
    return;
  }
  if ('tokenizer_class' in options || 'added_tokens_decoder' in options) return;
  const known = [...Object.keys(TOKENIZER_NAMES), ...OTHER_FIELDS];
  for (const [name, value] of Object.entries(options)) {
    if (known.includes(name) || nearestName(name, known) === undefined) continue;
    checkOptionNames('make a tokenizer', { [name]: value }, TOKENIZER_NAMES);
  }
}

/** The contents of the files of a tokenizer, by the names of options. */
export interface TokenizerParts {
  /** The text of a vocab.txt, or every token with its id. */
  readonly vocabulary: string | readonly (readonly [string, number])[];
  /** Options, and the fields of configs that options do not override. */
  readonly config: Fields;
  /** Values for the options that `config` lacks. */
  readonly stored?: Fields;
  /** Added tokens, in order. One given as a string is special if a config names it so. */
  readonly added?: readonly AddedTokenLike[];
  /** The template of tokenizer.json. Left out: [CLS] A [SEP] B [SEP]. */
  readonly template?: TemplateParts | undefined;
}

/** Unchecked values by name. */
export type Fields = Readonly<Record<string, unknown>>;

/** Everything that makes a tokenizer; options under their own names. */
export interface TokenizerSettings extends EncoderOptions, CallSettings {
  vocab: Vocab;
  wordpieces_prefix: string;
  /** The decoder in tokenizer.json; null joins tokens with blanks. */
  decoder: Decoder | null;
  /** What is put around texts; undefined: [CLS] A [SEP] B [SEP]. */
  template: TemplateParts | undefined;
  /** Type id of padding. */
  pad_token_type_id: number;
  /** The ids that files give added tokens. */
  storedIds: ReadonlyMap<string, number>;
  /** Default of the same option of `decode`. */
  clean_up_tokenization_spaces: boolean;
  /** The named special tokens; one that is set to null is missing. */
  specialTokens: Partial<Record<SpecialTokenName, string>>;
  /** Special tokens without a name. */
  extraSpecialTokens: string[];
  /** All added tokens, special ones included. */
  addedTokens: AddedToken[];
}

/** How tokens become text. */
export interface Decoder {
  /** Dropped from a token that starts with it, which then follows without a blank. */
  prefix: string;
  /** Whether blanks before punctuation are dropped. */
  cleanup: boolean;
}

/** Default values. A given value must have the type of its default. */
const DEFAULTS = {
  do_basic_tokenize: true,
  do_lower_case: true,
  strip_accents: true,
  tokenize_chinese_chars: true,
  clean_text: true,
  never_split: [] as string[],
  wordpieces_prefix: '##',
  max_input_chars_per_word: 100,
  clean_up_tokenization_spaces: false,
  model_max_length: Number.POSITIVE_INFINITY,
  pad_token_type_id: 0,
  padding_side: 'right',
  truncation_side: 'right',
  split_special_tokens: false,
  extra_special_tokens: [] as AddedTokenLike[],
  additional_special_tokens: [] as AddedTokenLike[],
  added_tokens_decoder: [] as AddedTokenLike[],
  model_input_names: ['input_ids', 'token_type_ids', 'attention_mask'],
};

/** Type ids from here on are refused. */
const MAX_TYPE_ID = 1 << 22;

/** What `do_basic_tokenize: false` changes. */
const PLAIN = {
  do_lower_case: false,
  strip_accents: false,
  tokenize_chinese_chars: false,
  clean_text: false,
  never_split: [],
};

/**
 * The settings of a tokenizer.
 * @throws TokenizerError for a value of the wrong type, or a broken vocabulary
 */
export function settingsOf(parts: TokenizerParts): TokenizerSettings {
  const { vocabulary, config, stored = {}, added = [] } = parts;
  // null means the value of do_lower_case.
  const { strip_accents = stored.strip_accents, do_lower_case } = config;
  const values = valuesOf(
    { ...config, strip_accents: strip_accents ?? do_lower_case },
    { ...stored, strip_accents: stored.do_lower_case },
  );
  const specials = specialsOf({ ...stored, ...config });
  const names = Object.fromEntries(specials.map(([name, token]) => [name, token.content]));
  const extra = [...values.extra_special_tokens, ...values.additional_special_tokens].map((token) =>
    addedToken(token, true),
  );
  // A tokenizer.json can have BERT's normalizer without its splitting; the option has neither.
  const basic = { ...values, ...(config.do_basic_tokenize === false && PLAIN) };
  return {
    ...basic,
    never_split: new Set(basic.never_split),
    vocab: new Vocab(vocabulary, values.wordpieces_prefix),
    decoder: decoderOf(values.wordpieces_prefix, stored),
    template: parts.template,
    storedIds: storedIdsOf(added, config.added_tokens_decoder),
    unk_token: names.unk_token ?? '[UNK]',
    specialTokens: names,
    extraSpecialTokens: extra.map(({ content }) => content),
    addedTokens: addedTokensOf(
      [...added, ...values.added_tokens_decoder],
      [...specials.map(([, token]) => token), ...extra],
    ),
    padding_side: checkSide('padding_side', values.padding_side.toLowerCase()),
    truncation_side: checkSide('truncation_side', values.truncation_side.toLowerCase()),
  };
}

/** The value of each option. @throws TokenizerError for one of the wrong type */
function valuesOf(config: Fields, stored: Fields): typeof DEFAULTS {
  const values: Record<string, unknown> = {};
  for (const [name, standard] of Object.entries(DEFAULTS)) {
    const value = config[name] ?? stored[name] ?? standard;
    const isList = Array.isArray(standard);
    if (typeof value !== typeof standard) {
      refuse(name, value, `a ${isList ? 'list' : typeof standard}`);
    }
    values[name] = isList ? Object.values(value) : value;
  }
  const chars = values.max_input_chars_per_word as number;
  if (!(Number.isInteger(chars) && chars >= 0)) {
    refuse('max_input_chars_per_word', chars, 'a whole number from 0 on');
  }
  const typeId = values.pad_token_type_id as number;
  if (!(Number.isInteger(typeId) && typeId >= 0 && typeId < MAX_TYPE_ID)) {
    refuse('pad_token_type_id', typeId, `0 to ${MAX_TYPE_ID - 1}`);
  }
  for (const name of ['never_split', 'model_input_names']) {
    const other = (values[name] as unknown[]).find((value) => typeof value !== 'string');
    if (other !== undefined) refuse(name, other, 'a list of strings');
  }
  return values as typeof DEFAULTS;
}

function refuse(name: string, value: unknown, expected: string): never {
  throw new TokenizerError(
    `Cannot make a tokenizer: ${name} is ${shown(value)}, expected ${expected}`,
  );
}

/** The named special tokens, except those that a config sets to null. */
function specialsOf(config: Fields): [SpecialTokenName, AddedToken][] {
  return (Object.keys(SPECIAL_TOKENS) as SpecialTokenName[]).flatMap((name) => {
    const value = config[name] === undefined ? SPECIAL_TOKENS[name] : config[name];
    return value === null ? [] : [[name, addedToken(value as AddedTokenLike, true)]];
  });
}

/** The decoder of tokenizer.json, or else the one that undoes the splitting of words. */
function decoderOf(prefix: string, stored: Fields): Decoder | null {
  const decoder = stored.decoder as Decoder | null | undefined;
  if (decoder === null) return null;
  if (!decoder) return { prefix, cleanup: true };
  const isOfPieces = decoder.prefix === (stored.wordpieces_prefix ?? '##');
  return isOfPieces ? { ...decoder, prefix } : decoder;
}

/** The ids that tokenizer.json and an added_tokens_decoder give added tokens. */
function storedIdsOf(
  added: readonly AddedTokenLike[],
  decoder: unknown,
): ReadonlyMap<string, number> {
  const tokens = added.flatMap((token) => (typeof token === 'object' && token ? [token] : []));
  const byId = Object.entries(decoder ?? {}) as [string, { content?: unknown } | null][];
  const pairs = [
    ...tokens.map(({ content, ...rest }) => [content, (rest as { id?: unknown }).id]),
    ...byId.map(([id, token]) => [token?.content, Number(id)]),
  ];
  const isPair = (pair: unknown[]): pair is [string, number] =>
    typeof pair[0] === 'string' && Number.isInteger(pair[1]);
  return new Map(pairs.filter(isPair));
}

/** The added tokens, then the special tokens that are not among them. */
function addedTokensOf(
  added: readonly AddedTokenLike[],
  specials: readonly AddedToken[],
): AddedToken[] {
  const named = new Set<AddedTokenLike>(specials.map(({ content }) => content));
  const isNamed = (token: AddedTokenLike) => typeof token === 'string' && named.has(token);
  const tokens = added.map((token) => addedToken(token, isNamed(token)));
  const byContent = new Map(tokens.map((token) => [token.content, token]));
  for (const token of specials) {
    if (!byContent.has(token.content)) byContent.set(token.content, token);
  }
  return [...byContent.values()];
}
