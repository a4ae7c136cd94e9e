/**
 * request(): one answer of a server, through redirections, passing trouble and `env.fetch`. The
 * access token goes to the hub's own origin; redirections are followed here, so that no other
 * server ever sees it.
 */

import { platform } from '#platform';
import { FilesError } from '../errors.ts';
import { MismatchError } from './check.ts';
import { type Declared, declaredBy } from './declared.ts';
import { env } from './env.ts';
import type { FilesOptions } from './options.ts';
import type { Retries } from './retries.ts';
import { within } from './timing.ts';

/** A response with status 200 or 206, and what is known of the whole file. */
export interface Answer {
  readonly response: Response;
  readonly declared: Declared;
}

/** What is asked for. */
export interface Wish extends Pick<FilesOptions, 'signal' | 'token'> {
  /** The first byte that is wanted. */
  readonly offset?: number;
}

/** No server at all: there is no net, or no such host. */
export class UnreachableError extends FilesError {}

const MOST_REDIRECTIONS = 10;

/** Tries for a host that cannot be reached: being offline shall not take long to be found out. */
const MOST_UNREACHABLE = 2;

/** Trouble that passes. */
const PASSING = [408, 425, 429, 500, 502, 503, 504];

/** What the hub wants to say. */
const HUB_ADVICE: Readonly<Record<number, string>> = {
  401: 'expected the name of a public file, or a "token" that may read it',
  403: 'expected a "token" that may read it',
  429: 'expected fewer requests; wait, or give a "token"',
};

/**
 * Asks for a file; undefined when the answer is 404.
 *
 * @throws FilesError with the URL for every other failure that does not pass; the signal's reason
 */
export async function request(url: URL, wish: Wish, retries: Retries): Promise<Answer | undefined> {
  for (;;) {
    const answer = await follow(url, wish).catch(async (error: unknown) => {
      wish.signal?.throwIfAborted();
      if (!(error instanceof UnreachableError)) throw error;
      // A browser extension's own files have no status: what is not there cannot be fetched.
      if (url.protocol.endsWith('-extension:')) return null;
      await retries.afterFailure(error, { most: Math.min(MOST_UNREACHABLE, env.maxRetries) });
      return undefined;
    });
    if (answer === undefined) continue;
    if (answer === null) return undefined;
    const { response } = answer;
    if (response.ok) return answer;
    await response.body?.cancel();
    if (response.status === 404) return undefined;
    const failure = refusal(url, response);
    if (!PASSING.includes(response.status)) throw failure;
    await retries.afterFailure(failure, { asked: retryAfter(response.headers) });
  }
}

/** The end of a chain of redirections. What the first server declares of the file holds. */
async function follow(url: URL, wish: Wish): Promise<Answer> {
  let target = url;
  let declared: Declared = {};
  for (let n = 0; n <= MOST_REDIRECTIONS; n++) {
    const response = await send(target, wish, 'manual');
    // Browsers do not show redirections; they drop the token themselves where the origin changes.
    if (response.type === 'opaqueredirect') {
      const end = await send(target, wish, 'follow');
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
    `Cannot fetch ${url}: found more than ${MOST_REDIRECTIONS} redirections`,
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

/** One exchange, as far as the headers. */
async function send(url: URL, wish: Wish, redirect: RequestRedirect): Promise<Response> {
  const { signal, offset = 0 } = wish;
  const headers: Record<string, string> = {};
  // Parts of what is packed for the way cannot be put together.
  if (offset > 0)
    Object.assign(headers, { range: `bytes=${offset}-`, 'accept-encoding': 'identity' });
  const token = tokenFor(url, wish.token);
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

/** The token for a URL: one that the caller gives for the hub he chose, HF_TOKEN for the hub itself. */
function tokenFor(url: URL, given: string | null | undefined): string | undefined {
  if (!isHub(url)) return undefined;
  if (given) return given;
  if (!['https://huggingface.co', 'https://hf.co'].includes(url.origin)) return undefined;
  return platform.variable('HF_TOKEN') ?? platform.variable('HF_ACCESS_TOKEN');
}

function isHub({ origin }: URL): boolean {
  return URL.canParse(env.remoteHost) && origin === new URL(env.remoteHost).origin;
}

/** Undici says "fetch failed" and keeps the reason in `cause`. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}

function refusal(url: URL, { status, statusText }: Response): FilesError {
  const found = `Cannot fetch ${url}: status ${status} ${statusText}`.trimEnd();
  if (status === 416) {
    const wish = 'expected a file as long as before; load it again';
    return new MismatchError(`${found}, ${wish}`, url.href);
  }
  const advice = isHub(url) ? HUB_ADVICE[status] : undefined;
  return new FilesError(advice ? `${found}, ${advice}` : found, url.href);
}

/** Milliseconds that a server asks to wait: it says seconds or a date. */
function retryAfter(headers: Headers): number {
  const text = headers.get('retry-after') ?? '';
  const ms = /^\d+$/.test(text) ? 1000 * Number(text) : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}
