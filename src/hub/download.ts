/**
 * One file over HTTP. A connection that breaks, stalls or ends early is made again, from the byte
 * where it stopped.
 */

import { FilesError } from '../errors.ts';
import type { ByteSource } from '../platform/types.ts';
import { AbsentError } from './failures.ts';
import { Check, type Declared, declaredWith, MismatchError } from './integrity.ts';
import { env, type FilesOptions } from './options.ts';
import { shownUrl } from './redact.ts';
import { type Answer, Retries, request } from './request.ts';
import { readStream } from './waiting.ts';

/** A connection that brings at least this many bytes resets the count of retries. */
const PROGRESS_BYTES = 2 ** 20;

/**
 * Fetches a URL, without a cache.
 *
 * @param known what a list of files says of this one
 * @throws AbsentError when the server does not have it, FilesError for every other failure; the
 *   signal's reason when that aborts
 */
export async function fetchFile(
  url: URL,
  options: FilesOptions,
  known: Declared = {},
): Promise<ByteSource> {
  const { signal, token } = options;
  if (options.local_files_only && !/^(blob|data):$/.test(url.protocol)) {
    throw new FilesError(
      `Cannot fetch ${shownUrl(url)}: "local_files_only" is set, expected a local file`,
      shownUrl(url),
    );
  }
  const opened = await request(url, { signal, token }, new Retries(signal));
  const declared = declaredWith(known, opened.declared);
  let first: Answer | undefined = opened;
  return {
    name: shownUrl(url),
    size: declared.size,
    async *stream() {
      // The first reading uses the answer that is open; a second reading makes a request.
      const answer = first;
      first = undefined;
      const check = new Check(shownUrl(url), declared);
      yield* download({ url, declared, check, options }, answer);
    },
  };
}

/** Bytes of a file by its headers alone; undefined where they do not tell. */
export async function fetchSize(url: URL, options: FilesOptions): Promise<number | undefined> {
  const { signal, token } = options;
  const { declared } = await request(url, { signal, token, method: 'HEAD' }, new Retries(signal));
  return declared.size;
}

/** A file to be downloaded. */
export interface Download {
  readonly url: URL;
  /** What was declared when the file was opened; later answers must agree. */
  readonly declared: Declared;
  /** Checks and counts the bytes; the download begins at `check.received`. */
  readonly check: Check;
  readonly options: FilesOptions;
}

/**
 * Yields all bytes from `check.received` on, checked.
 *
 * @param first an open answer that begins with the file's first byte
 * @throws FilesError when retries do not help; the signal's reason when that aborts
 */
export async function* download(file: Download, first?: Answer): AsyncGenerator<Uint8Array> {
  const { url, declared, check, options } = file;
  const { signal, token } = options;
  const retries = new Retries(signal);
  let answer = first;
  while (answer !== undefined || check.missing !== 0) {
    const offset = check.received;
    answer ??= await request(url, { signal, token, offset }, retries).catch((error: unknown) => {
      throw error instanceof AbsentError ? changed(url, 'it is gone') : error;
    });
    const skip = bytesToSkip(url, declared, answer, offset);
    const flaw = yield* body(file, answer, skip);
    if (flaw === undefined && !check.missing) return check.end();
    answer = undefined;
    if (check.received - offset >= PROGRESS_BYTES) retries.renew();
    await retries.afterFailure(flaw ?? endedEarly(url, check));
  }
}

/** Yields the bytes of one connection; returns the error that ended it, if any. */
async function* body(
  { url, check, options: { signal } }: Download,
  answer: Answer,
  skip: number,
): AsyncGenerator<Uint8Array, Error | undefined> {
  if (answer.body === null) return undefined;
  const chunks = readStream(answer.body, shownUrl(url), signal, env.stallTimeout);
  let left = skip;
  try {
    for (;;) {
      const step = await chunks.next().catch((error: Error) => {
        signal?.throwIfAborted();
        return error;
      });
      if (step instanceof Error) return step;
      if (step.done) return undefined;
      const chunk = step.value.subarray(left);
      left -= step.value.length - chunk.length;
      if (chunk.length === 0) continue;
      check.take(chunk);
      yield chunk;
    }
  } finally {
    await chunks.return(undefined);
  }
}

/** Bytes of an answer that were received before; 0 where the server supports ranges. */
function bytesToSkip(url: URL, declared: Declared, answer: Answer, offset: number): number {
  for (const key of ['version', 'size'] as const) {
    const [before, now] = [declared[key], answer.declared[key]];
    if (before !== undefined && now !== undefined && before !== now) {
      throw changed(url, `its ${key} is ${now}, it was ${before}`);
    }
  }
  if (answer.status !== 206) return offset;
  const range = answer.headers.get('content-range') ?? '';
  if (range.startsWith(`bytes ${offset}-`)) return 0;
  throw changed(url, `asked for bytes from ${offset} on, the server sends "${range}"`);
}

function changed(url: URL, found: string): MismatchError {
  return new MismatchError(
    `Cannot read ${shownUrl(url)}: ${found}, expected the file as it was when reading began; load it again`,
    shownUrl(url),
  );
}

function endedEarly(url: URL, { received, missing }: Check): FilesError {
  return new FilesError(
    `Cannot read ${shownUrl(url)}: found ${received} bytes, expected ${received + (missing ?? 0)}`,
    shownUrl(url),
  );
}
