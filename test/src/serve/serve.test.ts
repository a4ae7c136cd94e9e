import { describe, expect, it, vi } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import {
  type Answerer,
  type Body,
  createHandler,
  type HandlerOptions,
  type Route,
  type ServedRequest,
} from '../../../src/serve/serve.ts';

const url = (path: string) => `http://localhost${path}`;
const post = (path: string, body: BodyInit | null, signal?: AbortSignal) =>
  new Request(url(path), { method: 'POST', body, ...(signal && { signal }) });

/** A route that returns its body as the answer. */
function echo(
  answer: Answerer<Body>['answer'] = async (body) => body,
): Route<unknown, Body> & { open: ReturnType<typeof vi.fn<Route<unknown, Body>['open']>> } {
  return { read: (body) => body, open: vi.fn(async () => ({ answer })) };
}

const handlerOf = (route: Route, options?: HandlerOptions) =>
  createHandler({ '/echo': route }, options);

/** A request whose body comes in these chunks, and the number of chunks that were read. */
function pieces(chunks: readonly Uint8Array[]) {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks[sent++];
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const request = new Request(url('/echo'), {
    method: 'POST',
    body,
    duplex: 'half',
  } as RequestInit);
  return { request, sent: () => sent };
}

/** Chunks of `size` bytes each. */
function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
/** A JSON object of `bytes` bytes. */
const jsonOf = (bytes: number) => JSON.stringify({ a: 'x'.repeat(bytes - 8) });

