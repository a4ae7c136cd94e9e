/** nodeListener() under node:http, as Express, Connect and Fastify call it. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createHandler, nodeListener, type Route } from '../../../src/serve/serve.ts';

const servers: ReturnType<typeof createServer>[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

const echo: Route = { read: (body) => body, open: async () => ({ answer: async (body) => body }) };

const post = (url: string, body: string, headers = {}) =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

describe('nodeListener()', () => {
  it('answers requests of node:http', async () => {
    const handle = createHandler({ '/echo': echo }, { maxBytes: 100, cors: ['https://a.example'] });
    const url = await listen(nodeListener(handle));
    const response = await post(`${url}/echo`, '{ "a": "\u00e9" }', {
      origin: 'https://a.example',
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ results: { a: '\u00e9' } });
    expect(response.headers.get('access-control-allow-origin')).toBe('https://a.example');
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/echo`)).status).toBe(405);
    expect((await post(`${url}/echo`, `"${'x'.repeat(200_000)}"`)).status).toBe(413);
  });

  it('takes a body that express.json() has read and parsed', async () => {
    const listener = nodeListener(createHandler({ '/echo': echo }, { maxBytes: 30 }));
    const url = await listen(async (incoming, outgoing) => {
      let text = '';
      for await (const chunk of incoming) text += chunk;
      (incoming as IncomingMessage & { body: unknown }).body = JSON.parse(text);
      await listener(incoming, outgoing);
    });
    const response = await post(`${url}/echo`, '{ "a": 1 }');
    expect(await response.json()).toEqual({ results: { a: 1 } });
    expect((await post(`${url}/echo`, `{ "a": "${'x'.repeat(40)}" }`)).status).toBe(413);
  });

  it('aborts the work of a client that leaves', async () => {
    const aborted = vi.fn();
    const started = vi.fn();
    const answer = (_: unknown, signal: AbortSignal | undefined) =>
      new Promise((_, reject) => {
        started();
        signal!.addEventListener('abort', () => {
          aborted();
          reject(signal!.reason);
        });
      });
    const route: Route = { read: (body) => body, open: async () => ({ answer }) };
    const url = new URL(await listen(nodeListener(createHandler({ '/echo': route }))));
    const socket = connect(Number(url.port), url.hostname);
    socket.write('POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}');
    await vi.waitFor(() => expect(started).toHaveBeenCalled());
    socket.destroy();
    await vi.waitFor(() => expect(aborted).toHaveBeenCalledOnce());
  });
});
