/** Settings shared by all loading, named as transformers.js names them. */

import { log } from '../log.ts';

export { LogLevel } from '../log.ts';

/**
 * A cache of one's own, as the Web's Cache: keys are URLs. `match` may also give whatever else
 * stands for a file: bytes, a Blob, a stream, a path.
 */
export interface CustomCache {
  match(key: string): Promise<object | string | undefined>;
  put(key: string, response: Response): Promise<void>;
}

/** Global settings; assign to change them. */
export interface Environment {
  /** Version of this package. */
  readonly version: string;
  /** Whether anything may be fetched for a hub id. */
  allowRemoteModels: boolean;
  /** The hub, or a mirror of it. */
  remoteHost: string;
  /** Path of a file's folder below `remoteHost`; `{model}` and `{revision}` are filled in. */
  remotePathTemplate: string;
  /** Whether a hub id may be found in `localModelPath`, and a path be read. */
  allowLocalModels: boolean;
  /** Folder with local copies: `<localModelPath>/<org>/<name>/<file>`. */
  localModelPath: string;
  /** Whether files of hub ids are kept in the Web's Cache, where there is no file system. */
  useBrowserCache: boolean;
  /** Whether files of hub ids are kept in `cacheDir`, where there is a file system. */
  useFSCache: boolean;
  /** That folder; null for `mobilebert-wasm` in the user's folder for caches. */
  cacheDir: string | null;
  /** Whether `customCache` is used in place of both. */
  useCustomCache: boolean;
  customCache: CustomCache | null;
  /** Name of the Web's Cache. */
  cacheKey: string;
  /** How often a request that failed for a passing reason is made again. */
  maxRetries: number;
  /** Milliseconds before the first time; each further wait is twice as long. */
  retryDelay: number;
  /** Milliseconds without a byte after which a connection is given up. */
  stallTimeout: number;
  /** Used for every request. */
  fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
  /** One of `LogLevel`. */
  logLevel: number;
}

export const env: Environment = {
  version: '0.1.0',
  allowRemoteModels: true,
  remoteHost: 'https://huggingface.co/',
  remotePathTemplate: '{model}/resolve/{revision}/',
  allowLocalModels: true,
  localModelPath: '/models/',
  useBrowserCache: true,
  useFSCache: true,
  cacheDir: null,
  useCustomCache: false,
  customCache: null,
  cacheKey: 'transformers-cache',
  maxRetries: 5,
  retryDelay: 500,
  stallTimeout: 30_000,
  fetch: (url, init) => globalThis.fetch(url, init),
  get logLevel() {
    return log.level;
  },
  set logLevel(level) {
    log.level = level;
  },
};
