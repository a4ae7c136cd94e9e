/** A tokenizer's files out of a source that src/hub opens; loaded when there is one to open. */

import { FilesError } from '../errors.ts';
import type { TokenizerFiles, TokenizerOptions } from './load.ts';

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

/** What src/hub opens. */
interface Files {
  readonly name: string;
  text(file: string): Promise<string | undefined>;
  json(file: string): Promise<unknown>;
}

/**
 * Reads the files of a tokenizer, no more of them than are needed.
 * @throws FilesError when there is neither tokenizer.json nor vocab.txt
 */
export async function openTokenizer(
  source: unknown,
  options: PretrainedOptions,
): Promise<TokenizerFiles> {
  const { openFiles } = await import('../hub/files.ts');
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
  if ((config as { added_tokens_decoder?: unknown } | undefined)?.added_tokens_decoder)
    return found;
  const [map, added] = await Promise.all([
    files.json('special_tokens_map.json'),
    files.json('added_tokens.json'),
  ]);
  found['special_tokens_map.json'] = map as object | undefined;
  found['added_tokens.json'] = added as object | undefined;
  return found;
}
