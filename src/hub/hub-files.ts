/** The files of a hub id: from a cache, else from the hub; from the cache alone where that is asked. */

import { FilesError } from '../errors.ts';
import { warn } from '../log.ts';
import type { ByteSource } from '../platform/types.ts';
import { findCached, openCached } from './cached-file.ts';
import { env } from './env.ts';
import { fetchFile } from './fetch-file.ts';
import type { FilesOptions } from './options.ts';
import { UnreachableError } from './request.ts';
import { openStore, type Store } from './store.ts';

/** A hub id, and where its files are. */
export interface Repository {
  readonly id: string;
  readonly revision: string;
  /** URL of a file by its path below the repository. */
  urlOf(path: string): URL;
}

/** Files that tell that a checkpoint is cached: every one has some of them. */
const MARKS = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'vocab.txt'];

/**
 * What opens a file by its path. Files that the cache lacks are not there under `local_files_only`,
 * `env.allowRemoteModels = false`, and, with a warning, where the hub cannot be reached.
 *
 * @throws FilesError when nothing may be fetched and nothing is cached
 */
export async function openRepository(
  repository: Repository,
  options: FilesOptions,
): Promise<(path: string) => Promise<ByteSource | undefined>> {
  const store = await openStore(options);
  const find = async (path: string) => store && findCached(fileOf(repository, path), store);
  const isCached = async () => {
    const folder = options.subfolder ? `${options.subfolder}/` : '';
    for (const mark of MARKS) if (await find(folder + mark)) return true;
    return false;
  };
  let isLocal = options.local_files_only === true || !env.allowRemoteModels;
  if (isLocal && !(await isCached())) throw notCached(repository.id, options, store);

  return async (path) => {
    const found = await find(path);
    if (found || isLocal) return found;
    const file = fileOf(repository, path);
    try {
      return await (store ? openCached(file, store, options) : fetchFile(file.url, options));
    } catch (error) {
      if (!(error instanceof UnreachableError) || !(await isCached())) throw error;
      warn(`${error.message}; "${repository.id}" is loaded from the cache alone`);
      isLocal = true;
      return undefined;
    }
  };
}

function fileOf({ id, revision, urlOf }: Repository, path: string) {
  return { id, revision, path, url: urlOf(path) };
}

function notCached(id: string, options: FilesOptions, store: Store | undefined): FilesError {
  const rule = options.local_files_only
    ? '"local_files_only" is set'
    : 'env.allowRemoteModels is false';
  const place = store ? `nothing of it is in the cache "${store.name}"` : 'there is no cache';
  return new FilesError(
    `Cannot open "${id}": there is no such folder, ${place} and ${rule}, expected a local folder or an earlier download`,
    id,
  );
}
