/**
 * Where files of hub ids are kept: a store of one's own, files, or the Web's Cache. Layout and names are
 * transformers.js' (utils/hub.js, utils/cache.js), so that either finds what the other has loaded.
 */

import { platform } from '#platform';
import { warn } from '../log.ts';
import type { ByteSource, PartFile } from '../platform/types.ts';
import type { Declared } from './declared.ts';
import { env } from './env.ts';
import { FileStore } from './file-store.ts';
import type { FilesOptions } from './options.ts';
import { WebStore } from './web-store.ts';

/** A file of a hub id. */
export interface HubFile {
  /** `org/name` */
  readonly id: string;
  readonly revision: string;
  /** Path below the repository. */
  readonly path: string;
  readonly url: URL;
}

/** A file on its way into a store: of a disk or not, what a part of a file can do. */
export type Sink = PartFile;

/** Files that are kept, whatever keeps them. */
export interface Store {
  /** Tells stores apart. */
  readonly name: string;
  find(file: HubFile): Promise<ByteSource | undefined>;
  sink(file: HubFile, declared: Declared): Promise<Sink>;
}

/**
 * The store that settings and runtime allow; undefined for none.
 *
 * @throws TypeError when `env.useCustomCache` is set and `env.customCache` is no cache
 */
export async function openStore({ cache_dir }: FilesOptions): Promise<Store | undefined> {
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
    // As in a frame without storage, or a process that may not ask for its home.
    warn(`files are not cached: ${(error as Error).message}`);
  }
  return undefined;
}

/** The folder of `FileStore`, in a runtime that has a disk. */
export function cacheFolder(cache_dir?: string | null): string {
  return cache_dir ?? env.cacheDir ?? `${platform.disk!.cacheFolder()}/mobilebert-wasm`;
}
