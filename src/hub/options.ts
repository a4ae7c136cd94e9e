/** Options common to everything that loads files of a checkpoint. */

import type { ProgressCallback } from './progress.ts';

export interface FilesOptions {
  /** Branch, tag or commit of a hub repository; 'main' by default. */
  revision?: string | undefined;
  /** Folder of the checkpoint that holds the files. */
  subfolder?: string | undefined;
  /** Refuse to touch the network. */
  local_files_only?: boolean | undefined;
  /** Told of every file's progress. */
  progress_callback?: ProgressCallback | null | undefined;
  /** Stops loading; the load rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Taken for compatibility; nothing is cached yet. */
  cache_dir?: string | null | undefined;
}
