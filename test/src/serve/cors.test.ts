/** The rules are those of the Fetch standard: https://fetch.spec.whatwg.org/#http-cors-protocol */
import { describe, expect, it, vi } from 'vitest';
import {
  type CorsSetting,
  createHandler,
  type HandlerOptions,
  type Route,
} from '../../../src/serve/serve.ts';

const HOME = 'https://example.com';
const OTHER = 'https://elsewhere.example';

function handlerOf(cors: CorsSetting, options: HandlerOptions = {}) {
  const answer = vi.fn(async (body: unknown) => body);
  const route = { read: (body: unknown) => body, open: async () => ({ answer }) };
  const handle = createHandler({ '/echo': route as Route }, { ...options, cors });
  return { handle, answer };
}

/** A request as a browser sends it from a page of `origin`. */
function post(origin?: string, path = '/echo', body = '{}') {
  const headers = { 'content-type': 'application/json', ...(origin && { origin }) };
  return new Request(`http://api.test${path}`, { method: 'POST', headers, body });
}

const preflight = (origin: string, path = '/echo', method = 'POST') =>
  new Request(`http://api.test${path}`, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': method },
  });

describe('cors', () => {
  it('answers a preflight of a listed origin with what a page may send', async () => {
    const { handle, answer } = handlerOf([HOME]);
    const response = await handle(preflight(HOME));
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    expect(Object.fromEntries(response.headers)).toEqual({
      'access-control-allow-origin': HOME,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type, authorization',
      'access-control-max-age': '86400',
      vary: 'Origin',
    });
    const health = await handle(preflight(HOME, '/healthz', 'GET'));
    expect(health.headers.get('access-control-allow-methods')).toBe('GET, HEAD');
    expect(answer).not.toHaveBeenCalled();
  });

  it('lets a page of a listed origin read the answer', async () => {
    const response = await handlerOf({ origin: [OTHER, HOME] }).handle(post(HOME));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ results: {} });
    expect(response.headers.get('access-control-allow-origin')).toBe(HOME);
    expect(response.headers.get('vary')).toBe('Origin');
    expect(response.headers.has('access-control-allow-credentials')).toBe(false);
  });

  it.each([
    ['not found', () => post(HOME, '/nowhere'), 404],
    ['a wrong body', () => post(HOME, '/echo', '['), 400],
    [
      'a wrong method',
      () => new Request('http://api.test/echo', { headers: { origin: HOME } }),
      405,
    ],
  ])('lets such a page read an error too: %s', async (_, request, status) => {
    const response = await handlerOf(HOME).handle(request());
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe(HOME);
  });

  it.each([
    ['another site', OTHER],
    ['another scheme', 'http://example.com'],
    ['another port', 'https://example.com:8443'],
    ['a longer host', 'https://example.com.elsewhere.example'],
    ['a subdomain', 'https://www.example.com'],
    ['a sandboxed page', 'null'],
  ])('refuses a page of %s with 403, and does no work for it', async (_, origin) => {
    const { handle, answer } = handlerOf([HOME]);
    for (const request of [post(origin), preflight(origin)]) {
      const response = await handle(request);
      expect(response.status).toBe(403);
      expect(response.headers.has('access-control-allow-origin')).toBe(false);
      expect(response.headers.get('vary')).toBe('Origin');
    }
    expect(answer).not.toHaveBeenCalled();
  });

  it('answers programs, which send no origin, and pages of its own server', async () => {
    const { handle } = handlerOf([HOME]);
    const plain = await handle(post());
    expect([plain.status, plain.headers.get('vary')]).toEqual([200, 'Origin']);
    expect((await handle(post('http://api.test'))).status).toBe(200);
    const headers = { host: 'api.test:8080', origin: 'http://api.test:8080' };
    const behindNode = { url: '/healthz', method: 'GET', headers };
    expect((await handle(behindNode)).status).toBe(200);
    const forged = { ...headers, origin: 'http://api.test:81' };
    expect((await handle({ ...behindNode, headers: forged })).status).toBe(403);
  });

  it.each([true, '*', { origin: '*' }] as const)('%j allows every page', async (cors) => {
    const { handle } = handlerOf(cors);
    for (const origin of [OTHER, 'null']) {
      const response = await handle(post(origin));
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.has('vary')).toBe(false);
    }
  });

  it('without the option, no page is told that it may call', async () => {
    for (const cors of [false, undefined]) {
      const { handle } = handlerOf(cors as boolean);
      expect((await handle(preflight(HOME))).status).toBe(405);
      const response = await handle(post(HOME));
      expect([...response.headers.keys()].filter((name) => /^access-control/.test(name))).toEqual(
        [],
      );
    }
  });

  it('takes a function, headers, credentials and a maximum age', async () => {
    const { handle } = handlerOf({
      origin: (origin) => new URL(origin).hostname.endsWith('.example'),
      headers: ['content-type', 'x-key'],
      credentials: true,
      maxAge: 0,
    });
    const { headers } = await handle(preflight(OTHER));
    expect(headers.get('access-control-allow-origin')).toBe(OTHER);
    expect(headers.get('access-control-allow-headers')).toBe('content-type, x-key');
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect(headers.get('access-control-max-age')).toBe('0');
    expect((await handle(preflight(HOME))).status).toBe(403);
  });

  it('answers 500 where a function of the server fails or an adapter forgets the headers', async () => {
    const onError = vi.fn();
    const failing = () => {
      throw new Error('secret');
    };
    const { handle } = handlerOf({ origin: failing }, { onError });
    const response = await handle(post(HOME));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect((await handle({ url: '/healthz', method: 'GET' })).status).toBe(500);
    expect(onError.mock.calls.map(([error]) => error.message)).toEqual([
      'secret',
      'Cannot read origin: the request has no headers, expected some',
    ]);
  });

  it('comes before authorize, so that preflights pass, and lets pages read a 401', async () => {
    const authorize = vi.fn(() => false);
    const { handle } = handlerOf([HOME], { authorize });
    expect((await handle(preflight(HOME))).status).toBe(204);
    expect((await handle(post(OTHER))).status).toBe(403);
    expect(authorize).not.toHaveBeenCalled();
    const response = await handle(post(HOME));
    expect(response.status).toBe(401);
    expect(response.headers.get('access-control-allow-origin')).toBe(HOME);
  });

  it.each([
    ['https://example.com/', 'expected an origin such as "https://example.com"'],
    ['https://Example.com', 'expected an origin such as "https://example.com"'],
    ['https://example.com:443', 'expected an origin such as "https://example.com"'],
    ['example.com', 'cors.origin is "example.com", expected an origin such as'],
    ['file:///page.html', 'expected an origin'],
    [[], 'cors.origin is [], expected'],
    [[HOME, 7], 'cors.origin is 7, expected'],
    [{ origins: [HOME] }, 'option "origins" is unknown, expected "origin"'],
    [{}, 'cors.origin is undefined, expected'],
    [{ origin: '*', credentials: true }, 'since credentials are allowed'],
    [{ origin: HOME, headers: ['a b'] }, 'cors.headers is "a b", expected names of headers'],
    [{ origin: HOME, maxAge: -1 }, 'cors.maxAge is -1, expected a whole number of seconds'],
    [7, 'options is a number, expected an object'],
  ])('refuses %j', (cors, message) => {
    expect(() => handlerOf(cors as CorsSetting)).toThrow(message);
    expect(() => handlerOf(cors as CorsSetting)).toThrow(/^Cannot make a handler/);
  });
});
