/**
 * request(): one answer of a server, with retries after failures that may pass. Redirections are
 * followed here, not by `fetch`, so that no origin but the hub's gets the token.
 */

import { FilesError } from '../errors.ts';
import { AbsentError, UnauthorizedError, UnreachableError } from './failures.ts';
import { isHub, tokenFor } from './host.ts';
import { type Declared, declaredBy, MismatchError } from './integrity.ts';
import { env, type FilesOptions } from './options.ts';
import { peek } from './peek.ts';
import { safeCause, shownUrl, withoutSecrets } from './redact.ts';
import { sleep, within } from './waiting.ts';

/** An answer with status 200 or 206, and what the headers say of the whole file. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
  readonly declared: Declared;
}

/** What a request asks for. */
export interface RequestOptions extends Pick<FilesOptions, 'signal' | 'token'> {
  /** The first byte wanted. */
  readonly offset?: number;
  /** 'HEAD' for the headers alone; 'GET' by default. */
  readonly method?: 'GET' | 'HEAD';
}

const MAX_REDIRECTIONS = 10;

/** Retries for a host that cannot be reached: being offline should be noticed soon. */
const MAX_UNREACHABLE_RETRIES = 2;

/** The longest wait that a server may ask for. */
const MAX_WAIT_MS = 120_000;

/** Status codes of failures that may pass. */
const TRANSIENT = [408, 425, 429, 500, 502, 503, 504];

/**
 * Status codes of a file that is not there. Storage answers 403 where a list of the files is not
 * public; 204 and 205 have no content.
 */
