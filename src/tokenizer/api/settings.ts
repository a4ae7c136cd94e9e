/**
 * The settings of a tokenizer. In: a vocabulary, and what a caller and files say beside it. Out: all
 * settings, checked, with Hugging Face's defaults for what nobody says.
 */

import { TokenizerError } from '../../errors.ts';
import { type AddedToken, type AddedTokenLike, addedToken } from '../text/added-tokens.ts';
import type { EncoderOptions } from '../text/encoder.ts';
import { Vocab } from '../text/vocab.ts';
import { checkSide, type Side } from './options.ts';
import { SPECIAL_TOKENS, type SpecialTokenName } from './special-tokens.ts';

/** The options of a tokenizer, under Hugging Face's names and with its defaults. */
export interface TokenizerOptions extends Partial<Record<SpecialTokenName, AddedTokenLike | null>> {
  /** Default `true`. */
  do_lower_case?: boolean;
  /** `false`: words are cut as they stand between white space. Default `true`. */
  do_basic_tokenize?: boolean;
  /** Words that are neither normalized nor split; without effect unless `do_basic_tokenize`. */
  never_split?: readonly string[] | null;
  /** Make each ideograph a word. Default `true`. */
  tokenize_chinese_chars?: boolean;
  /** Default `null`: as `do_lower_case`. */
  strip_accents?: boolean | null;
  /** Drop controls and make all white space blanks. Default `true`. */
  clean_text?: boolean;
  /** What marks a piece that continues a word. Default '##'. */
  wordpieces_prefix?: string;
  /** Longer words, in code points, are unknown. Default 100. */
  max_input_chars_per_word?: number;
  /** Default of `decode`'s option. Default `false`. */
  clean_up_tokenization_spaces?: boolean;
  /** Most tokens a model takes. Default: no limit. */
  model_max_length?: number;
  padding_side?: Side;
  truncation_side?: Side;
  /** Further special tokens. */
  extra_special_tokens?: readonly AddedTokenLike[] | Record<string, AddedTokenLike>;
  additional_special_tokens?: readonly AddedTokenLike[];
  /** Read special tokens in a text as ordinary text. Default `false`. */
  split_special_tokens?: boolean;
  /** Fields of a result that come without being asked for. */
  model_input_names?: readonly string[];
}

/** A vocabulary and what is said beside it: what the files of a tokenizer come to. */
export interface TokenizerParts {
  /** The text of a vocab.txt, or every token with its id. */
  readonly vocabulary: string | readonly (readonly [string, number])[];
  /** Options by name, and what configs say where they do not. */
  readonly config: Fields;
  /** What holds where `config` leaves an option open, by the same names. */
  readonly stored?: Fields;
  /** Added tokens in their order; one without fields is special where a config names it. */
  readonly added?: readonly AddedTokenLike[];
}

/** Values by name, not checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** All that a tokenizer is; options under their own names. */
export interface TokenizerSettings extends EncoderOptions {
  vocab: Vocab;
  wordpieces_prefix: string;
  /** Whether each decoded token loses the blanks before punctuation. */
  cleanup: boolean;
  specialTokens: Partial<Record<SpecialTokenName, string>>;
  extraSpecialTokens: string[];
  addedTokens: AddedToken[];
  clean_up_tokenization_spaces: boolean;
  /** Most tokens a model takes; Infinity where nothing says it. */
  model_max_length: number;
  /** Where padding goes. */
  padding_side: Side;
  /** Where texts are cut. */
  truncation_side: Side;
  /** Whether special tokens in a text are read as ordinary text. */
  split_special_tokens: boolean;
  /** Fields of a result that come without being asked for. */
  model_input_names: readonly string[];
}

/** What holds where nobody says otherwise; a value has to be of its default's kind. */
const DEFAULTS = {
  do_basic_tokenize: true,
  do_lower_case: true,
  strip_accents: true,
  tokenize_chinese_chars: true,
  clean_text: true,
  never_split: [] as string[],
  wordpieces_prefix: '##',
  max_input_chars_per_word: 100,
  cleanup: true,
  clean_up_tokenization_spaces: false,
  model_max_length: Number.POSITIVE_INFINITY,
  padding_side: 'right',
  truncation_side: 'right',
  split_special_tokens: false,
  extra_special_tokens: [] as AddedTokenLike[],
  additional_special_tokens: [] as AddedTokenLike[],
  added_tokens_decoder: [] as AddedTokenLike[],
  model_input_names: ['input_ids', 'token_type_ids', 'attention_mask'],
};

/** What is left of it without basic tokenizing. */
const PLAIN = {
  do_lower_case: false,
  strip_accents: false,
  tokenize_chinese_chars: false,
  clean_text: false,
  never_split: [],
};

/**
 * Settings of a tokenizer.
 * @throws TokenizerError on values of a wrong kind and on a vocabulary that is none
 */
export function settingsOf(parts: TokenizerParts): TokenizerSettings {
  const { vocabulary, config, stored = {}, added = [] } = parts;
  // null means as do_lower_case.
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
  const basic = { ...values, ...(!values.do_basic_tokenize && PLAIN) };
  return {
    ...basic,
    never_split: new Set(basic.never_split),
    vocab: new Vocab(vocabulary, values.wordpieces_prefix),
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

/** The value of each option. @throws TokenizerError on one of another kind than its default */
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
  if (!(Number.isInteger(chars) && chars > 0 && chars <= 1e6)) {
    refuse('max_input_chars_per_word', chars, '1 to 1000000');
  }
  return values as typeof DEFAULTS;
}

function refuse(name: string, value: unknown, expected: string): never {
  throw new TokenizerError(
    `Cannot make a tokenizer: ${name} is ${JSON.stringify(value)}, expected ${expected}`,
  );
}

/** The named special tokens; none where a config says null. */
function specialsOf(config: Fields): [SpecialTokenName, AddedToken][] {
  return (Object.keys(SPECIAL_TOKENS) as SpecialTokenName[]).flatMap((name) => {
    const value = config[name] === undefined ? SPECIAL_TOKENS[name] : config[name];
    return value === null ? [] : [[name, addedToken(value as AddedTokenLike, true)]];
  });
}

/** Added tokens, then the special ones that are not among them. */
function addedTokensOf(
  added: readonly AddedTokenLike[],
  specials: readonly AddedToken[],
): AddedToken[] {
  const isNamed = (token: AddedTokenLike) =>
    typeof token === 'string' && specials.some(({ content }) => content === token);
  const tokens = added.map((token) => addedToken(token, isNamed(token)));
  const byContent = new Map(tokens.map((token) => [token.content, token]));
  for (const token of specials) {
    if (!byContent.has(token.content)) byContent.set(token.content, token);
  }
  return [...byContent.values()];
}
