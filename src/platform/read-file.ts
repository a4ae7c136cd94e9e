/** A file's bytes through node:fs, chunk by chunk or by their places. */

import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { FilesError } from '../errors.ts';
import type { ByteAccess } from './types.ts';

/** Files are read through one buffer of this size, used over and over. */
const BUFFER_BYTES = 2 ** 20;

/**
 * The chunks of a file, each good until the next is asked for.
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
 * An open file. Reads are small and many, and at once: a turn of another thread takes ten times as long.
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
