/**
 * Reads the files of a tokenizer: tokenizer.json or vocab.txt, and if present
 * tokenizer_config.json, special_tokens_map.json and added_tokens.json. In: their contents and the
 * options of the caller. Out: their values by the names of options. Options override configs, and
 * configs override tokenizer.json (`_from_pretrained` of transformers' tokenization_utils_base.py).
 * Of the truncation and padding stored in tokenizer.json, sides and the padding token are
 * taken, as in Python: whether a call truncates and pads, its options say.
 */

import { TokenizerError } from '../../errors.ts';
import type { TemplateParts } from '../batch/rows.ts';
import { type AddedTokenLike, addedToken, SPECIAL_TOKENS } from '../text/added-tokens.ts';
import { shown } from '../text/shown.ts';
import { checkText, parseFile } from './parse-file.ts';
import { renamed, templateOf } from './post-processor.ts';
import type { Fields, TokenizerOptions, TokenizerParts } from './settings.ts';
import { fieldsOf, storedIn } from './tokenizer-json.ts';

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

/**
 * The values in files, overridden by options.
 * @throws TokenizerError when the files are not those of a BERT tokenizer, SyntaxError for broken
 *   JSON
 */
export function partsOf(files: TokenizerFiles, options: TokenizerOptions): TokenizerParts {
  const json = parseFile('tokenizer.json', files['tokenizer.json']);
  const fileConfig = configIn(files, json);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const config: Fields = { ...fileConfig, ...Object.fromEntries(given) };
  const stored = { ...storedIn(json), model_max_length: config.max_len };
  return {
    vocabulary: vocabularyOf(files, json),
    config,
    stored,
    added: addedIn(files, json, config),
    template: templateIn(json, fileConfig, options),
  };
}

/** As `partsOf`, for each kind of content. */
export function partsIn(content: Content, options: TokenizerOptions): TokenizerParts {
  if (typeof content === 'string') return partsOf({ 'vocab.txt': content }, options);
  if (typeof content !== 'object' || content === null) {
    throw new TypeError(`Cannot make a tokenizer: found ${shown(content)}, expected its files`);
  }
  return partsOf('model' in content ? { 'tokenizer.json': content } : content, options);
}

/**
 * tokenizer_config.json. As in Python, an old one, which has no added_tokens_decoder, is overridden
 * by special_tokens_map.json.
 */
function configIn(files: TokenizerFiles, json: Fields | undefined): Fields {
  const config: Record<string, unknown> = {
    ...parseFile('tokenizer_config.json', files['tokenizer_config.json']),
  };
  const isOld = config.added_tokens_decoder === undefined;
  const map = isOld
    ? parseFile('special_tokens_map.json', files['special_tokens_map.json'])
    : undefined;
  // Python writes `true` for any tokenizer; only tokenizer.json knows how words are split.
  if (json?.pre_tokenizer !== undefined && config.do_basic_tokenize === true) {
    delete config.do_basic_tokenize;
  }
  return { ...config, ...map };
}

function vocabularyOf(
  files: TokenizerFiles,
  json: Fields | undefined,
): TokenizerParts['vocabulary'] {
  if (json) {
    const { vocab } = fieldsOf(json.model);
    const isMap = typeof vocab === 'object' && vocab !== null && !Array.isArray(vocab);
    if (isMap) return Object.entries(vocab) as [string, number][];
    const found = vocab === undefined ? 'no model.vocab' : `model.vocab as ${shown(vocab)}`;
    throw new TokenizerError(`Cannot read tokenizer.json: found ${found}, expected ids by token`);
  }
  const text = files['vocab.txt'];
  if (typeof text === 'string') {
    checkText('vocab.txt', text);
    return text;
  }
  if (text !== undefined && text !== null) {
    throw new TypeError(`Cannot read vocab.txt: found ${shown(text)}, expected its text`);
  }
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
  const stored = json?.added_tokens ?? [];
  if (!Array.isArray(stored)) {
    throw new TokenizerError(
      `Cannot read tokenizer.json: added_tokens is ${shown(stored)}, expected a list`,
    );
  }
  if (config.added_tokens_decoder) return stored;
  const old = Object.entries(parseFile('added_tokens.json', files['added_tokens.json']) ?? {});
  for (const [content, id] of old) {
    if (typeof id === 'number') continue;
    throw new TokenizerError(
      `Cannot read added_tokens.json: ${shown(content)} has id ${shown(id)}, expected a number`,
    );
  }
  const contents = (old as [string, number][]).sort((a, b) => a[1] - b[1]).map(([text]) => text);
  return [...stored, ...contents];
}

/** The template of a tokenizer.json, with the special tokens that the caller chose. */
function templateIn(
  json: Fields | undefined,
  config: Fields,
  options: TokenizerOptions,
): TemplateParts | undefined {
  if (json?.post_processor === undefined) return undefined;
  const names = new Map<string, string>();
  for (const name of ['cls_token', 'sep_token'] as const) {
    const chosen = options[name];
    if (chosen != null) {
      names.set(contentOf(config[name] ?? SPECIAL_TOKENS[name]), contentOf(chosen));
    }
  }
  return renamed(templateOf(json.post_processor), names);
}

function contentOf(token: unknown): string {
  return addedToken(token as AddedTokenLike, true).content;
}
