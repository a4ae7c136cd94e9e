/** The Web's Cache, and a cache of the caller's own, as on a page. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openFiles } from '../../../src/hub/files.ts';
import { env } from '../../../src/hub/options.ts';
import { readAll, someBytes } from './reading.ts';
import { type Fault, hubHeaders, serveFile, startServer, type TestServer } from './server.ts';

vi.mock('#platform', () => import('../../../src/platform/web.ts'));

const BYTES = someBytes(300_000);
const defaults = { ...env };
let server: TestServer;
let fault: Fault = {};
let warnings: string[] = [];

const isSame = (bytes: Uint8Array) => Buffer.compare(bytes, BYTES) === 0;

beforeEach(async () => {
  fault = {};
  warnings = [];
  server = await startServer((request, response) => {
    const headers = { ...hubHeaders(BYTES, 'lfs'), ...fault.headers };
    serveFile(request, response, BYTES, { ...fault, headers });
  });
  Object.assign(env, { remoteHost: server.url });
  Object.assign(env, { retryDelay: 1, maxRetries: 1, stallTimeout: 1000 });
  vi.spyOn(console, 'warn').mockImplementation((message) => void warnings.push(message));
});

afterEach(async () => {
  Object.assign(env, defaults);
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await server.close();
});

describe.each(['the Web’s Cache', 'a custom cache'])('%s', (kind) => {
  const kept = new Map<string, Response>();
  const cache = {
    match: async (key: string) => kept.get(key)?.clone(),
    async put(key: string, response: Response) {
      const pieces: Uint8Array[] = [];
      for await (const piece of response.body!) pieces.push(piece);
      kept.set(key, new Response(Buffer.concat(pieces), response));
    },
  };
  let name = '';

  beforeEach(() => {
    kept.clear();
    if (kind === 'a custom cache') Object.assign(env, { useCustomCache: true, customCache: cache });
    const open = async (key: string) => {
      name = key;
      return cache;
    };
    vi.stubGlobal('caches', { open });
  });
  const load = async () => readAll(await (await openFiles('org/name')).open('model.safetensors'));

  it("keeps files under transformers.js' name and keys", async () => {
    for (let i = 0; i < 2; i++) expect(isSame(await load())).toBe(true);
    const key = `${server.url}org/name/resolve/main/model.safetensors`;
    expect([...kept.keys()]).toEqual([key]);
    expect(kept.get(key)!.headers.get('content-length')).toBe('300000');
    const found = await (await openFiles('org/name')).open('model.safetensors');
    expect(found?.size).toBe(300_000);
    expect(server.paths.length).toBe(1);
    expect(name).toBe(kind === 'a custom cache' ? '' : 'transformers-cache');
  });

  it('keeps a copy of chunks that their reader may change', async () => {
    const source = await (await openFiles('org/name')).open('model.safetensors');
    for await (const chunk of source!.stream()) chunk.fill(0);
    expect(isSame(await load())).toBe(true);
    expect(server.paths.length).toBe(1);
  });

  it('keeps no file that is wrong or incomplete', async () => {
    for (const wrong of [
      { body: someBytes(300_001).subarray(1) },
      { cut: 1000 },
      { status: 503 },
    ]) {
      fault = wrong;
      await expect(load()).rejects.toThrow('Cannot');
      expect(kept.size).toBe(0);
    }
  });

  it('only warns when it is full', async () => {
    vi.spyOn(cache, 'put').mockRejectedValue(new Error('QuotaExceededError'));
    expect(isSame(await load())).toBe(true);
    expect(warnings.join()).toContain('is not cached');
  });

  it('does not take a page for a file', async () => {
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    const key = `${server.url}org/name/resolve/main/model.safetensors`;
    kept.set(key, new Response('<!doctype html>', { headers }));
    expect(isSame(await load())).toBe(true);
  });
});

describe('the Web’s Cache', () => {
  it('is left out, with a warning, where it is not allowed', async () => {
    const open = () => Promise.reject(new Error('SecurityError'));
    vi.stubGlobal('caches', { open });
    const source = await (await openFiles('org/name')).open('model.safetensors');
    expect(isSame(await readAll(source))).toBe(true);
    expect(warnings.join()).toContain('files are not cached: SecurityError');
  });
});

describe('custom cache', () => {
  it('may return anything that holds a file', async () => {
    const match = async () => new TextEncoder().encode('{"from": "bytes"}');
    Object.assign(env, { useCustomCache: true, customCache: { match, put: async () => {} } });
    expect(await (await openFiles('org/name')).json('config.json')).toEqual({ from: 'bytes' });
  });

  it('must have its two methods', async () => {
    env.useCustomCache = true;
    await expect(openFiles('org/name')).rejects.toThrow('expected an env.customCache with match()');
  });
});
