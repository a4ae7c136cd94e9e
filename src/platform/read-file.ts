/** A file's bytes through node:fs, chunk by chunk. */

import { open } from 'node:fs/promises';
import { FilesError } from '../errors.ts';

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

function fail(action: string, path: string, cause: unknown): never {
  throw new FilesError(`Cannot ${action} "${path}": ${(cause as Error).message}`, path, { cause });
}
