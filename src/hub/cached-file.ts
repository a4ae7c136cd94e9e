/**
 * One file of a hub id, through a store: found there, or downloaded beside its reader, chunk by chunk.
 * What is not right to the last byte does not stay; trouble with the store is only warned of.
 */

import { FilesError } from '../errors.ts';
import { warn } from '../log.ts';
import type { ByteSource } from '../platform/types.ts';
import { Check, MismatchError } from './check.ts';
import { type Declared, isResumable } from './declared.ts';
import { download } from './download.ts';
import { fetchFile } from './fetch-file.ts';
import { boardFlight, currentFlight, type Flight, flightLanded, openFlight } from './flights.ts';
import type { FilesOptions } from './options.ts';
import type { Answer } from './request.ts';
import type { HubFile, Sink, Store } from './store.ts';

/** What a store has of a file; a store that fails has nothing. */
export async function findCached(file: HubFile, store: Store): Promise<ByteSource | undefined> {
  try {
    return await store.find(file);
  } catch (error) {
    warn(`cannot read "${file.path}" from the cache "${store.name}": ${(error as Error).message}`);
    return undefined;
  }
}

/**
 * Asks for a file that the store has not; undefined when there is none. Read to its end, it is in the
 * store; read again, it comes from there.
 *
 * @throws as `fetchFile`
 */
export async function openCached(
  file: HubFile,
  store: Store,
  options: FilesOptions,
): Promise<ByteSource | undefined> {
  const key = `${store.name} ${file.url} ${file.revision}`;
  const { answer } = await openFlight(key, file, options);
  if (answer === undefined) return undefined;
  const stream = () => read({ key, file, store, options });
  return { name: file.url.href, size: answer.declared.size, stream };
}

interface Reading {
  readonly key: string;
  readonly file: HubFile;
  readonly store: Store;
  readonly options: FilesOptions;
}

async function* read(reading: Reading): AsyncGenerator<Uint8Array> {
  const { key, file, store, options } = reading;
  for (;;) {
    const other = currentFlight(key);
    if (other?.landing) {
      if (await flightLanded(other, options.signal)) continue;
      const own = await fetchFile(file.url, options);
      if (own === undefined) throw gone(file);
      return yield* own.stream();
    }
    const found = other === undefined ? await findCached(file, store) : undefined;
    if (found) return yield* found.stream();
    const { flight, answer } = await openFlight(key, file, options);
    if (answer === undefined) throw gone(file);
    const land = boardFlight(key, flight);
    if (land === undefined) continue;
    try {
      return yield* keep(reading, flight, answer);
    } finally {
      land();
    }
  }
}

/** Hands a download on, and to the store on the way, where it is before its last bytes are handed on. */
async function* keep(
  { file, store, options }: Reading,
  flight: Flight,
  answer: Answer,
): AsyncGenerator<Uint8Array> {
  const { declared } = answer;
  const check = new Check(file.url.href, declared);
  const copy = await Copy.open(file, store, declared);
  const rest = { url: file.url, declared, check, options };
  // An answer begins with the first byte: what a part lacks is asked for anew.
  const first = copy.size > 0 ? undefined : answer;
  try {
    if (!first) await answer.response.body?.cancel();
    for await (const chunk of copy.kept()) {
      check.take(chunk);
      if (check.missing === 0) await copy.commit();
      yield chunk;
    }
    for await (const chunk of download(rest, first)) {
      await copy.write(chunk);
      if (check.missing === 0) await copy.commit();
      flight.activeAt = performance.now();
      yield chunk;
    }
    await copy.commit();
  } catch (error) {
    if (error instanceof MismatchError) await copy.discard();
    throw error;
  } finally {
    await (isResumable(declared) ? copy.release() : copy.discard());
  }
}

function gone({ url }: HubFile): FilesError {
  return new FilesError(`Cannot read ${url}: it is gone, expected the file`, url.href);
}

/** A sink whose troubles are warned of, once, and then over: the download goes on without it. */
class Copy {
  readonly #path: string;
  readonly #store: Store;
  #sink: Sink | undefined;

  private constructor(path: string, store: Store) {
    this.#path = path;
    this.#store = store;
  }

  static async open(file: HubFile, store: Store, declared: Declared): Promise<Copy> {
    const copy = new Copy(file.path, store);
    copy.#sink = await copy.#attempt(() => store.sink(file, declared));
    return copy;
  }

  /** Bytes that an earlier download left. */
  get size(): number {
    return this.#sink?.size ?? 0;
  }

  /** Those bytes. @throws MismatchError when they cannot be read */
  async *kept(): AsyncGenerator<Uint8Array> {
    if (this.size === 0) return;
    try {
      yield* this.#sink!.read();
    } catch (cause) {
      const reason = (cause as Error).message;
      throw new MismatchError(
        `Cannot go on with "${this.#path}": ${reason}, expected what was loaded before; load it again`,
        this.#path,
        { cause },
      );
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#attempt(() => this.#sink?.write(chunk));
  }

  async commit(): Promise<void> {
    await this.#attempt(() => this.#sink?.commit());
    this.#sink = undefined;
  }

  async release(): Promise<void> {
    await this.#attempt(() => this.#sink?.release());
    this.#sink = undefined;
  }

  async discard(): Promise<void> {
    await this.#attempt(() => this.#sink?.discard());
    this.#sink = undefined;
  }

  async #attempt<T>(act: () => T): Promise<Awaited<T> | undefined> {
    try {
      return await act();
    } catch (error) {
      warn(`"${this.#path}" is not cached in "${this.#store.name}": ${(error as Error).message}`);
      await this.#sink?.discard().catch(() => {});
      this.#sink = undefined;
      return undefined;
    }
  }
}
