/** A request as the handler reads it: the parts that Workers, Deno, Bun and Node's adapters share. */

import type { Chunks } from './body.ts';

/** Headers: an object with get(), as Headers have, or Node's object of lower-case names. */
export type ServedHeaders =
  | { get(name: string): string | null | undefined }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** The parts of a Request that are used. */
export interface ServedRequest {
  /** Absolute, or starting with the path. */
  readonly url: string;
  readonly method: string;
  /** Needed for `cors`, and for most of what `authorize` may look at. */
  readonly headers?: ServedHeaders | undefined;
  readonly body?: Chunks | null | undefined;
  /** Aborts when the client disconnects. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Answers a request. Never rejects.
 *
 * @param place passed to a route when it loads its model: the bindings of a Worker
 * @param context `waitUntil` keeps a model loading for other clients if the first one disconnects
 */
export type Handler<Place = unknown> = (
  request: ServedRequest,
  place?: Place,
  context?: { waitUntil?(promise: Promise<unknown>): void },
) => Promise<Response>;

/**
 * A header's value; undefined where it is not sent.
 *
 * @throws TypeError for a request without headers: an adapter that leaves them out would switch
 *   `cors` and `authorize` off
 */
export function headerOf({ headers }: ServedRequest, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) {
    throw new TypeError(`Cannot read ${name}: the request has no headers, expected some`);
  }
  if (typeof headers.get === 'function') return headers.get(name) ?? undefined;
  const value = Reflect.get(headers, name) as string | readonly string[] | undefined;
  return typeof value === 'string' ? value : value?.join(', ');
}
