/**
 * The store of a cache: its interface, and its use by downloads, which a failing store never stops.
 * Layout and names are those of transformers.js (utils/hub.js, utils/cache.js), so that either
 * library finds the other's files.
 */

import { warn } from '../log.ts';
import type { ByteSource, PartFile } from '../platform/types.ts';
import { type Declared, MismatchError } from './integrity.ts';

/** A file of a hub id. */
export interface HubFile {
  /** `org/name` */
  readonly id: string;
  readonly revision: string;
  /** Path below the repository. */
  readonly path: string;
  readonly url: URL;
}

/** Keeps files of hub ids. */
export interface Store {
  /** Unique among the stores of a process. */
  readonly name: string;
  find(file: HubFile): Promise<ByteSource | undefined>;
  /** A file to be written; `PartFile.commit` makes `find` find it. */
  part(file: HubFile, declared: Declared): Promise<PartFile>;
  /** Deletes the file from this store; false where it had none of its own. */
  remove(file: HubFile): Promise<boolean>;
}

/** The file in a store, if any; a failure is warned of and counts as none. */
export async function findCached(file: HubFile, store: Store): Promise<ByteSource | undefined> {
  try {
    return await store.find(file);
  } catch (error) {
    warn(`cannot read "${file.path}" from the cache "${store.name}": ${(error as Error).message}`);
    return undefined;
  }
}

/** Deletes a file from a store; a failure is warned of. */
export async function removeCached(file: HubFile, store: Store): Promise<boolean> {
  try {
    return await store.remove(file);
  } catch (error) {
    warn(`cannot delete "${file.path}" of "${store.name}": ${(error as Error).message}`);
    return false;
  }
}

/**
 * A part file of a store. Its first failure is warned of; from then on it does nothing, and the
 * download goes on without it.
 */
export class TolerantPart {
  readonly #path: string;
  readonly #store: Store;
  #part: PartFile | undefined;

  private constructor(path: string, store: Store) {
    this.#path = path;
    this.#store = store;
  }

  static async open(file: HubFile, store: Store, declared: Declared): Promise<TolerantPart> {
    const opened = new TolerantPart(file.path, store);
    opened.#part = await opened.#attempt(() => store.part(file, declared));
    return opened;
  }

  /** Bytes that an earlier download left. */
  get size(): number {
    return this.#part?.size ?? 0;
  }

  /** Those bytes. @throws MismatchError when they cannot be read */
  async *read(): AsyncGenerator<Uint8Array> {
    if (this.size === 0) return;
    try {
      yield* this.#part!.read();
    } catch (cause) {
      const reason = (cause as Error).message;
      throw new MismatchError(
        `Cannot resume "${this.#path}": ${reason}, expected the bytes of an earlier download; load it again`,
        this.#path,
        { cause },
      );
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#attempt(() => this.#part?.write(chunk));
  }

  async commit(): Promise<void> {
    await this.#attempt(() => this.#part?.commit());
    this.#part = undefined;
  }

  async release(): Promise<void> {
    await this.#attempt(() => this.#part?.release());
    this.#part = undefined;
  }

  async discard(): Promise<void> {
    await this.#attempt(() => this.#part?.discard());
    this.#part = undefined;
  }

  async #attempt<T>(act: () => T): Promise<Awaited<T> | undefined> {
    try {
      return await act();
    } catch (error) {
      warn(`"${this.#path}" is not cached in "${this.#store.name}": ${(error as Error).message}`);
      await this.#part?.discard().catch(() => {});
      this.#part = undefined;
      return undefined;
    }
  }
}
