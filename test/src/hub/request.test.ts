/** The access token: which server sees it. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openFiles } from '../../../src/hub/files.ts';
import { env } from '../../../src/hub/options.ts';
import { startServer, type TestServer } from './server.ts';

const defaults = { ...env };
let hub: TestServer;
let other: TestServer;

beforeEach(async () => {
  other = await startServer((_, response) => response.end('{}'));
  hub = await startServer((request, response) => {
    const path = request.url!;
    if (path.endsWith('far.json'))
      response.writeHead(302, { location: `${other.url}x.json` }).end();
    else if (path.endsWith('near.json')) response.writeHead(307, { location: '/x.json' }).end();
    else if (path.endsWith('loop.json')) response.writeHead(302, { location: path }).end();
    else if (path.endsWith('file.json')) response.writeHead(302, { location: 'file:///x' }).end();
    else response.end('{}');
  });
  Object.assign(env, { remoteHost: hub.url, useFSCache: false, retryDelay: 1 });
});

afterEach(async () => {
  Object.assign(env, defaults);
  vi.unstubAllEnvs();
  await Promise.all([hub.close(), other.close()]);
});

const sent = (server: TestServer) => server.headers.map(({ authorization }) => authorization);

describe('token', () => {
  it('goes to the hub, also where that redirects to itself', async () => {
    await (await openFiles('org/name', { token: 'hf_secret' })).json('near.json');
    expect(sent(hub)).toEqual(['Bearer hf_secret', 'Bearer hf_secret']);
  });

  it('does not follow a redirection to another host', async () => {
    await (await openFiles('org/name', { token: 'hf_secret' })).json('far.json');
    expect(sent(hub)).toEqual(['Bearer hf_secret']);
    expect(sent(other)).toEqual([undefined]);
  });

  it('does not go to other URLs', async () => {
    await (await openFiles(other.url, { token: 'hf_secret' })).json('x.json');
    expect(sent(other)).toEqual([undefined]);
  });

  it.each([
    ['https://huggingface.co/', 'Bearer hf_env'],
    ['https://mirror.example/', undefined],
    ['http://huggingface.co/', undefined],
  ])('of the environment goes to the hub itself: %s gets %s', async (remoteHost, expected) => {
    vi.stubEnv('HF_TOKEN', 'hf_env');
    let headers: HeadersInit | undefined;
    Object.assign(env, { remoteHost });
    env.fetch = async (_, init) => {
      headers = init?.headers;
      return new Response('{}');
    };
    await (await openFiles('org/name')).json('x.json');
    expect(new Headers(headers).get('authorization') ?? undefined).toBe(expected);
  });

  it('does not show in errors', async () => {
    await hub.close();
    const reading = (await openFiles('org/name', { token: 'hf_secret' })).json('x.json');
    const error = await reading.catch((failure: Error) => failure);
    expect(JSON.stringify([(error as Error).message, error])).not.toContain('hf_secret');
  });
});

describe('redirections', () => {
  it('end after ten', async () => {
    await expect((await openFiles('org/name')).open('loop.json')).rejects.toThrow(
      'more than 10 redirections',
    );
  });

  it('refuse other protocols', async () => {
    await expect((await openFiles('org/name')).open('file.json')).rejects.toThrow(
      'it redirects to file:',
    );
  });

  it('are left to a browser, which does not show them', async () => {
    const asked: (string | undefined)[] = [];
    env.fetch = async (_, init) => {
      asked.push(init?.redirect);
      if (init?.redirect === 'follow') return new Response('{"from": "browser"}');
      return { type: 'opaqueredirect', status: 0, headers: new Headers() } as Response;
    };
    expect(await (await openFiles('org/name')).json('x.json')).toEqual({ from: 'browser' });
    expect(asked).toEqual(['manual', 'follow']);
  });
});