describe('createHandler()', () => {
  it('answers a body with the results of its route', async () => {
    const response = await handlerOf(echo())(post('/echo', '{ "a": ["\u00e9", 1] }'));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual({ results: { a: ['\u00e9', 1] } });
  });

  it.each([
    ['GET', '/healthz', 200, null],
    ['HEAD', '/healthz', 200, null],
    ['POST', '/healthz', 405, 'GET, HEAD'],
    ['GET', '/echo', 405, 'POST'],
    ['PUT', '/echo', 405, 'POST'],
    ['POST', '/', 404, null],
    ['POST', '/echo/', 404, null],
    ['POST', '/echo/more', 404, null],
    ['POST', '/Echo', 404, null],
    ['POST', '/toString', 404, null],
    ['POST', '/__proto__', 404, null],
    ['POST', '/echo?a=1', 200, null],
  ])('answers %s %s with %i', async (method, path, status, allow) => {
    const body = method === 'POST' ? '{}' : null;
    const response = await handlerOf(echo())(new Request(url(path), { method, body }));
    expect(response.status).toBe(status);
    expect(response.headers.get('allow')).toBe(allow);
    const { error } = (await response.json()) as { error?: string };
    expect(typeof error).toBe(status < 400 ? 'undefined' : 'string');
  });

  it.each(['/echo', '//localhost/echo', '/echo?x', 'http://elsewhere/echo'])(
    'takes the URL %s, absolute or starting with the path',
    async (path) => {
      const request = { url: path, method: 'POST', body: parts(bytesOf('{}')) };
      expect((await handlerOf(echo())(request)).status).toBe(200);
    },
  );

  it.each(['//', 'http://', ''])('answers 404 at the URL "%s"', async (path) => {
    expect((await handlerOf(echo())({ url: path, method: 'POST' })).status).toBe(404);
  });

  it.each([
    ['nothing', null],
    ['no bytes', ''],
    ['no JSON', '{ "a": ['],
    ['null', 'null'],
    ['a list', '["a"]'],
    ['a string', '"a"'],
    ['nesting without end', '['.repeat(60_000)],
    ['bytes that are no UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['half a character', bytesOf('{"a":"\u00e9').slice(0, -1)],
  ])('refuses %s with 400, and loads no model', async (_, body) => {
    const route = echo();
    const response = await handlerOf(route)(post('/echo', body));
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: expect.stringMatching(/^Cannot read the body: /),
    });
    expect(route.open).not.toHaveBeenCalled();
  });

  it.each([
    [100, 99, 200],
    [100, 100, 200],
    [100, 101, 413],
    [undefined, 65_536, 200],
    [undefined, 65_537, 413],
  ])('with maxBytes %s answers %i bytes with %i', async (maxBytes, bytes, status) => {
    const handle = handlerOf(echo(), { maxBytes });
    const { length } = bytesOf(jsonOf(bytes));
    expect(length).toBe(bytes);
    expect((await handle(post('/echo', jsonOf(bytes)))).status).toBe(status);
    // In chunks, without content-length.
    const { request } = pieces(cut(bytesOf(jsonOf(bytes)), bytes < 1000 ? 1 : 999));
    expect((await handle(request)).status).toBe(status);
  });

  it('joins characters that are split over two chunks', async () => {
    const bytes = bytesOf('{"a":"\u00e9\u{1f600}"}');
    const { request } = pieces(cut(bytes, 1));
    expect(await (await handlerOf(echo())(request)).json()).toEqual({
      results: { a: '\u00e9\u{1f600}' },
    });
  });

  it('reads no further than the limit', async () => {
    const { request, sent } = pieces(new Array(1000).fill(new Uint8Array(2 ** 14).fill(32)));
    expect((await handlerOf(echo())(request)).status).toBe(413);
    expect(sent()).toBeLessThan(8);
  });

  it('answers an incomplete body with 400', async () => {
    const body = parts(bytesOf('{'), new Error('ECONNRESET'));
    const onError = vi.fn();
    const handle = handlerOf(echo(), { onError });
    expect((await handle({ url: '/echo', method: 'POST', body })).status).toBe(400);
    expect(onError).not.toHaveBeenCalled();
  });

  it('passes maxTexts to the routes, 32 by default', async () => {
    const read = vi.fn((body: Body) => body);
    await handlerOf({ ...echo(), read } as Route)(post('/echo', '{}'));
    await handlerOf({ ...echo(), read } as Route, { maxTexts: 3 })(post('/echo', '{}'));
    expect(read.mock.calls.map(([, most]: unknown[]) => most)).toEqual([32, 3]);
  });

  it.each(['read', 'answer'])(
    'answers an InputError of %s with 400 and its message',
    async (at) => {
      const fail = () => {
        throw new InputError('Cannot answer: question is too long');
      };
      const route = at === 'read' ? { ...echo(), read: fail } : echo(async () => fail());
      const onError = vi.fn();
      const response = await handlerOf(route as Route, { onError })(post('/echo', '{}'));
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ error: 'Cannot answer: question is too long' });
      expect(onError).not.toHaveBeenCalled();
    },
  );

  it.each([
    ['TypeError', new TypeError('secret')],
    ['RangeError', new RangeError('secret')],
    ['string', 'secret'],
  ])('answers any other %s with 500, and passes it to onError only', async (_, error) => {
    const onError = vi.fn();
    const request = post('/echo', '{}');
    const route = echo(async () => {
      throw error;
    });
    const response = await handlerOf(route, { onError })(request);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(onError).toHaveBeenCalledExactlyOnceWith(error, request);
  });

  it('prints an error that became a 500 to the console, without the request', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    const error = new Error('no');
    await handlerOf(echo(() => Promise.reject(error)))(post('/echo', '{}'));
    expect(said.mock.calls).toEqual([[error]]);
    said.mockRestore();
  });

  it.each([
    ['no routes', {}, {}],
    ['a path without a slash', { echo: echo() }, {}],
    ['a path that no URL can have', { '/a b': echo() }, {}],
    ['the reserved path', { '/healthz': echo() }, {}],
    ['no bytes', { '/echo': echo() }, { maxBytes: 0 }],
    ['half a text', { '/echo': echo() }, { maxTexts: 0.5 }],
  ])('refuses %s', (_, routes, options) => {
    expect(() => createHandler(routes, options)).toThrow(RangeError);
    expect(() => createHandler(routes, options)).toThrow('Cannot make a handler: ');
  });

  it.each([
    ['maxByte', { maxByte: 1 }, 'option "maxByte" is unknown, expected "maxBytes"'],
    ['onerror', { onerror: () => {} }, 'option "onerror" is unknown, expected "onError"'],
    ['authorise', { authorise: () => true }, 'option "authorise" is unknown, expected "authorize"'],
    ['a list', [], 'options is an array, expected an object'],
    [
      'authorize as a string',
      { authorize: 'token' },
      'authorize is of type string, expected a function',
    ],
    ['onError as true', { onError: true }, 'onError is of type boolean, expected a function'],
  ])('refuses the option %s', (_, options, message) => {
    const make = () => createHandler({ '/echo': echo() }, options as unknown as HandlerOptions);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });

  it.each([null, {}, () => {}, { read: () => {} }])('refuses %j as a route', (route) => {
    const make = () => createHandler({ '/echo': route as unknown as Route });
    expect(make).toThrow('"/echo" leads to something else than a route');
  });
});

