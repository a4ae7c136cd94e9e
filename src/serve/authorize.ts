/** Who may call: the `authorize` option of a handler, and a check of bearer tokens for it. */

import { headerOf, type ServedRequest } from './request.ts';

/**
 * Decides about a request before its body is read. `true` lets it pass, a Response is sent as it is
 * (403, 429), and anything else is answered with 401, so that a function which forgets to return
 * lets nobody in. An error that it throws becomes status 500.
 *
 * @param place what the server passes besides the request, such as the bindings of a Worker
 */
export type Authorize<Place = unknown> = (
  request: ServedRequest,
  place: Place,
) => boolean | Response | Promise<boolean | Response>;

/**
 * Lets requests with `authorization: Bearer TOKEN` pass. Tokens are compared by their SHA-256 in
 * constant time: how long an answer takes says nothing about them, not even their length.
 *
 * @param tokens one token, or several while they are replaced
 * @throws TypeError for anything but texts that a header can hold
 *
 * @example
 * createHandler(routes, { authorize: bearerToken(process.env.TOKEN) });
 */
export function bearerToken(tokens: string | readonly string[]): Authorize {
  const list: readonly unknown[] = Array.isArray(tokens) ? tokens : [tokens];
  const isToken = (token: unknown) => typeof token === 'string' && /^[!-~]+$/.test(token);
  if (list.length === 0 || !list.every(isToken)) {
    const found = list.length === 0 ? 'an empty list' : 'something else';
    throw new TypeError(
      `Cannot check tokens: found ${found}, expected tokens of visible ASCII characters`,
    );
  }
  const digests = Promise.all(list.map((token) => digestOf(token as string)));
  return async (request) => {
    const given = /^bearer +([!-~]+) *$/i.exec(headerOf(request, 'authorization') ?? '')?.[1] ?? '';
    const digest = await digestOf(given);
    let isKnown = false;
    // All are compared, so that the time does not say which one it was.
    for (const one of await digests) isKnown = isEqual(one, digest) || isKnown;
    return isKnown && given !== '';
  };
}

async function digestOf(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

/** Takes as long for every pair of digests. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}
