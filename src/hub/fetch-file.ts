/** One file over HTTP, through `env.fetch`. Resuming and checking have their place here. */

import { FilesError } from '../errors.ts';
import type { ByteSource } from '../platform/types.ts';
import { env } from './env.ts';
import type { FilesOptions } from './options.ts';
import { readStream } from './read-stream.ts';

/** Enough of a file's start to tell a web page. */
const SNIFF_BYTES = 64;

/**
 * Fetches a URL; undefined when it answers 404.
 *
 * @throws FilesError with the URL for every other failure; the signal's reason when that aborts
 */
export async function fetchFile(url: URL, options: FilesOptions): Promise<ByteSource | undefined> {
  const { signal } = options;
  if (options.local_files_only && !/^(blob|data):$/.test(url.protocol)) {
    throw new FilesError(
      `Cannot fetch ${url}: "local_files_only" is set, expected a local file`,
      url.href,
    );
  }
  const first = await request(url, signal);
  if (first === undefined) return undefined;
  let response: Response | undefined = first;
  return {
    name: url.href,
    size: sizeOf(first),
    async *stream() {
      // The answer that showed the file to be there is read first; a second reading asks again.
      const answer = response ?? (await request(url, signal));
      response = undefined;
      if (answer?.body) yield* refusePages(readStream(answer.body, url.href, signal), url.href);
    },
  };
}

async function request(url: URL, signal: AbortSignal | undefined): Promise<Response | undefined> {
  const response = await env.fetch(url.href, signal ? { signal } : {}).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw new FilesError(`Cannot fetch ${url}: ${reasonOf(error)}`, url.href, { cause: error });
  });
  if (response.ok) return response;
  await response.body?.cancel();
  if (response.status === 404) return undefined;
  throw new FilesError(
    `Cannot fetch ${url}: status ${response.status} ${response.statusText}`.trimEnd(),
    url.href,
  );
}

/** Undici says "fetch failed" and keeps the reason in `cause`. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}

/** The declared length, where it is that of the bytes we get. */
function sizeOf({ headers }: Response): number | undefined {
  const length = headers.get('content-length');
  return length !== null && /^\d+$/.test(length) && !headers.get('content-encoding')
    ? Number(length)
    : undefined;
}

/** Many servers answer 200 with their start page for a file they do not have. */
async function* refusePages(
  chunks: AsyncGenerator<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined = new Uint8Array();
  for await (const chunk of chunks) {
    if (head !== undefined) {
      head = concat(head, chunk.subarray(0, SNIFF_BYTES));
      if (isPage(head)) {
        throw new FilesError(`Cannot read ${name}: found an HTML page, expected the file`, name);
      }
      if (head.length >= SNIFF_BYTES) head = undefined;
    }
    yield chunk;
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

function isPage(head: Uint8Array): boolean {
  const text = String.fromCharCode(...head.subarray(0, SNIFF_BYTES));
  return /^(\xef\xbb\xbf)?\s*<(!doctype\s+html|html[\s>])/i.test(text);
}
