/** Reads files through node:fs: as a stream of chunks, or at any offset. */

import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { FilesError } from '../errors.ts';
import type { ByteAccess } from './types.ts';

/** Size of the buffer that all chunks of a file share. */
const BUFFER_BYTES = 2 ** 20;

/**
 * Yields the chunks of a file, each valid until the next is requested.
 *
 * @throws FilesError when it cannot be opened or read
 */
export async function* readFileChunks(path: string): AsyncGenerator<Uint8Array> {
  const handle = await open(path).catch((error: unknown) => fail('open', path, error));
  try {
    const buffer = new Uint8Array(BUFFER_BYTES);
    for (;;) {
      const reading = handle.read(buffer, 0, BUFFER_BYTES);
      const { bytesRead } = await reading.catch((error: unknown) => fail('read', path, error));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/**
 * Opens a file to be read at any offset. Reads are synchronous: they are small and many, and a
 * round trip to another thread takes ten times as long.
 *
 * @throws FilesError when it cannot be opened or read
 */
export async function accessFile(path: string): Promise<ByteAccess> {
  const file = attempt('open', path, () => openSync(path, 'r'));
  return {
    async read(start, end) {
      const buffer = new Uint8Array(end - start);
      const count = attempt('read', path, () => readSync(file, buffer, 0, buffer.length, start));
      return buffer.subarray(0, count);
    },
    close: async () => closeSync(file),
  };
}

function attempt<T>(action: string, path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    return fail(action, path, error);
  }
}

function fail(action: string, path: string, cause: unknown): never {
  throw new FilesError(`Cannot ${action} "${path}": ${(cause as Error).message}`, path, { cause });
}
