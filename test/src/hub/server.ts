/** A small HTTP server on a port of its own, for tests of everything that fetches. */

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestServer {
  /** Ends in a slash. */
  readonly url: string;
  /** Paths asked for so far. */
  readonly paths: string[];
  /** Headers of each request so far. */
  readonly headers: IncomingMessage['headers'][];
  close(): Promise<void>;
}

/** Serves every request with `answer` until it is closed. */
export async function startServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TestServer> {
  const paths: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    headers.push(request.headers);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { url: `http://127.0.0.1:${port}/`, paths, headers, close };
}

/** What a server does to one request for a file. */
export interface Fault {
  /** Status and headers in place of the right ones. */
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Content in place of the right one. */
  readonly body?: string | Uint8Array;
  /** The connection breaks (`cut`), goes silent (`stall`) or ends (`end`) after so many bytes. */
  readonly cut?: number;
  readonly stall?: number;
  readonly end?: number;
  /** Milliseconds between pieces of 1 / 8 of the file. */
  readonly drip?: number;
  /** The connection breaks before any answer. */
  readonly reset?: boolean;
  /** Range is not understood. */
  readonly noRange?: boolean;
}

/** Headers of the hub for a file, in large-file storage or in git. */
export function hubHeaders(content: Uint8Array, kind: 'lfs' | 'git'): Record<string, string> {
  const commit = { 'x-repo-commit': 'c'.repeat(40) };
  if (kind === 'lfs') {
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { ...commit, 'x-linked-etag': `"${sha256}"`, 'x-linked-size': `${content.length}` };
  }
  const blob = createHash('sha1').update(`blob ${content.length}\0`).update(content);
  return { ...commit, etag: `"${blob.digest('hex')}"` };
}

/** Serves a file rightly, ranges and all, but for one fault. */
export function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  content: Uint8Array,
  fault: Fault = {},
): void {
  if (fault.reset) return void request.socket.destroy();
  const start = Number(request.headers.range?.match(/^bytes=(\d+)-$/)?.[1] ?? 0);
  const isRange = start > 0 && !fault.noRange;
  const whole = fault.body === undefined ? content : Buffer.from(fault.body);
  const bytes = isRange ? whole.subarray(start) : whole;
  response.writeHead(fault.status ?? (isRange ? 206 : 200), {
    'content-length': `${bytes.length}`,
    ...(isRange && { 'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}` }),
    ...fault.headers,
  });
  const last = fault.cut ?? fault.stall ?? fault.end;
  if (fault.drip !== undefined) return void drip(response, bytes, fault.drip);
  if (last === undefined) return void response.end(bytes);
  const part = bytes.subarray(0, last);
  if (fault.end !== undefined) return void response.end(part);
  response.write(part, () => {
    if (fault.cut !== undefined) afterTurns(10, () => request.socket.destroy());
  });
}

/** So many turns of the event loop later, which client and server share: what was sent is read. */
function afterTurns(turns: number, act: () => void): void {
  if (turns === 0) act();
  else setTimeout(() => afterTurns(turns - 1, act), 2);
}

function drip(response: ServerResponse, bytes: Uint8Array, ms: number): void {
  const piece = Math.ceil(bytes.length / 8);
  const next = (from: number) => {
    response.write(bytes.subarray(from, from + piece));
    if (from + piece >= bytes.length) response.end();
    else setTimeout(next, ms, from + piece);
  };
  next(0);
}
