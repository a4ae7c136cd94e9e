/**
 * download(): the bytes of one file over HTTP. A connection that breaks, stalls or ends early is made
 * again, from the byte where it stopped; what cannot be put right ends in an error.
 */

import { FilesError } from '../errors.ts';
import { type Check, MismatchError } from './check.ts';
import type { Declared } from './declared.ts';
import { env } from './env.ts';
import type { FilesOptions } from './options.ts';
import { readStream } from './read-stream.ts';
import { type Answer, request } from './request.ts';
import { Retries } from './retries.ts';

/** A connection that brought so many bytes was worth making: the count of tries begins anew. */
const PROGRESS_BYTES = 2 ** 20;

/** A file on its way. */
export interface Download {
  readonly url: URL;
  /** What was declared when the file was opened; later answers must agree. */
  readonly declared: Declared;
  /** Notes the bytes; its `received` says where the download begins. */
  readonly check: Check;
  readonly options: FilesOptions;
}

/**
 * All bytes from `check.received` on, each of them checked.
 *
 * @param first an answer that is at hand, from the file's first byte
 * @throws FilesError for what does not pass; the signal's reason
 */
export async function* download(file: Download, first?: Answer): AsyncGenerator<Uint8Array> {
  const { url, declared, check, options } = file;
  const { signal, token } = options;
  const retries = new Retries(signal);
  let answer = first;
  while (answer !== undefined || check.missing !== 0) {
    const offset = check.received;
    answer ??= await request(url, { signal, token, offset }, retries);
    if (answer === undefined) throw changed(url, 'it is gone');
    const skip = bytesToSkip(url, declared, answer, offset);
    const flaw = yield* body(file, answer.response, skip);
    if (flaw === undefined && !check.missing) return check.end();
    answer = undefined;
    if (check.received - offset >= PROGRESS_BYTES) retries.renew();
    await retries.afterFailure(flaw ?? endedEarly(url, check));
  }
}

/** Yields what one connection brings; returns what went wrong with it. */
async function* body(
  { url, check, options: { signal } }: Download,
  response: Response,
  skip: number,
): AsyncGenerator<Uint8Array, Error | undefined> {
  if (response.body === null) return undefined;
  const chunks = readStream(response.body, url.href, signal, env.stallTimeout);
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

/** How many bytes of an answer were there before: none where the server knows ranges. */
function bytesToSkip(url: URL, declared: Declared, answer: Answer, offset: number): number {
  for (const key of ['version', 'size'] as const) {
    const [before, now] = [declared[key], answer.declared[key]];
    if (before !== undefined && now !== undefined && before !== now) {
      throw changed(url, `its ${key} is ${now}, it was ${before}`);
    }
  }
  if (answer.response.status !== 206) return offset;
  const range = answer.response.headers.get('content-range') ?? '';
  if (range.startsWith(`bytes ${offset}-`)) return 0;
  throw changed(url, `asked for bytes from ${offset} on, the server sends "${range}"`);
}

function changed(url: URL, found: string): MismatchError {
  return new MismatchError(
    `Cannot read ${url}: ${found}, expected the file as it was when reading began; load it again`,
    url.href,
  );
}

function endedEarly(url: URL, { received, missing }: Check): FilesError {
  return new FilesError(
    `Cannot read ${url}: found ${received} bytes, expected ${received + (missing ?? 0)}`,
    url.href,
  );
}
