/** The files of a hub id: from a cache, else from the hub, unless options forbid that. */

import { platform } from '#platform';
import { FilesError } from '../errors.ts';
import { warn } from '../log.ts';
import type { ByteSource } from '../platform/types.ts';
import { openCached } from './cached-file.ts';
import { fetchFile } from './download.ts';
import { cacheFolder, FileStore } from './file-store.ts';
import { env, type FilesOptions } from './options.ts';
import { UnreachableError } from './request.ts';
import { findCached, type HubFile, type Store } from './store.ts';
import { WebStore } from './web-store.ts';

/** A hub id, a revision and the URLs of its files. */
export interface Repository {
  readonly id: string;
  readonly revision: string;
  /** URL of a file by its path below the repository. */
  urlOf(path: string): URL;
}

/** Every checkpoint has one of these files: if none is cached, nothing of it is. */
const MARKERS = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'vocab.txt'];

/**
 * Returns a function that opens a file by its path; undefined when there is none. Only cached files
 * are found with `local_files_only` or `env.allowRemoteModels = false`, and, with a warning, once
 * the hub cannot be reached.
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
    for (const marker of MARKERS) if (await find(folder + marker)) return true;
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

/**
 * The store that settings and runtime allow; undefined for none.
 *
 * @throws TypeError when `env.useCustomCache` is set and `env.customCache` is no cache
 */
async function openStore({ cache_dir }: FilesOptions): Promise<Store | undefined> {
  if (env.useCustomCache) {
    const { customCache: cache } = env;
    if (typeof cache?.match === 'function' && typeof cache.put === 'function') {
      return new WebStore('env.customCache', cache);
    }
    throw new TypeError(
      'Cannot open the cache: env.useCustomCache is set, expected an env.customCache with match() and put()',
    );
  }
  try {
    if (platform.disk) return env.useFSCache ? new FileStore(cacheFolder(cache_dir)) : undefined;
    if (env.useBrowserCache && typeof caches === 'object') {
      return new WebStore(env.cacheKey, await caches.open(env.cacheKey));
    }
  } catch (error) {
    // For example in a frame without storage, or where the home folder may not be read.
    warn(`files are not cached: ${(error as Error).message}`);
  }
  return undefined;
}

function fileOf({ id, revision, urlOf }: Repository, path: string): HubFile {
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
