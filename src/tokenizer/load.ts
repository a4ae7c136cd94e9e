/**
 * The files of a tokenizer, read: tokenizer.json, or vocab.txt, with tokenizer_config.json,
 * special_tokens_map.json and added_tokens.json where they are. In: their content and a caller's
 * options. Out: all settings, checked. What options leave open the configs say, then
 * tokenizer.json, then Hugging Face's defaults (`_from_pretrained` of tokenization_utils_base.py).
 * The truncation and padding stored in tokenizer.json stay unused, as in Python.
 */

import { TokenizerError } from '../errors.ts';
import { type AddedToken, type AddedTokenLike, addedToken } from './added-tokens.ts';
import type { EncoderOptions } from './encoder.ts';
import { checkSide, type Side } from './options.ts';
import { SPECIAL_TOKENS, type SpecialTokenName } from './special-tokens.ts';
import { Vocab } from './vocab.ts';

/** The content of tokenizer files by name: text, or for JSON what it parses to. */
export interface TokenizerFiles {
  'tokenizer.json'?: string | object | undefined;
  'vocab.txt'?: string | undefined;
  'tokenizer_config.json'?: string | object | undefined;
  'special_tokens_map.json'?: string | object | undefined;
  'added_tokens.json'?: string | object | undefined;
}

/** Files by name, or the content of a tokenizer.json, or the text of a vocab.txt. */
export type Content = TokenizerFiles | object | string;

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

/** All that a tokenizer is. */
export interface TokenizerSettings {
  vocab: Vocab;
  encoder: EncoderOptions;
  prefix: string;
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

type Fields = Record<string, unknown>;

/** The splitter of a tokenizer saved with `do_basic_tokenize: false`. */
const WHITESPACE_ONLY = 'WhitespaceSplit';

/** What the parts of a tokenizer.json may be. */
const KINDS: Record<string, readonly string[]> = {
  model: ['WordPiece'],
  normalizer: ['BertNormalizer'],
  pre_tokenizer: ['BertPreTokenizer', WHITESPACE_ONLY],
};

const INPUT_NAMES = ['input_ids', 'token_type_ids', 'attention_mask'];

/**
 * Settings of a tokenizer.
 * @throws TokenizerError on files that are none of a BERT tokenizer, SyntaxError on broken JSON
 */
export function readSettings(files: TokenizerFiles, options: TokenizerOptions): TokenizerSettings {
  const json = parse(files, 'tokenizer.json');
  const config = mergedConfig(files, options);
  const model = fieldsOf(json?.model);
  const normalizer = fieldsOf(json?.normalizer);
  const decoder = fieldsOf(json?.decoder);
  if (json) checkKinds(json);
  const { continuing_subword_prefix: stored = '##', unk_token } = model;
  const prefix = checked('wordpieces_prefix', config.wordpieces_prefix ?? stored, 'string');
  const specials = specialsOf({ unk_token, ...config });
  const extra = listOf('extra_special_tokens', config.extra_special_tokens)
    .concat(listOf('additional_special_tokens', config.additional_special_tokens))
    .map((token) => addedToken(token as AddedTokenLike, true));
  const names = Object.fromEntries(specials.map(([name, token]) => [name, token.content]));
  const limit = config.model_max_length ?? config.max_len ?? Number.POSITIVE_INFINITY;
  return {
    vocab: vocabOf(files, json, prefix as string),
    encoder: {
      ...normalizerOptions(config, normalizer, fieldsOf(json?.pre_tokenizer)),
      unk_token: names.unk_token ?? '[UNK]',
      max_input_chars_per_word: maxChars(config, model),
    },
    prefix: prefix as string,
    cleanup: flag('cleanup', decoder, true),
    specialTokens: names,
    extraSpecialTokens: extra.map(({ content }) => content),
    addedTokens: addedTokensOf(files, json, config, [...specials.map(([, t]) => t), ...extra]),
    clean_up_tokenization_spaces: flag('clean_up_tokenization_spaces', config, false),
    model_max_length: checked('model_max_length', limit, 'number') as number,
    padding_side: sideOf('padding_side', config, fieldsOf(json?.padding)),
    truncation_side: sideOf('truncation_side', config, fieldsOf(json?.truncation)),
    split_special_tokens: flag('split_special_tokens', config, false),
    model_input_names: listOf(
      'model_input_names',
      config.model_input_names ?? INPUT_NAMES,
    ) as string[],
  };
}

/** Files by name, whichever of the three kinds of content is given. */
export function contentOf(content: Content): TokenizerFiles {
  if (typeof content === 'string') return { 'vocab.txt': content };
  if (typeof content !== 'object' || content === null) {
    throw new TypeError(`Cannot make a tokenizer: found ${String(content)}, expected its files`);
  }
  return 'model' in content ? { 'tokenizer.json': content } : content;
}

/** tokenizer_config.json, then special_tokens_map.json as far as Python reads it, then options. */
function mergedConfig(files: TokenizerFiles, options: TokenizerOptions): Fields {
  const config = { ...parse(files, 'tokenizer_config.json') };
  const isOld = config.added_tokens_decoder === undefined;
  const map = isOld ? parse(files, 'special_tokens_map.json') : undefined;
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...config, ...map, ...Object.fromEntries(given) };
}

