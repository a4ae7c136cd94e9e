/**
 * One file of a hub id through a store: read from there, or downloaded and stored while it is read.
 * Only a file that is right to its last byte stays.
 */

import { FilesError } from '../errors.ts';
import type { ByteSource } from '../platform/types.ts';
import { download, fetchFile } from './download.ts';
import {
  claimBody,
  currentRequest,
  type InFlight,
  shareRequest,
  waitForReader,
} from './in-flight.ts';
import { Check, isResumable, MismatchError } from './integrity.ts';
import type { FilesOptions } from './options.ts';
import type { Answer } from './request.ts';
import { findCached, type HubFile, type Store, TolerantPart } from './store.ts';

/**
 * Requests a file that the store lacks; undefined when there is none. Reading it to its end puts it
 * into the store, and the next reading takes it from there.
 *
 * @throws as `fetchFile`
 */
export async function openCached(
  file: HubFile,
  store: Store,
  options: FilesOptions,
): Promise<ByteSource | undefined> {
  const key = `${store.name} ${file.url} ${file.revision}`;
  const { answer } = await shareRequest(key, file.url, options);
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
    const other = currentRequest(key);
    if (other?.reading) {
      if (await waitForReader(other, options.signal)) continue;
      // The other reader is idle: this one downloads the file for itself, uncached.
      const own = await fetchFile(file.url, options);
      if (own === undefined) throw gone(file);
      return yield* own.stream();
    }
    const found = other === undefined ? await findCached(file, store) : undefined;
    if (found) return yield* found.stream();
    const { shared, answer } = await shareRequest(key, file.url, options);
    if (answer === undefined) throw gone(file);
    const end = claimBody(key, shared);
    if (end === undefined) continue;
    try {
      return yield* readAndStore(reading, shared, answer);
    } finally {
      end();
    }
  }
}

/** Yields a download and stores it: the whole file is stored before its last chunk is yielded. */
async function* readAndStore(
  { file, store, options }: Reading,
  shared: InFlight,
  answer: Answer,
): AsyncGenerator<Uint8Array> {
  const { declared } = answer;
  const check = new Check(file.url.href, declared);
  const part = await TolerantPart.open(file, store, declared);
  const rest = { url: file.url, declared, check, options };
  // The answer begins with the file's first byte; the rest of a part takes another request.
  const first = part.size > 0 ? undefined : answer;
  try {
    if (!first) await answer.response.body?.cancel();
    for await (const chunk of part.read()) {
      check.take(chunk);
      if (check.missing === 0) await part.commit();
      yield chunk;
    }
    for await (const chunk of download(rest, first)) {
      await part.write(chunk);
      if (check.missing === 0) await part.commit();
      shared.activeAt = performance.now();
      yield chunk;
    }
    await part.commit();
  } catch (error) {
    if (error instanceof MismatchError) await part.discard();
    throw error;
  } finally {
    await (isResumable(declared) ? part.release() : part.discard());
  }
}

function gone({ url }: HubFile): FilesError {
  return new FilesError(`Cannot read ${url}: it is gone, expected the file`, url.href);
}
