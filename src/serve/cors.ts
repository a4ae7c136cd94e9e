/**
 * Cross-origin resource sharing (https://fetch.spec.whatwg.org/#http-cors-protocol): which pages of
 * other sites may call. A page that is not listed is refused, also for requests that a browser sends
 * without asking first.
 */

import { checkOptionNames, type OptionNames } from '../options.ts';
import { Refusal } from './body.ts';
import { headerOf, type ServedRequest } from './request.ts';

export interface CorsOptions {
  /** Origins of pages, such as 'https://example.com', or `'*'` for all; or a function that decides. */
  origin: string | readonly string[] | ((origin: string) => boolean);
  /** Request headers that a page may set. Default `['content-type', 'authorization']`. */
  headers?: readonly string[] | undefined;
  /** Whether pages may send cookies; not with the origin '*'. Default `false`. */
  credentials?: boolean | undefined;
  /** Seconds for which a browser remembers the permission. Default 86,400, a day. */
  maxAge?: number | undefined;
}

/** `true` is the origin '*'; a string or list is `{ origin }`. */
export type CorsSetting = boolean | string | readonly string[] | CorsOptions;

const NAMES: OptionNames<CorsOptions> = {
  origin: true,
  headers: true,
  credentials: true,
  maxAge: true,
};

/** A header's name is a token (RFC 9110, 5.6.2). */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

/** What a handler does about the origin of a request. */
export interface Cors {
  /** Response headers for the request's origin. @throws Refusal, 403, for an origin not listed */
  headersFor(request: ServedRequest): Readonly<Record<string, string>>;
  /** Response headers of a preflight; undefined for another request. */
  preflightFor(request: ServedRequest, methods: string): Record<string, string> | undefined;
}

/** @throws TypeError or RangeError for options that are unknown, missing or contradict each other */
export function corsOf(setting: CorsSetting): Cors | undefined {
  const options = optionsOf(setting);
  if (options === undefined) return undefined;
  const { origin, headers = ['content-type', 'authorization'] } = options;
  const { credentials = false, maxAge = 86_400 } = options;
  const isAllowed = predicateOf(origin, credentials);
  const wrong = headers.find((name) => !TOKEN.test(name));
  if (wrong !== undefined) throw refused('headers', wrong, 'names of headers');
  if (!Number.isInteger(maxAge) || maxAge < 0) {
    throw refused('maxAge', maxAge, 'a whole number of seconds');
  }
  return {
    headersFor(request): Record<string, string> {
      const from = headerOf(request, 'origin');
      // The answer depends on who asks: caches must not give it to others.
      if (from === undefined) return origin === '*' ? {} : { vary: 'Origin' };
      if (!isAllowed(from)) {
        if (isSameOrigin(from, request)) return { vary: 'Origin' };
        throw new Refusal(
          403,
          `Cannot answer: a page of ${JSON.stringify(from.slice(0, 120))} may not call`,
        );
      }
      if (origin === '*') return { 'access-control-allow-origin': '*' };
      return {
        'access-control-allow-origin': from,
        vary: 'Origin',
        ...(credentials && { 'access-control-allow-credentials': 'true' }),
      };
    },
    preflightFor(request, methods) {
      if (request.method !== 'OPTIONS') return undefined;
      if (headerOf(request, 'access-control-request-method') === undefined) return undefined;
      return {
        'access-control-allow-methods': methods,
        'access-control-allow-headers': headers.join(', '),
        'access-control-max-age': String(maxAge),
      };
    },
  };
}

function optionsOf(setting: CorsSetting): CorsOptions | undefined {
  if (setting === false) return undefined;
  if (setting === true) return { origin: '*' };
  if (typeof setting === 'string' || Array.isArray(setting)) {
    return { origin: setting as string | readonly string[] };
  }
  checkOptionNames('make a handler with cors', setting, NAMES);
  return setting as CorsOptions;
}

/** Browsers send origins as URL.origin writes them, so a text that differs would never match. */
function predicateOf(
  origin: CorsOptions['origin'],
  credentials: boolean,
): (origin: string) => boolean {
  if (typeof origin === 'function') return (from) => origin(from) === true;
  if (origin === '*') {
    if (!credentials) return () => true;
    throw refused('origin', '*', 'a list of origins, since credentials are allowed');
  }
  const list: readonly unknown[] =
    typeof origin === 'string' ? [origin] : Array.isArray(origin) ? origin : [];
  if (list.length === 0) throw refused('origin', origin, '"*", an origin or a list of them');
  for (const one of list) {
    const written = typeof one === 'string' && URL.canParse(one) ? new URL(one).origin : undefined;
    if (written !== one || written === 'null') {
      const expected =
        written === undefined || written === 'null' ? 'https://example.com' : written;
      throw refused('origin', one, `an origin such as "${expected}"`);
    }
  }
  return (from) => list.includes(from);
}

/** Browsers send the origin with each POST, also to the page's own server. */
function isSameOrigin(from: string, request: ServedRequest): boolean {
  if (!URL.canParse(from)) return false;
  const host =
    headerOf(request, 'host') ?? (URL.canParse(request.url) && new URL(request.url).host);
  return new URL(from).host === host;
}

function refused(name: string, found: unknown, expected: string): RangeError {
  const text = JSON.stringify(found) ?? String(found);
  return new RangeError(`Cannot make a handler: cors.${name} is ${text}, expected ${expected}`);
}
