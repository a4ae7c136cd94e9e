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

/**
 * One event; `name` is the checkpoint, `progress` runs from 0 to 100. `progress_total` is sent from
 * the moment on when all files are known, so its `total` is that of the whole load: it never falls,
 * and ends at 100.
 */
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

interface State extends FileProgress {
  /** Whether `total` was known before the file was read. */
  readonly isKnown: boolean;
  isDone: boolean;
}

/** Reports on the files of one checkpoint. */
export class Progress {
  readonly #name: string;
  readonly #callback: ProgressCallback;
  readonly #files = new Map<string, State>();
  /** Loads that may still open files. */
  #openLoads: number;
  /** What the last event of all files said. */
  #percent = 0;

  /** @param loads how many loads call `complete` */
  constructor(name: string, callback: ProgressCallback, loads: number) {
    this.#name = name;
    this.#callback = callback;
    this.#openLoads = loads;
  }

  /** The same source; its stream reports progress. */
  watch(source: ByteSource, file: string): ByteSource {
    this.#callback({ status: 'initiate', name: this.#name, file });
    this.expect(file, source.size);
    // Reads at an offset look up the structure of a file whose values are streamed.
    return { ...source, stream: () => this.#stream(source, file) };
  }

  /** Counts a file that will be read. */
  expect(file: string, size: number | undefined): void {
    if (this.#files.has(file)) return;
    const isKnown = size !== undefined;
    this.#files.set(file, { loaded: 0, total: size ?? 0, isKnown, isDone: false });
  }

  /** Says that a load has opened all its files. Totals are sent once all loads have. */
  complete(): void {
    this.#openLoads--;
    if (this.#openLoads === 0) this.#reportAll();
  }

  async *#stream(source: ByteSource, file: string): AsyncGenerator<Uint8Array> {
    const state = this.#begin(file);
    let loaded = 0;
    for await (const chunk of source.stream()) {
      loaded += chunk.length;
      this.#advance(file, state, loaded);
      yield chunk;
    }
    this.#end(file, state);
  }

  #begin(file: string): State {
    this.#callback({ status: 'download', name: this.#name, file });
    return this.#files.get(file)!;
  }

  #advance(file: string, state: State, loaded: number): void {
    // A file that is read again does not begin anew.
    state.loaded = Math.max(state.loaded, loaded);
    state.total = Math.max(state.total, state.loaded);
    const { total } = state;
    const progress = percent(state);
    this.#callback({
      status: 'progress',
      name: this.#name,
      file,
      progress,
      loaded: state.loaded,
      total,
    });
    if (this.#openLoads <= 0) this.#reportAll();
  }

  #end(file: string, state: State): void {
    state.isDone = true;
    if (!state.isKnown && this.#openLoads <= 0) this.#reportAll();
    this.#callback({ status: 'done', name: this.#name, file });
  }

  #reportAll(): void {
    const sum: FileProgress = { loaded: 0, total: 0 };
    let isDone = true;
    for (const { loaded, total, isKnown, ...state } of this.#files.values()) {
      sum.loaded += loaded;
      sum.total += total;
      isDone &&= state.isDone || (isKnown && loaded === total);
    }
    // Only the last byte of the last file makes it 100.
    const now = isDone ? 100 : Math.min(percent(sum), 99.9);
    this.#percent = Math.max(this.#percent, now);
    const files = Object.fromEntries(
      [...this.#files].map(([file, { loaded, total }]) => [file, { loaded, total }]),
    );
    const progress = this.#percent;
    this.#callback({ status: 'progress_total', name: this.#name, progress, ...sum, files });
  }
}

function percent({ loaded, total }: FileProgress): number {
  return total === 0 ? 0 : (100 * loaded) / total;
}
