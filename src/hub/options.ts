/** Options common to everything that loads files of a checkpoint. */

import type { ProgressCallback } from './progress.ts';

export interface FilesOptions {
  /** Branch, tag or commit of a hub repository; 'main' by default. */
  revision?: string | undefined;
  /** Folder of the checkpoint that holds the files. */
  subfolder?: string | undefined;
  /** Refuse to touch the network: only folders and what a cache holds. */
  local_files_only?: boolean | undefined;
  /** Told of every file's progress. */
  progress_callback?: ProgressCallback | null | undefined;
  /** Stops loading; the load rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Folder to keep files of hub ids in, for `env.cacheDir`; Python's hub cache there is read too. */
  cache_dir?: string | null | undefined;
  /**
   * Access token of the hub, for private and gated checkpoints. Goes to the host of `env.remoteHost`
   * and nowhere else. By default HF_TOKEN of the environment, which no mirror gets.
   */
  token?: string | null | undefined;
}
