/**
 * Writes the files of a tokenizer: tokenizer.json, which the Rust tokenizers read, vocab.txt and
 * the configs. In: a tokenizer and its settings. Out: contents by name.
 */

import { checkOptionNames, type OptionNames } from '../../options.ts';
import type { Layout, Template } from '../batch/rows.ts';
import type { AddedToken } from '../text/added-tokens.ts';
import { shown } from '../text/shown.ts';
import type { TokenizerSettings } from './settings.ts';

/** Options of save_pretrained and save_vocabulary. */
export interface SaveOptions {
  /** Starts the name of each file, followed by a dash. */
  filename_prefix?: string | null;
  /** `true`: all except tokenizer.json; `false`: only tokenizer.json and tokenizer_config.json. */
  legacy_format?: boolean | null;
  /** Writes one file. */
  write: (path: string, content: string) => void | Promise<void>;
}

/** The properties of a tokenizer that are saved. */
interface Saved {
  readonly tokenizer_class: string;
  readonly added_tokens_decoder: ReadonlyMap<number, AddedToken>;
  readonly special_tokens_map: Partial<Record<string, string>>;
  readonly extra_special_tokens: readonly string[];
  readonly model_max_length: number;
  readonly padding_side: string;
  readonly truncation_side: string;
  readonly clean_up_tokenization_spaces: boolean;
  readonly pad_token_type_id: number;
  convert_ids_to_tokens(id: number): string;
}

/** Options of `save_files`. */
export type FileOptions = Omit<SaveOptions, 'write'>;

/** Options of `save_vocabulary`. */
export type VocabularyOptions = Omit<SaveOptions, 'legacy_format'>;

/** The options of each method. */
const NAMES = {
  save_files: { filename_prefix: true, legacy_format: true } satisfies OptionNames<FileOptions>,
  save_pretrained: {
    filename_prefix: true,
    legacy_format: true,
    write: true,
  } satisfies OptionNames<SaveOptions>,
  save_vocabulary: {
    filename_prefix: true,
    write: true,
  } satisfies OptionNames<VocabularyOptions>,
};

/** @throws TypeError for an option that nothing reads, and without options where they are needed */
export function checkSaveOptions(method: keyof typeof NAMES, options: unknown): void {
  if (options === undefined || options === null) {
    throw new TypeError('Cannot save: found no options, expected { write }');
  }
  checkOptionNames('save a tokenizer', options, NAMES[method]);
}

/** The contents of all files of a tokenizer. */
export function savedFiles(
  tokenizer: Saved,
  settings: TokenizerSettings,
  template: Template,
  { filename_prefix, legacy_format }: Omit<SaveOptions, 'write'>,
): Record<string, string> {
  const files: Record<string, string> = {
    'tokenizer_config.json': json(configOf(tokenizer, settings)),
  };
  if (legacy_format !== true)
    files['tokenizer.json'] = json(tokenizerJson(tokenizer, settings, template));
  if (legacy_format !== false) {
    files['vocab.txt'] = vocabularyText(settings);
    files['special_tokens_map.json'] = json(tokenizer.special_tokens_map);
    const beyond = [...tokenizer.added_tokens_decoder]
      .filter(([, token]) => settings.vocab.id(token.content) < 0)
      .map(([id, token]) => [token.content, id] as const);
    if (beyond.length > 0) files['added_tokens.json'] = json(Object.fromEntries(beyond));
  }
  return prefixed(files, filename_prefix);
}

/** The content of vocab.txt alone. */
export function savedVocabulary(
  settings: TokenizerSettings,
  { filename_prefix }: Pick<SaveOptions, 'filename_prefix'>,
): Record<string, string> {
  return prefixed({ 'vocab.txt': vocabularyText(settings) }, filename_prefix);
}

/** Writes files into a folder. @returns their paths */
export async function writeFiles(
  directory: string,
  files: Record<string, string>,
  { write }: Pick<SaveOptions, 'write'>,
): Promise<string[]> {
  if (typeof directory !== 'string') {
    throw new TypeError(`Cannot save: found ${shown(directory)} for a folder, expected its path`);
  }
  if (typeof write !== 'function') {
    throw new TypeError(`Cannot save: write is ${typeof write}, expected a function`);
  }
  const paths: string[] = [];
  for (const [name, content] of Object.entries(files)) {
    const path = `${directory.replace(/\/$/, '')}/${name}`;
    await write(path, content);
    paths.push(path);
  }
  return paths;
}

