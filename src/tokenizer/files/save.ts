/**
 * Writes the files of a tokenizer: tokenizer.json, which the Rust tokenizers read, vocab.txt and
 * the configs. In: a tokenizer and its settings. Out: contents by name.
 */

import type { AddedToken } from '../text/added-tokens.ts';
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
  readonly cls_token: string | null;
  readonly sep_token: string | null;
  convert_tokens_to_ids(tokens: readonly string[]): number[];
}

/** The contents of all files of a tokenizer. */
export function savedFiles(
  tokenizer: Saved,
  settings: TokenizerSettings,
  { filename_prefix, legacy_format }: Omit<SaveOptions, 'write'>,
): Record<string, string> {
  const files: Record<string, string> = {
    'tokenizer_config.json': json(configOf(tokenizer, settings)),
  };
  if (legacy_format !== true) files['tokenizer.json'] = json(tokenizerJson(tokenizer, settings));
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
  { write }: SaveOptions,
): Promise<string[]> {
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
    do_basic_tokenize: settings.do_basic_tokenize,
    do_lower_case: settings.do_lower_case,
    never_split: [...settings.never_split],
    // Python writes 1e30 when nothing limits the length.
    model_max_length: Math.min(tokenizer.model_max_length, 1e30),
    padding_side: tokenizer.padding_side,
    strip_accents: settings.strip_accents,
    tokenize_chinese_chars: settings.tokenize_chinese_chars,
    tokenizer_class: tokenizer.tokenizer_class,
    truncation_side: tokenizer.truncation_side,
    wordpieces_prefix: settings.wordpieces_prefix,
  };
}

function tokenizerJson(tokenizer: Saved, settings: TokenizerSettings): object {
  const { wordpieces_prefix: prefix, cleanup, vocab } = settings;
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
    post_processor: postProcessor(tokenizer),
    decoder: { type: 'WordPiece', prefix, cleanup },
    model: {
      type: 'WordPiece',
      unk_token: settings.unk_token,
      continuing_subword_prefix: prefix,
      max_input_chars_per_word: settings.max_input_chars_per_word,
      vocab: Object.fromEntries(vocab.entries()),
    },
  };
}

/** [CLS] A [SEP] B [SEP] in the format of the Rust tokenizers. */
function postProcessor(tokenizer: Saved): object {
  const cls = tokenizer.cls_token!;
  const sep = tokenizer.sep_token!;
  const special = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  const single = [special(cls, 0), sequence('A', 0), special(sep, 0)];
  const ids = tokenizer.convert_tokens_to_ids([cls, sep]);
  return {
    type: 'TemplateProcessing',
    single,
    pair: [...single, sequence('B', 1), special(sep, 1)],
    special_tokens: Object.fromEntries(
      [cls, sep].map((id, i) => [id, { id, ids: [ids[i]], tokens: [id] }]),
    ),
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