function normalizerOptions(config: Fields, stored: Fields, splitter: Fields) {
  const isBasic = flag('do_basic_tokenize', config, splitter.type !== WHITESPACE_ONLY);
  const lower = isBasic && flag('do_lower_case', config, stored.lowercase ?? true);
  const given = config.strip_accents === undefined ? stored.strip_accents : config.strip_accents;
  const strip = isBasic && flag('strip_accents', { strip_accents: given ?? undefined }, lower);
  const ideographs = stored.handle_chinese_chars ?? true;
  return {
    clean_text: isBasic && flag('clean_text', config, stored.clean_text ?? true),
    tokenize_chinese_chars: isBasic && flag('tokenize_chinese_chars', config, ideographs),
    strip_accents: strip,
    do_lower_case: lower,
    split_punctuation: isBasic,
    never_split: new Set(isBasic ? (listOf('never_split', config.never_split) as string[]) : []),
  };
}

function vocabOf(files: TokenizerFiles, json: Fields | undefined, prefix: string): Vocab {
  if (json) {
    const { vocab } = fieldsOf(json.model);
    if (typeof vocab !== 'object' || vocab === null) {
      throw new TokenizerError('Cannot read tokenizer.json: found no model.vocab');
    }
    return new Vocab(Object.entries(vocab as Record<string, number>), prefix);
  }
  const text = files['vocab.txt'];
  if (typeof text === 'string') return Vocab.fromText(text, prefix);
  throw new TokenizerError('Cannot make a tokenizer: found neither tokenizer.json nor vocab.txt');
}

/** Refuses a tokenizer.json that works otherwise than BERT's. */
function checkKinds(json: Fields): void {
  for (const [part, kinds] of Object.entries(KINDS)) {
    const found = fieldsOf(json[part]).type ?? kinds[0]!;
    if (kinds.includes(String(found))) continue;
    throw new TokenizerError(
      `Cannot read tokenizer.json: ${part} is "${found}", expected "${kinds[0]}"`,
    );
  }
}

/** The named special tokens; none where a config says null. */
function specialsOf(config: Fields): [SpecialTokenName, AddedToken][] {
  return (Object.keys(SPECIAL_TOKENS) as SpecialTokenName[]).flatMap((name) => {
    const value = config[name] === undefined ? SPECIAL_TOKENS[name] : config[name];
    return value === null ? [] : [[name, addedToken(value as AddedTokenLike, true)]];
  });
}

/** Added tokens of all files in the order in which Python adds them, then the special tokens. */
function addedTokensOf(
  files: TokenizerFiles,
  json: Fields | undefined,
  config: Fields,
  specials: readonly AddedToken[],
): AddedToken[] {
  const tokens = new Map<string, AddedToken>();
  const add = (token: AddedToken) => tokens.set(token.content, token);
  const stored = listOf('added_tokens', json?.added_tokens);
  const idOf = (token: unknown) => Number(fieldsOf(token).id);
  for (const token of [...stored].sort((a, b) => idOf(a) - idOf(b))) {
    add(addedToken(token as AddedTokenLike, false));
  }
  if (config.added_tokens_decoder) {
    for (const token of Object.values(fieldsOf(config.added_tokens_decoder))) {
      add(addedToken(token as AddedTokenLike, false));
    }
  } else {
    const old = Object.entries(parse(files, 'added_tokens.json') ?? {}) as [string, number][];
    for (const [content] of old.sort((a, b) => a[1] - b[1])) {
      const isSpecial = specials.some((token) => token.content === content);
      add(addedToken(content, isSpecial));
    }
  }
  for (const token of specials) if (!tokens.has(token.content)) add(token);
  return [...tokens.values()];
}

function maxChars(config: Fields, model: Fields): number {
  const value = config.max_input_chars_per_word ?? model.max_input_chars_per_word ?? 100;
  if (Number.isInteger(value) && Number(value) > 0 && Number(value) <= 1e6) return Number(value);
  throw new TokenizerError(
    `Cannot make a tokenizer: max_input_chars_per_word is ${value}, expected 1 to 1000000`,
  );
}

function sideOf(name: string, config: Fields, stored: Fields): Side {
  return checkSide(name, String(config[name] ?? stored.direction ?? 'right').toLowerCase());
}

function flag(name: string, config: Fields, standard: unknown): boolean {
  return checked(name, config[name] ?? standard, 'boolean') as boolean;
}

function checked(name: string, value: unknown, type: 'boolean' | 'number' | 'string'): unknown {
  if (typeof value === type) return value;
  throw new TokenizerError(
    `Cannot make a tokenizer: ${name} is ${JSON.stringify(value)}, expected a ${type}`,
  );
}

/** An array, or the values of an object; an empty one for none. */
function listOf(name: string, value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'object') return Object.values(value);
  throw new TokenizerError(
    `Cannot make a tokenizer: ${name} is ${JSON.stringify(value)}, expected a list`,
  );
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function parse(files: TokenizerFiles, name: keyof TokenizerFiles): Fields | undefined {
  const content = files[name];
  if (content === undefined || content === null) return undefined;
  const value: unknown = typeof content === 'string' ? parseJson(name, content) : content;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new TokenizerError(
    `Cannot read ${name}: found ${JSON.stringify(value)}, expected an object`,
  );
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read ${name}: ${(error as Error).message}`, { cause: error });
  }
}
