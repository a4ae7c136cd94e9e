/** A tokenizer's files out of a source that src/hub opens; loaded when there is one to open. */

import { FilesError } from '../../errors.ts';
import {
  settingsOf,
  type TokenizerOptions,
  type TokenizerParts,
  type TokenizerSettings,
} from '../api/settings.ts';
import { partsOf, type TokenizerFiles } from './read-files.ts';

/** Options of from_pretrained: those of the tokenizer, and where and how files are fetched. */
export interface PretrainedOptions extends TokenizerOptions {
  revision?: string;
  subfolder?: string;
  cache_dir?: string | null;
  local_files_only?: boolean;
  progress_callback?: ((event: never) => void) | null;
  signal?: AbortSignal;
  token?: string | null;
}

/** A class that files are read for. */
type ClassOf<T> = new (settings: TokenizerSettings) => T;

/** What src/hub opens. */
interface Files {
  readonly name: string;
  text(file: string): Promise<string | undefined>;
  json(file: string): Promise<unknown>;
}

/**
 * The settings of a tokenizer.
 * @throws FilesError when there is neither tokenizer.json nor vocab.txt
 */
export async function openTokenizer(
  source: unknown,
  options: PretrainedOptions,
): Promise<TokenizerSettings> {
  return settingsOf(await openParts(source, options));
}

/**
 * A tokenizer of the class that tokenizer_config.json names, a MobileBertTokenizer where it names
 * none.
 */
export async function openNamed<T>(
  source: unknown,
  options: PretrainedOptions,
  classes: Record<string, ClassOf<T>> & { PreTrainedTokenizer: ClassOf<T> },
): Promise<T> {
  const parts = await openParts(source, options);
  const name = String(parts.config.tokenizer_class ?? 'MobileBertTokenizer').replace(/Fast$/, '');
  const Class = new Map(Object.entries(classes)).get(name);
  if (!Class) {
    console.warn(`Unknown tokenizer class "${name}", attempting to construct from base class.`);
  }
  return new (Class ?? classes.PreTrainedTokenizer)(settingsOf(parts));
}

/** Reads the files of a tokenizer, no more of them than are needed. */
async function openParts(source: unknown, options: PretrainedOptions): Promise<TokenizerParts> {
  const { openFiles } = await import('../../hub/files.ts');
  const files: Files = await openFiles(source as never, options as never);
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
  return partsOf(found, options);
}
