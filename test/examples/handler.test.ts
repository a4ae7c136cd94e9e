import { describe, expect, it, vi } from 'vitest';

type Ready = () => Promise<(texts: string[], options: { signal: AbortSignal }) => unknown>;

/** Plain JavaScript, which the compiler does not read: its type is said here. */
const { handle } = (await import(
  new URL('../../examples/http/handler.js', import.meta.url).href
)) as { handle(request: Request, ready: Ready): Promise<Response> };

const url = (path: string) => `http://localhost${path}`;
const post = (body: BodyInit) => new Request(url('/classify'), { method: 'POST', body });

describe('handle()', () => {
  it('answers with what the classifier says of the texts', async () => {
    const classify = vi.fn(async (texts: string[]) => texts.map((label) => [{ label, score: 1 }]));
    const response = await handle(post('{ "texts": ["a", ""] }'), async () => classify);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      results: [[{ label: 'a', score: 1 }], [{ label: '', score: 1 }]],
    });
  });

  it('hands the signal of the request on, so that work ends with its client', async () => {
    const left = new AbortController();
    const request = new Request(url('/classify'), {
      method: 'POST',
      body: '{ "texts": ["a"] }',
      signal: left.signal,
    });
    const answer = handle(request, async () => async (_texts, { signal }) => {
      left.abort();
      signal.throwIfAborted();
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
    expect((await handle(post(body), never)).status).toBe(400);
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
    ['POST', '/classify/more', 404],
  ])('answers %s %s with %i', async (method, path, status) => {
    expect((await handle(new Request(url(path), { method }), never)).status).toBe(status);
  });
});

async function never(): Promise<never> {
  throw new Error('The model is not asked');
}