describe('createHandler(), opening', () => {
  it('opens a route once for all waiting requests, with the first place', async () => {
    const route = echo();
    const handle = createHandler({ '/echo': route, '/again': route });
    const asked = ['/echo', '/again', '/echo'].map((path, i) => handle(post(path, '{}'), i));
    for (const response of await Promise.all(asked)) expect(response.status).toBe(200);
    await handle(post('/echo', '{}'), 3);
    expect(route.open).toHaveBeenCalledExactlyOnceWith(0);
  });

  it('retries after a failed attempt, which all waiting requests see as 500', async () => {
    const route = echo();
    route.open.mockRejectedValueOnce(new Error('no net'));
    const onError = vi.fn();
    const handle = handlerOf(route, { onError });
    const failed = await Promise.all([handle(post('/echo', '{}')), handle(post('/echo', '{}'))]);
    expect(failed.map(({ status }) => status)).toEqual([500, 500]);
    expect(onError).toHaveBeenCalledTimes(2);
    expect((await handle(post('/echo', '{}'))).status).toBe(200);
    expect(route.open).toHaveBeenCalledTimes(2);
  });

  it('passes an opening to waitUntil, so that it survives its client', async () => {
    const left = new AbortController();
    let opened = (_: Answerer<Body>) => {};
    const opening = new Promise<Answerer<Body>>((resolve) => {
      opened = resolve;
    });
    const route = { ...echo(), open: vi.fn(() => opening) };
    const kept: Promise<unknown>[] = [];
    const context = { waitUntil: (promise: Promise<unknown>) => void kept.push(promise) };
    const handle = handlerOf(route as Route);
    const first = handle(post('/echo', '{}', left.signal), undefined, context);
    await vi.waitFor(() => expect(kept).toHaveLength(1));
    left.abort();
    opened({ answer: async (body) => body });
    expect((await first).status).toBe(499);
    expect((await handle(post('/echo', '{}'))).status).toBe(200);
    expect(route.open).toHaveBeenCalledOnce();
  });
});

describe('createHandler(), clients that disconnect', () => {
  const abort = () => {
    const left = new AbortController();
    return { left, request: post('/echo', '{}', left.signal) };
  };

  it('passes the signal on, so that work ends with its client, and reports nothing', async () => {
    const { left, request } = abort();
    const onError = vi.fn();
    const route = echo(async (_, signal) => {
      left.abort();
      signal?.throwIfAborted();
    });
    expect((await handlerOf(route, { onError })(request)).status).toBe(499);
    expect(onError).not.toHaveBeenCalled();
  });

  it('does not run the model for a client that disconnected while it was loaded', async () => {
    const { left, request } = abort();
    const answer = vi.fn(async () => 'answer');
    const open = async () => {
      left.abort();
      return { answer };
    };
    expect((await handlerOf({ ...echo(), open } as Route)(request)).status).toBe(499);
    expect(answer).not.toHaveBeenCalled();
  });

  it('answers a client that disconnected in the middle of a body with 499', async () => {
    const left = new AbortController();
    const request: ServedRequest = {
      url: '/echo',
      method: 'POST',
      signal: left.signal,
      body: (async function* () {
        yield bytesOf('{');
        left.abort();
        throw new Error('aborted');
      })(),
    };
    expect((await handlerOf(echo())(request)).status).toBe(499);
  });
});

async function* parts(...chunks: (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    if (chunk instanceof Error) throw chunk;
    yield chunk;
  }
}
