import { describe, expect, it, vi } from 'vitest';
import {
  type Authorize,
  bearerToken,
  createHandler,
  type HandlerOptions,
  type Route,
} from '../../../src/serve/serve.ts';

function handlerOf(authorize: unknown, options: HandlerOptions = {}) {
  const open = vi.fn(async () => ({ answer: async (body: unknown) => body }));
  const route: Route = { read: (body) => body, open };
  const handle = createHandler(
    { '/echo': route },
    { ...options, authorize: authorize as Authorize },
  );
  return { handle, open };
}

function post(authorization?: string, path = '/echo', body = '{}') {
  const headers = new Headers(authorization === undefined ? {} : { authorization });
  return new Request(`http://api.test${path}`, { method: 'POST', headers, body });
}

describe('authorize', () => {
  it('lets a request pass that it returns true for, once it is awaited', async () => {
    for (const verdict of [true, Promise.resolve(true)]) {
      expect((await handlerOf(() => verdict).handle(post())).status).toBe(200);
    }
  });

  it.each([false, undefined, null, 1, 'true', {}, Promise.resolve(false), Promise.resolve()])(
    'answers 401 where it returns %s, without a model or a look at the body',
    async (verdict) => {
      const { handle, open } = handlerOf(() => verdict);
      const response = await handle(post('Bearer x', '/echo', '['));
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await response.json()).toEqual({
        error: 'Cannot answer: the request is not authorized',
      });
      expect(open).not.toHaveBeenCalled();
    },
  );

  it('does not tell strangers which paths there are', async () => {
    const { handle } = handlerOf(() => false);
    for (const path of ['/echo', '/nowhere', '/healthz/']) {
      expect((await handle(post(undefined, path))).status).toBe(401);
    }
    expect((await handle(new Request('http://api.test/echo'))).status).toBe(401);
  });

  it('leaves /healthz to everyone', async () => {
    expect(
      (await handlerOf(() => false).handle(new Request('http://api.test/healthz'))).status,
    ).toBe(200);
  });

  it('sends the Response that it returns', async () => {
    const limit = () => new Response('slow down', { status: 429, headers: { 'retry-after': '9' } });
    const response = await handlerOf(limit).handle(post());
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '9']);
    expect(await response.text()).toBe('slow down');
  });

  it('answers 500 where it throws, and lets nobody in', async () => {
    const onError = vi.fn();
    const failing = async () => {
      throw new Error('secret');
    };
    const { handle, open } = handlerOf(failing, { onError });
    const response = await handle(post());
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(onError).toHaveBeenCalledOnce();
    expect(open).not.toHaveBeenCalled();
  });

  it('gets the request and the place', async () => {
    const authorize = vi.fn(() => true);
    const request = post('Bearer a');
    await handlerOf(authorize).handle(request, 'place');
    expect(authorize).toHaveBeenCalledExactlyOnceWith(request, 'place');
  });
});

describe('bearerToken()', () => {
  it.each([
    ['Bearer first', 200],
    ['bearer  second ', 200],
    ['Bearer firs', 401],
    ['Bearer firstt', 401],
    ['Bearer FIRST', 401],
    ['Bearer first second', 401],
    ['Bearer ', 401],
    ['Bearer', 401],
    ['Basic first', 401],
    ['first', 401],
    ['xBearer first', 401],
    ['', 401],
    [undefined, 401],
  ])('answers authorization %j with %i', async (authorization, status) => {
    const { handle } = handlerOf(bearerToken(['first', 'second']));
    expect((await handle(post(authorization))).status).toBe(status);
  });

  it("reads Node's headers, and fails closed without headers", async () => {
    const { handle } = handlerOf(bearerToken('t'), { onError: () => {} });
    const ask = (headers: object | undefined) =>
      handle({ url: '/nowhere', method: 'POST', headers: headers as Record<string, string> });
    expect((await ask({ authorization: 'Bearer t' })).status).toBe(404);
    expect((await ask({ authorization: ['Bearer t', 'Bearer u'] })).status).toBe(401);
    expect((await ask({})).status).toBe(401);
    expect((await ask(undefined)).status).toBe(500);
  });

  it.each([[''], [[]], [['a', '']], [undefined], ['a b'], ['\u00e9'], [['a', 7]]])(
    'refuses the tokens %j',
    (tokens) => {
      expect(() => bearerToken(tokens as string)).toThrow(
        /^Cannot check tokens: .*expected tokens/,
      );
    },
  );
});
