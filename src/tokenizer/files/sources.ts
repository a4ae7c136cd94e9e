/**
 * Opens a tokenizer: finds its files in a hub id, folder, URL or map of files, and reads them.
 * Imported dynamically by `from_pretrained`, and imports src/hub dynamically, to keep the entry
 * `mobilebert-wasm/tokenizer` small.
 */

import { FilesError } from '../../errors.ts';
import { warn } from '../../log.ts';
import { checkOptionNames, type OptionNames } from '../../options.ts';
import { shown } from '../text/shown.ts';
import { partsOf, type TokenizerFiles } from './read-files.ts';
import {
  settingsOf,
  TOKENIZER_NAMES,
  type TokenizerOptions,
  type TokenizerParts,
  type TokenizerSettings,
} from './settings.ts';

/** Options of from_pretrained: those of the tokenizer, and those of src/hub for its files. */
export interface PretrainedOptions extends TokenizerOptions {
  revision?: string;
  subfolder?: string;
  cache_dir?: string | null;
  local_files_only?: boolean;
  progress_callback?: ((event: never) => void) | null;
  signal?: AbortSignal;
  token?: string | null;
  /** Needless: the plain and the fast classes are one. */
  use_fast?: boolean;
  /** Needless: no code of a checkpoint is run. */
  trust_remote_code?: boolean;
}

const FILES_NAMES = {
  revision: true,
  subfolder: true,
  cache_dir: true,
  local_files_only: true,
  progress_callback: true,
  signal: true,
  token: true,
} as const;

const NAMES: OptionNames<PretrainedOptions> = {
  ...TOKENIZER_NAMES,
  ...FILES_NAMES,
  use_fast: true,
  trust_remote_code: true,
};

/** The class of a tokenizer. */
type ClassOf<T> = new (settings: TokenizerSettings) => T;

/** The part of src/hub's PretrainedFiles that is used here. */
interface Files {
  readonly name: string;
  text(file: string): Promise<string | undefined>;
  json(file: string): Promise<unknown>;
  complete(): void;
}

/**
 * The settings of the tokenizer at a source.
 * @throws FilesError when there is neither tokenizer.json nor vocab.txt
 */
export async function openTokenizer(
  source: unknown,
  options: PretrainedOptions,
): Promise<TokenizerSettings> {
  return settingsOf(await openParts(source, options));
}

/**
 * The tokenizer at a source. Its class is the one that tokenizer_config.json names, or
 * MobileBertTokenizer when it names none.
 * @param classes the classes by name; an unknown name gives a PreTrainedTokenizer and a warning
 * @throws FilesError when there is neither tokenizer.json nor vocab.txt
 */
export async function openNamed<T>(
  source: unknown,
  options: PretrainedOptions,
  classes: Record<string, ClassOf<T>> & { PreTrainedTokenizer: ClassOf<T> },
): Promise<T> {
  const parts = await openParts(source, options);
  const named = parts.config.tokenizer_class ?? 'MobileBertTokenizer';
  const name = typeof named === 'string' ? named.replace(/Fast$/, '') : shown(named);
  const Class = new Map(Object.entries(classes)).get(name);
  if (!Class) {
    warn(`Unknown tokenizer class "${name}", attempting to construct from base class.`);
  }
  return new (Class ?? classes.PreTrainedTokenizer)(settingsOf(parts));
}

/** Reads the files of a tokenizer, only those that are needed. */
async function openParts(source: unknown, options: PretrainedOptions): Promise<TokenizerParts> {
  checkOptionNames('load a tokenizer', options, NAMES);
  const given = Object.entries(options ?? {});
  const isOfFiles = ([name]: [string, unknown]) => Object.hasOwn(FILES_NAMES, name);
  const filesOptions = Object.fromEntries(given.filter(isOfFiles));
  // transformers.js names its folder of models; tokenizers lie beside it.
  if (filesOptions.subfolder === 'onnx') delete filesOptions.subfolder;
  const { openFiles } = await import('../../hub/files.ts');
  const files: Files = await openFiles(source as never, filesOptions as never, 1);
  const [tokenizer, config] = await Promise.all([
    files.json('tokenizer.json'),
    files.json('tokenizer_config.json'),
  ]);
  const vocab = tokenizer === undefined ? await files.text('vocab.txt') : undefined;
  if (tokenizer === undefined && vocab === undefined) {
    throw new FilesError(
      `Cannot load a tokenizer from "${files.name}": found neither tokenizer.json nor vocab.txt`,
      'vocab.txt',
    );
  }
  const found: TokenizerFiles = {
    'tokenizer.json': tokenizer as object | undefined,
    'vocab.txt': vocab,
    'tokenizer_config.json': config as object | undefined,
  };
  if (!(config as { added_tokens_decoder?: unknown } | undefined)?.added_tokens_decoder) {
    const [map, added] = await Promise.all([
      files.json('special_tokens_map.json'),
      files.json('added_tokens.json'),
    ]);
    found['special_tokens_map.json'] = map as object | undefined;
    found['added_tokens.json'] = added as object | undefined;
  }
  files.complete();
  return partsOf(found, Object.fromEntries(given.filter((pair) => !isOfFiles(pair))));
}