const ABSENT = [204, 205, 403, 404, 410];

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
  readonly #most: number;

  /** @param most how many; default: `env.maxRetries` */
  constructor(signal: AbortSignal | undefined, most = env.maxRetries) {
    this.#signal = signal;
    this.#most = most;
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
  async afterFailure(failure: Error, { most = this.#most, asked = 0 } = {}): Promise<void> {
    if (this.#failures >= Math.min(most, this.#most) || asked > MAX_WAIT_MS) throw failure;
    const wait = env.retryDelay * 2 ** this.#failures * (0.75 + Math.random() / 2);
    this.#failures++;
    await sleep(Math.max(wait, asked), this.#signal);
  }
}

/**
 * Requests a file.
 *
 * @throws AbsentError where the server does not have it, also where it sends a page in its place;
 *   FilesError for every other failure, after retries where they may help; the signal's reason when
 *   that aborts
 */
export async function request(
  url: URL,
  requested: RequestOptions,
  retries: Retries,
): Promise<Answer> {
  for (;;) {
    const followed = await follow(url, requested).catch(async (error: unknown) => {
      requested.signal?.throwIfAborted();
      if (!(error instanceof UnreachableError)) throw error;
      // A browser extension's own files have no status 404: fetching a missing one fails.
      if (url.protocol.endsWith('-extension:')) throw absent(url, 'that it is not there', '');
      await retries.afterFailure(error, {
        most: Math.min(MAX_UNREACHABLE_RETRIES, env.maxRetries),
      });
      return undefined;
    });
    if (followed === undefined) continue;
    const { response, declared } = followed;
    if (response.ok && !ABSENT.includes(response.status)) {
      const { status, headers } = response;
      if (requested.method === 'HEAD' || (requested.offset ?? 0) > 0) {
        return { status, headers, body: response.body, declared };
      }
      const { body, foreign } = await peek(response);
      if (!foreign?.isAbsence) return { status, headers, body, declared };
      await body?.cancel().catch(() => {});
      throw absent(url, foreign.what, `${foreign.what} with status ${status}`);
    }
    await response.body?.cancel().catch(() => {});
    const failure = refusal(url, response);
    if (!TRANSIENT.includes(response.status)) throw failure;
    await retries.afterFailure(failure, { asked: retryAfter(response.headers) });
  }
}

/** Follows redirections to the file. What the first server declares of the file holds. */
async function follow(url: URL, requested: RequestOptions) {
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
    await response.body?.cancel().catch(() => {});
    target = redirected(target, location);
  }
  throw new FilesError(
    `Cannot fetch ${shownUrl(url)}: found more than ${MAX_REDIRECTIONS} redirections`,
    shownUrl(url),
  );
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const isSafe =
    to?.protocol === 'https:' || (to?.protocol === 'http:' && from.protocol === 'http:');
  if (to && isSafe) return to;
  const found = to ? `${to.protocol}//${to.host}` : 'what is no URL';
  throw new FilesError(
    `Cannot fetch ${shownUrl(from)}: it redirects to ${found}, expected an https URL`,
    shownUrl(from),
  );
}

/** Sends one request; resolves when the headers are there. */
async function send(
  url: URL,
  requested: RequestOptions,
  redirect: RequestRedirect,
): Promise<Response> {
  const { signal, method = 'GET' } = requested;
  const headers = headersFor(url, requested);
  signal?.throwIfAborted();
  const control = new AbortController();
  const stop = () => control.abort(signal?.reason);
  signal?.addEventListener('abort', stop);
  const shown = shownUrl(url);
  try {
    const init = { method, headers, redirect, signal: control.signal };
    const fetching = env.fetch(withoutUser(url), init);
    const response = await within(env.stallTimeout, fetching);
    if (response !== undefined) return response;
    control.abort();
    fetching.catch(() => {});
  } catch (error) {
    signal?.throwIfAborted();
    throw new UnreachableError(`Cannot fetch ${shown}: ${reasonOf(error, requested)}`, shown, {
      cause: safeCause(error, requested.token),
    });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  throw new UnreachableError(
    `Cannot fetch ${shown}: no answer came within ${env.stallTimeout} ms`,
    shown,
  );
}

function headersFor(url: URL, { offset = 0, token: given }: RequestOptions) {
  const headers: Record<string, string> = {};
  // Parts of a compressed body cannot be put together.
  if (offset > 0) {
    Object.assign(headers, { range: `bytes=${offset}-`, 'accept-encoding': 'identity' });
  }
  const token = tokenFor(url, given);
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  else if (url.username || url.password) {
    const user = [url.username, url.password].map(decoded).join(':');
    const bytes = String.fromCharCode(...new TextEncoder().encode(user));
    headers.authorization = `Basic ${btoa(bytes)}`;
  }
  return headers;
}

/** A part of a URL without its escapes; as it is where they are broken. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The URL for `fetch`, which takes no URL with a user and password. */
function withoutUser(url: URL): string {
  if (!url.username && !url.password) return url.href;
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare.href;
}

/** Node's fetch says "fetch failed" and keeps the reason in `cause`. */
function reasonOf(error: unknown, { token }: RequestOptions): string {
  const { message = String(error), cause } = (error ?? {}) as Error;
  const reason = cause instanceof Error ? `${message} (${cause.message})` : message;
  return withoutSecrets(reason, token);
}

function refusal(url: URL, { status, statusText }: Response): FilesError {
  const shown = shownUrl(url);
  const answer = `status ${status} ${withoutSecrets(statusText)}`.trimEnd();
  const found = `Cannot fetch ${shown}: ${answer}`;
  if (status === 416) {
    const expected = 'expected a file as long as before; load it again';
    return new MismatchError(`${found}, ${expected}`, shown);
  }
  const advice = isHub(url) ? HUB_ADVICE[status] : undefined;
  const message = advice ? `${found}, ${advice}` : found;
  if (status === 401) return new UnauthorizedError(message, shown);
  if (!ABSENT.includes(status)) return new FilesError(message, shown);
  return new AbsentError(message, shown, status === 404 ? '' : answer);
}

function absent(url: URL, found: string, answer: string): AbsentError {
  const shown = shownUrl(url);
  return new AbsentError(`Cannot fetch ${shown}: found ${found}, expected the file`, shown, answer);
}

/** Milliseconds that the server asks to wait; Retry-After holds seconds or a date (RFC 9110). */
function retryAfter(headers: Headers): number {
  const text = headers.get('retry-after') ?? '';
  const ms = /^\d+$/.test(text) ? 1000 * Number(text) : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}
