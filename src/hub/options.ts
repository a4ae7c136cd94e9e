/**
 * Options of loading: `env` for all loads, named as in transformers.js, and `FilesOptions` for one.
 */

import { log } from '../log.ts';
import type { ProgressCallback } from './progress.ts';

export { LogLevel } from '../log.ts';

/** Options common to everything that loads files of a checkpoint. */
export interface FilesOptions {
  /** Branch, tag or commit of a hub repository; 'main' by default. */
  revision?: string | undefined;
  /** Folder of the checkpoint that holds the files. */
  subfolder?: string | undefined;
  /** Use local folders and cached files only; the network is not touched. */
  local_files_only?: boolean | undefined;
  /** Called with the progress of every file. */
  progress_callback?: ProgressCallback | null | undefined;
  /** Stops loading; the load rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Cache folder for files of hub ids, instead of `env.cacheDir`. May be Python's hub cache. */
  cache_dir?: string | null | undefined;
  /**
   * Access token of the hub, for private and gated checkpoints. It is sent to the host of
   * `env.remoteHost` only. The default is HF_TOKEN of the environment, which goes to Hugging Face
   * and to HF_ENDPOINT only.
   */
  token?: string | null | undefined;
}

/**
 * A cache of the caller's own, like the Web's Cache: keys are URLs. `match` may also resolve to
 * anything else that holds a file: bytes, a Blob, a stream, a path.
 */
export interface CustomCache {
  match(key: string): Promise<object | string | undefined>;
  put(key: string, response: Response): Promise<void>;
  /** Removes an entry. Without it, a wrong file stays until it is replaced. */
  delete?(key: string): Promise<unknown>;
}

/** Global settings; assign to change them. */
export interface Environment {
  /** Version of this package. */
  readonly version: string;
  /** Whether files of hub ids may be fetched. */
  allowRemoteModels: boolean;
  /** URL of the hub, or of a mirror. Left as it is, HF_ENDPOINT of the environment replaces it. */
  remoteHost: string;
  /** Path of a repository below `remoteHost`; `{model}` and `{revision}` are filled in. */
  remotePathTemplate: string;
  /** Whether sources may be local: paths, and hub ids in `localModelPath`. */
  allowLocalModels: boolean;
  /**
   * Folder or URL with local copies: `<localModelPath>/<org>/<name>/<file>`. On a page it is a path
   * of the page's own site, which is asked once this is changed or nothing remote is allowed.
   */
  localModelPath: string;
  /** Whether files of hub ids are kept in the Web's Cache, where there is no file system. */
  useBrowserCache: boolean;
  /** Whether files of hub ids are kept in `cacheDir`, where there is a file system. */
  useFSCache: boolean;
  /** Cache folder; null for `mobilebert-wasm` in the user's cache folder. */
  cacheDir: string | null;
  /** Whether `customCache` replaces both caches. */
  useCustomCache: boolean;
  customCache: CustomCache | null;
  /** Name of the Web's Cache. */
  cacheKey: string;
  /** How often a request is repeated after a failure that may pass, such as status 503. */
  maxRetries: number;
  /** Milliseconds before the first retry; each further wait is twice as long. */
  retryDelay: number;
  /** Milliseconds without a byte after which a connection is closed and made again. */
  stallTimeout: number;
  /** Used for every request. */
  fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
  /** One of `LogLevel`. */
  logLevel: number;
}

/** The hub's own URL, which HF_ENDPOINT of the environment may replace. */
export const REMOTE_HOST = 'https://huggingface.co/';

/** Where local copies are unless somebody says otherwise. */
export const LOCAL_MODEL_PATH = '/models/';

export const env: Environment = {
  version: '0.1.0',
  allowRemoteModels: true,
  remoteHost: REMOTE_HOST,
  remotePathTemplate: '{model}/resolve/{revision}/',
  allowLocalModels: true,
  localModelPath: LOCAL_MODEL_PATH,
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
