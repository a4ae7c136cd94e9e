/** A ReadableStream as an async iterable: given back when left early, stopped by a signal. */

import { FilesError } from '../errors.ts';
import { within } from './timing.ts';

/**
 * Yields a stream's chunks. Rejects with the signal's reason when that aborts, also in the middle
 * of a wait, and with FilesError when the stream breaks or gives nothing for `stallTimeout` ms.
 */
export async function* readStream(
  stream: ReadableStream<Uint8Array>,
  name: string,
  signal?: AbortSignal,
  stallTimeout?: number,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  const reader = stream.getReader();
  // Cancelling ends the read that is under way.
  const stop = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener('abort', stop);
  let received = 0;
  try {
    for (;;) {
      const reading = reader.read();
      const waiting = stallTimeout ? within(stallTimeout, reading) : reading;
      const next = await waiting.catch((error: unknown) => {
        signal?.throwIfAborted();
        throw new FilesError(`Cannot read "${name}": it broke off after ${received} bytes`, name, {
          cause: error,
        });
      });
      signal?.throwIfAborted();
      if (next === undefined) {
        throw new FilesError(
          `Cannot read "${name}": nothing came for ${stallTimeout} ms after ${received} bytes`,
          name,
        );
      }
      const { done, value } = next;
      if (done) return;
      if (!ArrayBuffer.isView(value)) {
        throw new FilesError(
          `Cannot read "${name}": its stream gives ${typeof value}s, expected Uint8Arrays`,
          name,
        );
      }
      received += value.length;
      yield value;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}
