/**
 * Requests in flight, by file and store. Loads of the same file share one request: the first to
 * read its body puts the file into the store, the others wait and read it from there.
 */

import { env, type FilesOptions } from './options.ts';
import { type Answer, Retries, request } from './request.ts';
import { untilAborted, within } from './waiting.ts';

/** How often a waiting load looks whether the reader is still active. */
const POLL_MS = 1000;

/** One request, and the reading of its body once that has begun. */
export interface InFlight {
  readonly answer: Promise<Answer>;
  /** Of the load that made the request. */
  readonly signal: AbortSignal | undefined;
  /** Time of the last activity, as `performance.now()`. */
  activeAt: number;
  /** Set once a load reads the body; resolves when that ends, whether complete or not. */
  reading?: Promise<void>;
}

const requests = new Map<string, InFlight>();

/** The request for a file that is in flight, if any. */
export function currentRequest(key: string): InFlight | undefined {
  return requests.get(key);
}

/**
 * Joins the request for a file, or makes one.
 *
 * @throws as `request`
 */
export async function shareRequest(key: string, url: URL, options: FilesOptions) {
  const { signal, token } = options;
  for (;;) {
    let shared = requests.get(key);
    if (shared === undefined || (!shared.reading && isIdle(shared))) {
      if (shared) void cancel(shared);
      const answer = request(url, { signal, token }, new Retries(signal));
      shared = { answer, signal, activeAt: performance.now() };
      add(key, shared);
    }
    try {
      return { shared, answer: await untilAborted(shared.answer, signal) };
    } catch (error) {
      // When only the load that made the request was aborted, this one makes its own.
      if (signal?.aborted || !shared.signal?.aborted) throw error;
    }
  }
}

/**
 * Claims the body of a request for one reader. Returns the function that ends the reading;
 * undefined when another load has claimed it.
 */
export function claimBody(key: string, shared: InFlight): (() => void) | undefined {
  if (shared.reading || requests.get(key) !== shared) return undefined;
  const { promise, resolve } = deferred();
  shared.reading = promise;
  shared.activeAt = performance.now();
  return () => {
    requests.delete(key);
    resolve();
  };
}

/** Waits for another load to read the body; false when that reader has become idle. */
export async function waitForReader(
  shared: InFlight,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const done = shared.reading!.then(() => true);
  while (!isIdle(shared)) {
    if (await untilAborted(within(Math.min(POLL_MS, env.stallTimeout), done), signal)) {
      return true;
    }
  }
  return false;
}

function add(key: string, shared: InFlight): void {
  requests.set(key, shared);
  const remove = () => {
    if (requests.get(key) === shared) requests.delete(key);
  };
  shared.answer.catch(remove);
}

/** Closes a connection that nobody reads from. */
async function cancel(shared: InFlight): Promise<void> {
  const answer = await shared.answer.catch(() => undefined);
  await answer?.body?.cancel().catch(() => {});
}

function isIdle({ activeAt }: InFlight): boolean {
  return performance.now() - activeAt > env.stallTimeout;
}

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
