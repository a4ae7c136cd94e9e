import { describe, expect, it, vi } from 'vitest';

interface Options {
  readonly signal: AbortSignal;
}

interface Route {
  readonly task: string;
  readonly model: string;
}

/** A pipeline: text or texts, what goes with them, options last. */
type Pipe = (...args: never[]) => unknown;
type Open = (route: Route) => Promise<Pipe>;

/** Plain JavaScript, which the compiler does not read: its types are said here. */
const { handle, opener, ROUTES } = (await import(
  new URL('../../examples/http/handler.js', import.meta.url).href
)) as {
  handle(request: Request, open: Open): Promise<Response>;
  opener(
    load: (route: Route, place: string) => Promise<Pipe>,
  ): (route: Route, place: string) => Promise<Pipe>;
  ROUTES: Record<string, Route>;
};

const url = (path: string) => `http://localhost${path}`;
const post = (path: string, body: BodyInit) => new Request(url(path), { method: 'POST', body });

describe('handle()', () => {
  it.each([
    ['/classify', '{ "texts": ["a", ""] }', [['a', ''], { top_k: 3 }]],
    ['/ner', '{ "texts": ["a"] }', [['a'], { aggregation_strategy: 'simple' }]],
    [
      '/answer',
      '{ "question": "a?", "context": "b" }',
      ['a?', 'b', { handle_impossible_answer: true }],
    ],
  ])('%s answers with what the pipeline says', async (path, body, asked) => {
    const pipe = vi.fn(async () => [{ score: 1 }]);
    const open = vi.fn(async () => pipe);
    const response = await handle(post(path, body), open);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ results: [{ score: 1 }] });
    expect(open).toHaveBeenCalledWith(ROUTES[path]);
    const options = { ...(asked.at(-1) as object), signal: expect.any(AbortSignal) };
    expect(pipe).toHaveBeenCalledWith(...asked.slice(0, -1), options);
  });

  it('hands the signal of the request on, so that work ends with its client', async () => {
    const left = new AbortController();
    const request = new Request(url('/classify'), {
      method: 'POST',
      body: '{ "texts": ["a"] }',
      signal: left.signal,
    });
    const answer = handle(request, async () => async (_: string[], options: Options) => {
      left.abort();
      options.signal.throwIfAborted();
    });
    await expect(answer).rejects.toThrow(/abort/i);
  });

  it.each([
    ['no JSON', '{ "texts": ['],
    ['null', 'null'],
    ['a list', '["a"]'],
    ['one text', '{ "texts": "a" }'],
    ['no texts', '{ "texts": [] }'],
    ['a number', '{ "texts": [1] }'],
    ['33 texts', JSON.stringify({ texts: new Array(33).fill('a') })],
    ['no body', ''],
  ])('refuses %s with 400', async (_, body) => {
    expect((await handle(post('/classify', body), never)).status).toBe(400);
    expect((await handle(post('/ner', body), never)).status).toBe(400);
  });

  it.each([
    ['texts', '{ "texts": ["a"] }'],
    ['no context', '{ "question": "a" }'],
    ['a list of questions', '{ "question": ["a"], "context": "b" }'],
    ['no JSON', 'a'],
  ])('/answer refuses %s with 400', async (_, body) => {
    expect((await handle(post('/answer', body), never)).status).toBe(400);
  });

  it('refuses a body of more than 64 KiB with 413, and reads no further', async () => {
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent++;
        controller.enqueue(new Uint8Array(2 ** 14));
      },
    });
    const init = { method: 'POST', body: endless, duplex: 'half' };
    const request = new Request(url('/classify'), init as RequestInit);
    expect((await handle(request, never)).status).toBe(413);
    expect(sent).toBeLessThan(8);
  });

  it.each([
    ['GET', '/healthz', 200],
    ['GET', '/classify', 405],
    ['GET', '/', 404],
    ['POST', '/toString', 404],
    ['POST', '/classify/more', 404],
  ])('answers %s %s with %i', async (method, path, status) => {
    expect((await handle(new Request(url(path), { method }), never)).status).toBe(status);
  });
});

describe('opener()', () => {
  const route = { task: 'a', model: 'b' };

  it('opens a pipeline once, for all who wait for it', async () => {
    const load = vi.fn(async () => () => 'answer');
    const open = opener(load);
    expect(await open(route, 'here')).toBe(await open(route, 'here'));
    expect(load).toHaveBeenCalledOnce();
    expect(load).toHaveBeenCalledWith(route, 'here');
  });

  it('forgets a failed attempt', async () => {
    const load = vi.fn(async () => () => 'answer');
    load.mockRejectedValueOnce(new Error('no net'));
    const open = opener(load);
    await expect(open(route, 'here')).rejects.toThrow('no net');
    expect((await open(route, 'here'))()).toBe('answer');
  });
});

async function never(): Promise<never> {
  throw new Error('The model is not asked');
}
