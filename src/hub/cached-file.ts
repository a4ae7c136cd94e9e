/**
 * One file of a hub id through a store: read from there, or downloaded and stored while it is read.
 * Only a file that is right to its last byte stays.
 */

import type { ByteSource } from '../platform/types.ts';
import { download, fetchFile } from './download.ts';
import {
  claimBody,
  currentRequest,
  type InFlight,
  shareRequest,
  waitForReader,
} from './in-flight.ts';
import { Check, type Declared, declaredWith, isResumable, MismatchError } from './integrity.ts';
import type { FilesOptions } from './options.ts';
import { shownUrl } from './redact.ts';
import type { Answer } from './request.ts';
import { findCached, type HubFile, removeCached, type Store, TolerantPart } from './store.ts';

/**
 * Requests a file that the store lacks. Reading it to its end puts it into the store, and the next
 * reading takes it from there.
 *
 * @param known what a list of files says of this one
 * @throws as `fetchFile`
 */
export async function openCached(
  file: HubFile,
  store: Store,
  options: FilesOptions,
  known: Declared = {},
): Promise<ByteSource> {
  const key = `${store.name} ${file.url} ${file.revision}`;
  const { answer } = await shareRequest(key, file.url, options);
  const { size, hash } = declaredWith(known, answer.declared);
  const stream = () => read({ key, file, store, options, known });
  // What the hub's hash has shown to be right stays, even where a reader has no use for it.
  const refuse = hash ? undefined : () => removeCached(file, store);
  return { name: shownUrl(file.url), size, stream, refuse };
}

interface Reading {
  readonly key: string;
  readonly file: HubFile;
  readonly store: Store;
  readonly options: FilesOptions;
  readonly known: Declared;
}

async function* read(reading: Reading): AsyncGenerator<Uint8Array> {
  const { key, file, store, options, known } = reading;
  for (;;) {
    const other = currentRequest(key);
    if (other?.reading) {
      if (await waitForReader(other, options.signal)) continue;
      // The other reader is idle: this one downloads the file for itself, uncached.
      return yield* (await fetchFile(file.url, options, known)).stream();
    }
    const found = other === undefined ? await findCached(file, store) : undefined;
    if (found) return yield* found.stream();
    const { shared, answer } = await shareRequest(key, file.url, options);
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
  { file, store, options, known }: Reading,
  shared: InFlight,
  answer: Answer,
): AsyncGenerator<Uint8Array> {
  const declared = declaredWith(known, answer.declared);
  const check = new Check(shownUrl(file.url), declared, file.path);
  const part = await TolerantPart.open(file, store, declared);
  const rest = { url: file.url, declared, check, options };
  // The answer begins with the file's first byte; the rest of a part takes another request.
  const first = part.size > 0 ? undefined : answer;
  try {
    if (!first) await answer.body?.cancel();
    for await (const chunk of part.read()) {
      check.take(chunk);
      if (check.isProven) await part.commit();
      yield chunk;
    }
    for await (const chunk of download(rest, first)) {
      await part.write(chunk);
      if (check.isProven) await part.commit();
      shared.activeAt = performance.now();
      yield chunk;
    }
    if (check.isProven) await part.commit();
  } catch (error) {
    if (error instanceof MismatchError) await part.discard();
    throw error;
  } finally {
    await (isResumable(declared) ? part.release() : part.discard());
  }
}
