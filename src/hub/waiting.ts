/** Waits that can end early: for a time, for a promise, and for the next chunk of a stream. */

import { FilesError } from '../errors.ts';

/** Waits `ms` milliseconds; rejects with the signal's reason when that aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** The promise's value, or undefined when it takes longer than `ms` milliseconds. */
export function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The promise's value; rejects with the signal's reason when that aborts first. */
export async function untilAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise;
  signal.throwIfAborted();
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop);
  });
  return Promise.race([promise, stopped]).finally(() => signal.removeEventListener('abort', stop));
}

/**
 * Yields the chunks of a stream, and cancels it when the reader stops early. Rejects with the
 * signal's reason when that aborts, also while it waits for a chunk.
 *
 * @param stallTimeout the longest wait for a chunk in milliseconds; undefined for no limit
 * @throws FilesError when the stream breaks, stalls or yields anything but bytes
 */
export async function* readStream(
  stream: ReadableStream<Uint8Array>,
  name: string,
  signal?: AbortSignal,
  stallTimeout?: number,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  const reader = stream.getReader();
  // Cancelling also ends a pending read.
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
