/** The variables of Python's huggingface_hub, who gets the token, and what errors never show. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openFiles } from '../../../src/hub/files.ts';
import { env } from '../../../src/hub/options.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import { startLyingHub } from '../../support/lying-hub.js';
import { keepWarnings } from '../../support/warnings.ts';
import { type Hub, plain } from './checkpoints.ts';

const defaults = { ...env };
const simd = { variant: 'simd' } as const;
let folder = '';
let hub: Hub;
keepWarnings();

beforeEach(async () => {
  hub = await startLyingHub({ files: plain() });
  folder = await mkdtemp(join(tmpdir(), 'environment-'));
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'none'));
  Object.assign(env, { cacheDir: folder, retryDelay: 1, maxRetries: 0 });
});
afterEach(async () => {
  Object.assign(env, defaults);
  vi.unstubAllEnvs();
  await hub.close();
  await rm(folder, { recursive: true });
});

const load = async (options = {}) =>
  (await pipeline('feature-extraction', 'org/name', { ...simd, ...options })).dispose();

describe('HF_ENDPOINT', () => {
  it.each(['', '/'])('is the hub, with or without a slash at its end', async (slash) => {
    vi.stubEnv('HF_ENDPOINT', hub.url.slice(0, -1) + slash);
    vi.stubEnv('HF_TOKEN', 'hf_environment');
    await load();
    const { authorization } = hub.requests.at(-1)!.headers;
    expect(authorization).toBe('Bearer hf_environment');
  });

  it('gives way to an env.remoteHost that was set', async () => {
    vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:1/');
    env.remoteHost = hub.url;
    await load();
    expect(hub.requests.length).toBeGreaterThan(0);
  });

  it('is named when it is no URL', async () => {
    vi.stubEnv('HF_ENDPOINT', 'hub.example');
    await expect(load()).rejects.toThrow(/HF_ENDPOINT is "hub.example", expected a URL/);
  });
});

describe('HF_HUB_OFFLINE', () => {
  it.each(['1', 'true', 'YES', 'on'])(
    '= %s forbids requests, and cached models load',
    async (value) => {
      env.remoteHost = hub.url;
      vi.stubEnv('HF_HUB_OFFLINE', value);
      await expect(load()).rejects.toThrow(/Cannot open "org\/name": .*HF_HUB_OFFLINE is set/);
      expect(hub.requests).toEqual([]);
      vi.stubEnv('HF_HUB_OFFLINE', '0');
      await load();
      const { length } = hub.requests;
      vi.stubEnv('HF_HUB_OFFLINE', value);
      await load();
      expect(hub.requests.length).toBe(length);
    },
  );
});

describe('the token', () => {
  /** Follows the redirections of a table; returns which hosts got the token. */
  async function receivers(remoteHost: string, table: Record<string, string>): Promise<string[]> {
    env.remoteHost = remoteHost;
    env.useFSCache = false;
    const got: string[] = [];
    env.fetch = async (url, init) => {
      const { origin, pathname } = new URL(url);
      if (new Headers(init?.headers).has('authorization')) got.push(origin);
      if (pathname.startsWith('/api/')) return new Response(null, { status: 404 });
      const to = table[origin];
      if (to === undefined) return new Response('{"a": 1}');
      return new Response(null, { status: 307, headers: { location: to + pathname } });
    };
    await (await openFiles('org/name', { token: 'hf_secret' })).json('x.json');
    return [...new Set(got)];
  }

  it('is kept from hf.co to huggingface.co', async () => {
    const hosts = ['https://hf.co', 'https://huggingface.co'];
    expect(await receivers('https://hf.co/', { [hosts[0]!]: hosts[1]! })).toEqual(hosts);
  });

  it.each(['https://cdn.example', 'http://huggingface.co', 'https://huggingface.co.example'])(
    'is not sent on to %s',
    async (other) => {
      const table = { 'https://huggingface.co': other };
      if (other.startsWith('http:')) {
        await expect(receivers('https://huggingface.co/', table)).rejects.toThrow('redirects to');
      } else {
        expect(await receivers('https://huggingface.co/', table)).toEqual([
          'https://huggingface.co',
        ]);
      }
    },
  );

  it('of a mirror is not sent to the hub', async () => {
    const table = { 'https://mirror.example': 'https://huggingface.co' };
    expect(await receivers('https://mirror.example/', table)).toEqual(['https://mirror.example']);
  });
});

describe('errors and names', () => {
  const SECRETS = ['hf_secretsecret', 'pass-word', 'SIGNATURE'];
  const broken: [string, () => void][] = [
    ['nothing answers', () => (env.fetch = () => Promise.reject(new TypeError('fetch failed')))],
    [
      'fetch quotes the URL and the headers',
      () => {
        env.fetch = (url, init) =>
          Promise.reject(
            new TypeError(`bad ${url} ${JSON.stringify(init?.headers)}`, {
              cause: new Error(`of http://user:pass-word@x/?X-Amz-Signature=SIGNATURE`),
            }),
          );
      },
    ],
    ['the server refuses', () => (env.fetch = async () => new Response('', { status: 401 }))],
    ['the file is missing', () => (env.fetch = async () => new Response('', { status: 404 }))],
    ['the file is a page', () => (env.fetch = async () => new Response('<html></html>'))],
    ['the file is broken', () => (env.fetch = async () => new Response('{"model_type": '))],
    [
      'the server redirects to another protocol',
      () => {
        const location = 'ftp://user:pass-word@x/?X-Amz-Signature=SIGNATURE';
        env.fetch = async () => new Response(null, { status: 302, headers: { location } });
      },
    ],
  ];

  it.each(broken)('have no token, password or signature where %s', async (_, breakIt) => {
    breakIt();
    const url = 'https://user:pass-word@host.example/x?X-Amz-Signature=SIGNATURE';
    env.remoteHost = 'https://user:pass-word@host.example/';
    const sources = [
      url,
      'org/name',
      { 'config.json': url, 'tokenizer.json': url, 'model.safetensors': url },
    ];
    for (const source of sources) {
      const options = { ...simd, token: 'hf_secretsecret' };
      const error = await pipeline('feature-extraction', source, options).catch((e: Error) => e);
      expect(error).toBeInstanceOf(Error);
      for (const secret of SECRETS) expect(inspect(error, { depth: 10 })).not.toContain(secret);
    }
  });

  it('name the token that no header takes, without showing it', async () => {
    env.remoteHost = hub.url;
    const error = await load({ token: 'hf_secretsecret\n' }).catch((e: Error) => e);
    expect(String(error)).toMatch(/Cannot send the token/);
    expect(inspect(error)).not.toContain('hf_secretsecret');
  });

  it.each(['http://a%:pass-word@', 'https://user:pass-word@[', 'user:pass-word@host.example'])(
    'show no password of %s, which is no URL of a host',
    async (remoteHost) => {
      Object.assign(env, { remoteHost });
      env.fetch = () => Promise.reject(new TypeError('fetch failed'));
      for (const source of ['org/name', `${remoteHost}x`]) {
        const error = await pipeline('feature-extraction', source, simd).catch((e: Error) => e);
        expect(String(error)).toMatch(/^FilesError: Cannot/);
        expect(inspect(error, { depth: 10 })).not.toContain('pass-word');
      }
    },
  );

  it('send the user and password of a URL to its host', async () => {
    const url = hub.url.replace('http://', 'http://user:pass-word@');
    expect(await (await openFiles(url)).json('tokenizer_config.json')).toBeTypeOf('object');
    expect(hub.requests[0]?.headers.authorization).toBe(`Basic ${btoa('user:pass-word')}`);
  });
});
