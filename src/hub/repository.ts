/** The files of a hub id: from a cache, else from the hub, unless options forbid that. */

import { platform } from '#platform';
import { FilesError } from '../errors.ts';
import { warn } from '../log.ts';
import type { ByteSource } from '../platform/types.ts';
import { openCached } from './cached-file.ts';
import { fetchFile, fetchSize } from './download.ts';
import { AbsentError, UnreachableError } from './failures.ts';
import { cacheFolder, FileStore } from './file-store.ts';
import { isOffline } from './host.ts';
import { LazyListing, type Listing } from './listing.ts';
import { env, type FilesOptions } from './options.ts';
import { shownUrl } from './redact.ts';
import type { FileStat } from './source.ts';
import { findCached, type HubFile, removeCached, type Store } from './store.ts';
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

/** The files of a repository, as they can be reached. */
export interface RepositoryFiles {
  /** @throws AbsentError where there is none, FilesError where it cannot be fetched */
  open(path: string): Promise<ByteSource | undefined>;
  /** Bytes of a file, and whether it is cached; undefined where there is none. */
  stat(path: string): Promise<FileStat | undefined>;
  /** Whether the files that are there are known; `mayAsk` for a list, where it is not known. */
  isListed(mayAsk: boolean): Promise<boolean>;
  /** Deletes a file from the cache; false where it was not there. */
  remove(path: string): Promise<boolean>;
}

/**
 * Opens a repository. Only cached files are found with `local_files_only`, HF_HUB_OFFLINE or
 * `env.allowRemoteModels = false`, and, with a warning, once the hub cannot be reached.
 *
 * @throws FilesError when nothing may be fetched and nothing is cached
 */
export async function openRepository(
  repository: Repository,
  options: FilesOptions,
): Promise<RepositoryFiles> {
  const store = await openStore(options);
  const find = async (path: string) => store && findCached(fileOf(repository, path), store);
  const isCached = async () => {
    const folder = options.subfolder ? `${options.subfolder}/` : '';
    for (const marker of MARKERS) if (await find(folder + marker)) return true;
    return false;
  };
  let isLocal = !mayFetch(options);
  if (isLocal && !(await isCached())) throw notCached(repository.id, options, store);
  const listing = new LazyListing(repository.id, repository.revision, options);

  /** What a list says of a file. @throws AbsentError for one that is not in it */
  const listed = async (path: string, list: Listing | undefined) => {
    if (list === undefined || list.has(path)) return list?.get(path) ?? {};
    const url = shownUrl(repository.urlOf(path));
    throw new AbsentError(`Cannot fetch ${url}: the repository does not have it`, url, '', true);
  };

  const fetchListed = async (path: string): Promise<ByteSource> => {
    const known = await listed(path, await listing.before(path));
    const file = fileOf(repository, path);
    return store ? openCached(file, store, options, known) : fetchFile(file.url, options, known);
  };

  return {
    async open(path) {
      const found = await find(path);
      if (found) return withRefusal(found, fileOf(repository, path), store!);
      if (isLocal) return undefined;
      try {
        return await fetchListed(path);
      } catch (error) {
        if (error instanceof AbsentError) listing.missed();
        if (!(error instanceof UnreachableError) || !(await isCached())) throw error;
        warn(`${error.message}; "${repository.id}" is loaded from the cache alone`);
        isLocal = true;
        return undefined;
      }
    },

    async stat(path) {
      const found = await find(path);
      if (found) return { size: found.size, fromCache: true };
      if (isLocal) return undefined;
      const list = await listing.all();
      const known = await listed(path, list);
      const size = known.size ?? (await fetchSize(repository.urlOf(path), options));
      return { size, fromCache: false };
    },

    isListed: async (mayAsk) =>
      isLocal || (await (mayAsk ? listing.all() : listing.asked())) !== undefined,

    remove: async (path) => (store ? removeCached(fileOf(repository, path), store) : false),
  };
}

/** A cached file; it is dropped when its reader refuses it. */
function withRefusal(found: ByteSource, file: HubFile, store: Store): ByteSource {
  return { ...found, refuse: () => removeCached(file, store) };
}

/** Whether options, settings and environment allow requests to the hub. */
export function mayFetch({ local_files_only }: FilesOptions): boolean {
  return local_files_only !== true && env.allowRemoteModels && !isOffline();
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
    : env.allowRemoteModels
      ? 'HF_HUB_OFFLINE is set'
      : 'env.allowRemoteModels is false';
  const place = store ? `nothing of it is in the cache "${store.name}"` : 'there is no cache';
  return new FilesError(
    `Cannot open "${id}": there is no such folder, ${place} and ${rule}, expected a local folder or an earlier download`,
    id,
  );
}
