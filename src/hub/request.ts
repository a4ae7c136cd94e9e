/**
 * request(): one answer of a server, with retries after failures that may pass. Redirections are
 * followed here, not by `fetch`, so that no origin but the hub's gets the token.
 */

import { platform } from '#platform';
import { FilesError } from '../errors.ts';
import { type Declared, declaredBy, MismatchError } from './integrity.ts';
import { env, type FilesOptions } from './options.ts';
import { sleep, within } from './waiting.ts';

/** A response with status 200 or 206, and what the headers say of the whole file. */
export interface Answer {
  readonly response: Response;
  readonly declared: Declared;
}

/** What a request asks for. */
export interface RequestOptions extends Pick<FilesOptions, 'signal' | 'token'> {
  /** The first byte wanted. */
  readonly offset?: number;
}

/** No server answered: there is no network, or no such host. */
export class UnreachableError extends FilesError {}

const MAX_REDIRECTIONS = 10;

/** Retries for a host that cannot be reached: being offline should be noticed soon. */
const MAX_UNREACHABLE_RETRIES = 2;

/** The longest wait that a server may ask for. */
const MAX_WAIT_MS = 120_000;

/** Status codes of failures that may pass. */
const TRANSIENT = [408, 425, 429, 500, 502, 503, 504];

/** What the hub means by a status code. */
const HUB_ADVICE: Readonly<Record<number, string>> = {
  401: 'expected the name of a public file, or a "token" that may read it',
  403: 'expected a "token" that may read it',
  429: 'expected fewer requests; wait, or give a "token"',
};

/** The retries left for one file. Waits start at `env.retryDelay`, double, and vary by 25 %. */
export class Retries {
  #failures = 0;
  readonly #signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Restores all retries, after progress. */
  renew(): void {
    this.#failures = 0;
  }

  /**
   * Waits before the next try.
   *
   * @param asked milliseconds that the server asks to wait
   * @throws the failure when no retry is left, or the server asks for too long a wait
   */
  async afterFailure(failure: Error, { most = env.maxRetries, asked = 0 } = {}): Promise<void> {
    if (this.#failures >= most || asked > MAX_WAIT_MS) throw failure;
    const wait = env.retryDelay * 2 ** this.#failures * (0.75 + Math.random() / 2);
    this.#failures++;
    await sleep(Math.max(wait, asked), this.#signal);
  }
}

/**
 * Requests a file; undefined when the answer is 404.
 *
 * @throws FilesError with the URL for every other failure, after retries where they may help; the
 *   signal's reason when that aborts
 */
export async function request(
  url: URL,
  requested: RequestOptions,
  retries: Retries,
): Promise<Answer | undefined> {
  for (;;) {
    const answer = await follow(url, requested).catch(async (error: unknown) => {
      requested.signal?.throwIfAborted();
      if (!(error instanceof UnreachableError)) throw error;
      // A browser extension's own files have no status 404: fetching a missing one fails.
      if (url.protocol.endsWith('-extension:')) return null;
      await retries.afterFailure(error, {
        most: Math.min(MAX_UNREACHABLE_RETRIES, env.maxRetries),
      });
      return undefined;
    });
    if (answer === undefined) continue;
    if (answer === null) return undefined;
    const { response } = answer;
    if (response.ok) return answer;
    await response.body?.cancel();
    if (response.status === 404) return undefined;
    const failure = refusal(url, response);
    if (!TRANSIENT.includes(response.status)) throw failure;
    await retries.afterFailure(failure, { asked: retryAfter(response.headers) });
  }
}

/** Follows redirections to the file. What the first server declares of the file holds. */
async function follow(url: URL, requested: RequestOptions): Promise<Answer> {
  let target = url;
  let declared: Declared = {};
  for (let n = 0; n <= MAX_REDIRECTIONS; n++) {
    const response = await send(target, requested, 'manual');
    // Browsers hide redirections; they drop the token themselves when the origin changes.
    if (response.type === 'opaqueredirect') {
      const end = await send(target, requested, 'follow');
      return { response: end, declared: declaredBy(end, true) };
    }
    const location = response.headers.get('location');
    const isWhole = ![301, 302, 303, 307, 308].includes(response.status) || location === null;
    const found = declaredBy(response, isWhole);
    declared = {
      size: declared.size ?? found.size,
      hash: declared.hash ?? (target.origin === url.origin ? found.hash : undefined),
      version: declared.version ?? found.version,
    };
    if (isWhole) return { response, declared };
    await response.body?.cancel();
    target = redirected(target, location);
  }
  throw new FilesError(
    `Cannot fetch ${url}: found more than ${MAX_REDIRECTIONS} redirections`,
    url.href,
  );
}

function redirected(from: URL, location: string): URL {
  const to = new URL(location, from);
  const isSafe = to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:');
  if (isSafe) return to;
  throw new FilesError(
    `Cannot fetch ${from}: it redirects to ${to.protocol}//${to.host}, expected an https URL`,
    from.href,
  );
}

/** Sends one request; resolves when the headers are there. */
async function send(
  url: URL,
  requested: RequestOptions,
  redirect: RequestRedirect,
): Promise<Response> {
  const { signal, offset = 0 } = requested;
  const headers: Record<string, string> = {};
  // Parts of a compressed body cannot be put together.
  if (offset > 0)
    Object.assign(headers, { range: `bytes=${offset}-`, 'accept-encoding': 'identity' });
  const token = tokenFor(url, requested.token);
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  signal?.throwIfAborted();
  const control = new AbortController();
  const stop = () => control.abort(signal?.reason);
  signal?.addEventListener('abort', stop);
  try {
    const fetching = env.fetch(url.href, { headers, redirect, signal: control.signal });
    const response = await within(env.stallTimeout, fetching);
    if (response !== undefined) return response;
    control.abort();
    fetching.catch(() => {});
  } catch (error) {
    signal?.throwIfAborted();
    throw new UnreachableError(`Cannot fetch ${url}: ${reasonOf(error)}`, url.href, {
      cause: error,
    });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  throw new UnreachableError(
    `Cannot fetch ${url}: no answer came within ${env.stallTimeout} ms`,
    url.href,
  );
}

/** The token for a URL: the caller's for `env.remoteHost`, HF_TOKEN for huggingface.co only. */
function tokenFor(url: URL, given: string | null | undefined): string | undefined {
  if (!isHub(url)) return undefined;
  if (given) return given;
  if (!['https://huggingface.co', 'https://hf.co'].includes(url.origin)) return undefined;
  return platform.variable('HF_TOKEN') ?? platform.variable('HF_ACCESS_TOKEN');
}

function isHub({ origin }: URL): boolean {
  return URL.canParse(env.remoteHost) && origin === new URL(env.remoteHost).origin;
}

/** Node's fetch says "fetch failed" and keeps the reason in `cause`. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}

function refusal(url: URL, { status, statusText }: Response): FilesError {
  const found = `Cannot fetch ${url}: status ${status} ${statusText}`.trimEnd();
  if (status === 416) {
    const expected = 'expected a file as long as before; load it again';
    return new MismatchError(`${found}, ${expected}`, url.href);
  }
  const advice = isHub(url) ? HUB_ADVICE[status] : undefined;
  return new FilesError(advice ? `${found}, ${advice}` : found, url.href);
}

/** Milliseconds that the server asks to wait; Retry-After holds seconds or a date (RFC 9110). */
function retryAfter(headers: Headers): number {
  const text = headers.get('retry-after') ?? '';
  const ms = /^\d+$/.test(text) ? 1000 * Number(text) : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}
