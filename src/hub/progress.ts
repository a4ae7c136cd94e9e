/**
 * Progress events as transformers.js sends them (utils/core.js): initiate, download, progress, done
 * per file, and progress_total over all files of one checkpoint.
 */

import type { ByteSource } from '../platform/types.ts';

/** Bytes of one file so far and in all; an unknown `total` grows with `loaded`. */
export interface FileProgress {
  loaded: number;
  total: number;
}

/** One event; `name` is the checkpoint, `progress` runs from 0 to 100. */
export type ProgressEvent =
  | { status: 'initiate' | 'download' | 'done'; name: string; file: string }
  | ({ status: 'progress'; name: string; file: string; progress: number } & FileProgress)
  | ({
      status: 'progress_total';
      name: string;
      progress: number;
      files: Record<string, FileProgress>;
    } & FileProgress);

export type ProgressCallback = (event: ProgressEvent) => void;

/** Reports on the files of one checkpoint. */
export class Progress {
  readonly #name: string;
  readonly #callback: ProgressCallback;
  readonly #files = new Map<string, FileProgress>();

  constructor(name: string, callback: ProgressCallback) {
    this.#name = name;
    this.#callback = callback;
  }

  /** The same source; its stream reports progress. */
  watch(source: ByteSource, file: string): ByteSource {
    this.#callback({ status: 'initiate', name: this.#name, file });
    return { ...source, stream: () => this.#stream(source, file) };
  }

  async *#stream(source: ByteSource, file: string): AsyncGenerator<Uint8Array> {
    this.#callback({ status: 'download', name: this.#name, file });
    const state: FileProgress = { loaded: 0, total: source.size ?? 0 };
    this.#files.set(file, state);
    for await (const chunk of source.stream()) {
      state.loaded += chunk.length;
      state.total = Math.max(state.total, state.loaded);
      this.#report(file, state);
      yield chunk;
    }
    this.#callback({ status: 'done', name: this.#name, file });
  }

  #report(file: string, state: FileProgress): void {
    const name = this.#name;
    this.#callback({ status: 'progress', name, file, progress: percent(state), ...state });
    const sum: FileProgress = { loaded: 0, total: 0 };
    for (const { loaded, total } of this.#files.values()) {
      sum.loaded += loaded;
      sum.total += total;
    }
    const files = Object.fromEntries([...this.#files].map(([key, value]) => [key, { ...value }]));
    this.#callback({ status: 'progress_total', name, progress: percent(sum), ...sum, files });
  }
}

function percent({ loaded, total }: FileProgress): number {
  return total === 0 ? 0 : (100 * loaded) / total;
}
