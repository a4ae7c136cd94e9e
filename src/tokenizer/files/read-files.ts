/**
 * Reads the files of a tokenizer: tokenizer.json or vocab.txt, and if present
 * tokenizer_config.json, special_tokens_map.json and added_tokens.json. In: their contents and the
 * options of the caller. Out: their values by the names of options. Options override configs, and
 * configs override tokenizer.json (`_from_pretrained` of transformers' tokenization_utils_base.py).
 * The truncation and padding stored in tokenizer.json are ignored, as in Python.
 */

import { TokenizerError } from '../../errors.ts';
import type { AddedTokenLike } from '../text/added-tokens.ts';
import type { Fields, TokenizerOptions, TokenizerParts } from './settings.ts';

/** The contents of tokenizer files by name: text, or for JSON the parsed value. */
export interface TokenizerFiles {
  'tokenizer.json'?: string | object | undefined;
  'vocab.txt'?: string | undefined;
  'tokenizer_config.json'?: string | object | undefined;
  'special_tokens_map.json'?: string | object | undefined;
  'added_tokens.json'?: string | object | undefined;
}

/** Files by name, the parsed content of a tokenizer.json, or the text of a vocab.txt. */
export type Content = TokenizerFiles | object | string;

/** Type of the pre-tokenizer that `do_basic_tokenize: false` is saved as. */
const WHITESPACE_ONLY = 'WhitespaceSplit';

/** The supported types of each part of a tokenizer.json; the first is the default. */
const KINDS: Record<string, readonly string[]> = {
  model: ['WordPiece'],
  normalizer: ['BertNormalizer'],
  pre_tokenizer: ['BertPreTokenizer', WHITESPACE_ONLY],
};

/**
 * The values in files, overridden by options.
 * @throws TokenizerError when the files are not those of a BERT tokenizer, SyntaxError for broken
 *   JSON
 */
export function partsOf(files: TokenizerFiles, options: TokenizerOptions): TokenizerParts {
  const json = parse(files, 'tokenizer.json');
  const config = mergedConfig(files, options);
  return {
    vocabulary: vocabularyOf(files, json),
    config,
    stored: { ...storedIn(json), model_max_length: config.max_len },
    added: addedIn(files, json, config),
  };
}

/** As `partsOf`, for each kind of content. */
export function partsIn(content: Content, options: TokenizerOptions): TokenizerParts {
  if (typeof content === 'string') return partsOf({ 'vocab.txt': content }, options);
  if (typeof content !== 'object' || content === null) {
    throw new TypeError(`Cannot make a tokenizer: found ${String(content)}, expected its files`);
  }
  return partsOf('model' in content ? { 'tokenizer.json': content } : content, options);
}

/**
 * tokenizer_config.json, overridden by options. As in Python, an old config, which has no
 * added_tokens_decoder, is also overridden by special_tokens_map.json.
 */
function mergedConfig(files: TokenizerFiles, options: TokenizerOptions): Fields {
  const config = { ...parse(files, 'tokenizer_config.json') };
  const isOld = config.added_tokens_decoder === undefined;
  const map = isOld ? parse(files, 'special_tokens_map.json') : undefined;
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...config, ...map, ...Object.fromEntries(given) };
}

/** The values in a tokenizer.json. @throws TokenizerError for a part of another type */
function storedIn(json: Fields | undefined): Fields {
  const [model, normalizer, splitter] = Object.entries(KINDS).map(([part, kinds]) => {
    const fields = fieldsOf(json?.[part]);
    const found = fields.type ?? kinds[0]!;
    if (kinds.includes(String(found))) return fields;
    throw new TokenizerError(
      `Cannot read tokenizer.json: ${part} is "${found}", expected "${kinds[0]}"`,
    );
  }) as [Fields, Fields, Fields];
  const { lowercase, strip_accents, handle_chinese_chars, clean_text } = normalizer;
  return {
    do_basic_tokenize: splitter.type !== WHITESPACE_ONLY,
    do_lower_case: lowercase,
    strip_accents,
    tokenize_chinese_chars: handle_chinese_chars,
    clean_text,
    wordpieces_prefix: model.continuing_subword_prefix,
    max_input_chars_per_word: model.max_input_chars_per_word,
    unk_token: model.unk_token,
    cleanup: fieldsOf(json?.decoder).cleanup,
    padding_side: fieldsOf(json?.padding).direction,
    truncation_side: fieldsOf(json?.truncation).direction,
  };
}

function vocabularyOf(
  files: TokenizerFiles,
  json: Fields | undefined,
): TokenizerParts['vocabulary'] {
  if (json) {
    const { vocab } = fieldsOf(json.model);
    if (typeof vocab === 'object' && vocab !== null) return Object.entries(vocab);
    throw new TokenizerError('Cannot read tokenizer.json: found no model.vocab');
  }
  const text = files['vocab.txt'];
  if (typeof text === 'string') return text;
  throw new TokenizerError('Cannot make a tokenizer: found neither tokenizer.json nor vocab.txt');
}

/**
 * The added tokens of tokenizer.json; without an added_tokens_decoder also of added_tokens.json.
 */
function addedIn(
  files: TokenizerFiles,
  json: Fields | undefined,
  config: Fields,
): AddedTokenLike[] {
  const idOf = (token: unknown) => Number(fieldsOf(token).id);
  const stored = Object.values(fieldsOf(json?.added_tokens)).sort((a, b) => idOf(a) - idOf(b));
  if (config.added_tokens_decoder) return stored as AddedTokenLike[];
  const old = Object.entries(parse(files, 'added_tokens.json') ?? {}) as [string, number][];
  const contents = old.sort((a, b) => a[1] - b[1]).map(([content]) => content);
  return [...(stored as AddedTokenLike[]), ...contents];
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** The parsed content of a JSON file; undefined when there is none. */
function parse(files: TokenizerFiles, name: keyof TokenizerFiles): Fields | undefined {
  let value: unknown = files[name] ?? undefined;
  if (value === undefined) return undefined;
  try {
    if (typeof value === 'string') value = JSON.parse(value);
  } catch (error) {
    throw new SyntaxError(`Cannot read ${name}: ${(error as Error).message}`, { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new TokenizerError(
    `Cannot read ${name}: found ${JSON.stringify(value)}, expected an object`,
  );
}