function prefixed(
  files: Record<string, string>,
  prefix: string | null | undefined,
): Record<string, string> {
  const start = prefix ? `${prefix}-` : '';
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [start + name, text]));
}

/** One token per line, in order of ids. */
function vocabularyText({ vocab }: TokenizerSettings): string {
  return vocab
    .entries()
    .map(([token]) => `${token}\n`)
    .join('');
}

function configOf(tokenizer: Saved, settings: TokenizerSettings): object {
  const byId = Object.fromEntries(tokenizer.added_tokens_decoder);
  return {
    added_tokens_decoder: byId,
    ...tokenizer.special_tokens_map,
    ...(tokenizer.extra_special_tokens.length > 0 && {
      extra_special_tokens: tokenizer.extra_special_tokens,
    }),
    clean_up_tokenization_spaces: tokenizer.clean_up_tokenization_spaces,
    clean_text: settings.clean_text,
    // With a normalizer, splitting at white space alone has no option; tokenizer.json says it.
    ...(isOption(settings) && { do_basic_tokenize: settings.do_basic_tokenize }),
    do_lower_case: settings.do_lower_case,
    never_split: [...settings.never_split],
    // Python writes 1e30 when nothing limits the length.
    model_max_length: Math.min(tokenizer.model_max_length, 1e30),
    pad_token_type_id: tokenizer.pad_token_type_id,
    padding_side: tokenizer.padding_side,
    strip_accents: settings.strip_accents,
    tokenize_chinese_chars: settings.tokenize_chinese_chars,
    tokenizer_class: tokenizer.tokenizer_class,
    truncation_side: tokenizer.truncation_side,
    wordpieces_prefix: settings.wordpieces_prefix,
  };
}

function tokenizerJson(tokenizer: Saved, settings: TokenizerSettings, template: Template): object {
  const { wordpieces_prefix: prefix, decoder, vocab } = settings;
  const added = [...tokenizer.added_tokens_decoder].sort((a, b) => a[0] - b[0]);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map(([id, token]) => ({ id, ...token })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: settings.clean_text,
      handle_chinese_chars: settings.tokenize_chinese_chars,
      strip_accents: settings.strip_accents,
      lowercase: settings.do_lower_case,
    },
    pre_tokenizer: { type: settings.do_basic_tokenize ? 'BertPreTokenizer' : 'WhitespaceSplit' },
    post_processor: postProcessor(tokenizer, template),
    decoder: decoder && { type: 'WordPiece', ...decoder },
    model: {
      type: 'WordPiece',
      unk_token: settings.unk_token,
      continuing_subword_prefix: prefix,
      max_input_chars_per_word: settings.max_input_chars_per_word,
      vocab: Object.fromEntries(vocab.entries()),
    },
  };
}

/** Whether `do_basic_tokenize` says how the tokenizer splits and normalizes. */
function isOption(settings: TokenizerSettings): boolean {
  const { do_basic_tokenize, clean_text, do_lower_case } = settings;
  const { strip_accents, tokenize_chinese_chars } = settings;
  const isNormalized = clean_text || do_lower_case || strip_accents || tokenize_chinese_chars;
  return do_basic_tokenize || !isNormalized;
}

/** The template in the format of the Rust tokenizers. */
function postProcessor(tokenizer: Saved, { single, pair }: Template): object {
  const names = new Map<number, string>();
  for (const { text, id } of [...single.parts, ...pair.parts]) {
    if (text >= 0 || names.has(id)) continue;
    // Two ids may have one token, and an id beyond the vocabulary has none.
    const token = nameOf(tokenizer, id);
    names.set(id, [...names.values()].includes(token) ? `${token}#${id}` : token);
  }
  const pieces = ({ parts }: Layout) =>
    parts.map(({ text, id, typeId: type_id }) =>
      text < 0
        ? { SpecialToken: { id: names.get(id)!, type_id } }
        : { Sequence: { id: 'AB'[text], type_id } },
    );
  return {
    type: 'TemplateProcessing',
    single: pieces(single),
    pair: pieces(pair),
    special_tokens: Object.fromEntries(
      [...names].map(([id, token]) => [token, { id: token, ids: [id], tokens: [token] }]),
    ),
  };
}

function nameOf(tokenizer: Saved, id: number): string {
  try {
    return tokenizer.convert_ids_to_tokens(id);
  } catch {
    return '';
  }
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
