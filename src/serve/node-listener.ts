/**
 * Node's requests and responses for a handler: what http.createServer() and middleware of Express
 * take. Types name the parts that are used, so that nothing of Node is imported.
 */

import type { Handler, ServedHeaders } from './request.ts';

/** The parts of http.IncomingMessage that are used. */
export interface IncomingRequest {
  readonly url?: string | undefined;
  readonly method?: string | undefined;
  readonly headers: ServedHeaders;
  /** Whether all of the request has arrived. */
  readonly complete: boolean;
  /** The parsed body where a parser such as express.json() has read the stream. */
  readonly body?: unknown;
  /** Whether the stream has been read to its end. */
  readonly readableEnded: boolean;
  iterator(options: { destroyOnReturn: boolean }): AsyncIterable<Uint8Array>;
}

/** The parts of http.ServerResponse that are used. */
export interface OutgoingResponse {
  on(event: 'close', listener: () => void): unknown;
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body: string): unknown;
}

/**
 * Makes the function that answers Node's requests with a handler. It never rejects.
 *
 * @example
 * createServer(nodeListener(handle)).listen(8080); // node:http
 * app.use('/models', nodeListener(handle));        // Express
 */
export function nodeListener(
  handle: Handler,
): (incoming: IncomingRequest, outgoing: OutgoingResponse) => Promise<void> {
  return async (incoming, outgoing) => {
    const left = new AbortController();
    outgoing.on('close', () => left.abort());
    const { url = '', method = '', headers } = incoming;
    // Not a Request: web streams would take half as much CPU time again.
    const request = { url, method, headers, body: bodyOf(incoming), signal: left.signal };
    const response = await handle(request);
    const sent = Object.fromEntries(response.headers);
    // Closes the connection rather than reading the rest of a refused body.
    if (!incoming.complete) sent.connection = 'close';
    outgoing.writeHead(response.status, sent);
    outgoing.end(await response.text());
  };
}

function bodyOf(incoming: IncomingRequest): AsyncIterable<Uint8Array> {
  if (incoming.readableEnded && incoming.body !== undefined) return parsedBody(incoming.body);
  // If the handler stops reading, the connection must stay open for the response.
  return incoming.iterator({ destroyOnReturn: false });
}

async function* parsedBody(body: unknown): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(JSON.stringify(body));
}
