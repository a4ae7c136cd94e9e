/** Faulty servers: every fault ends in the same bytes or in an error that says what to do. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FilesError } from '../../../src/errors.ts';
import { openFiles } from '../../../src/hub/files.ts';
import { env } from '../../../src/hub/options.ts';
import { readAll, someBytes } from './reading.ts';
import { type Fault, hubHeaders, serveFile, startServer, type TestServer } from './server.ts';

const BYTES = someBytes(300_000);
const OTHER = someBytes(300_001).subarray(1);
const lfs = hubHeaders(BYTES, 'lfs');
const git = hubHeaders(BYTES, 'git');

const defaults = { ...env };
let folder = '';
let server: TestServer;
/** One fault for each request, in order; then none. */
let faults: Fault[] = [];
let headers: Record<string, string> = {};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faults-'));
  server = await startServer((request, response) => {
    const fault = faults.shift() ?? {};
    const all = { ...headers, ...fault.headers };
    serveFile(request, response, BYTES, { ...fault, headers: all });
  });
  Object.assign(env, { remoteHost: server.url, cacheDir: folder });
  Object.assign(env, { retryDelay: 1, maxRetries: 4, stallTimeout: 200 });
});

afterEach(async () => {
  Object.assign(env, defaults);
  await server.close();
  await rm(folder, { recursive: true });
});

const cached = async () =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

/** `toEqual` compares element by element, which takes seconds for a file. */
const isSame = (bytes: Uint8Array) => Buffer.compare(bytes, BYTES) === 0;

const PASSING: [string, Fault[]][] = [
  ['nothing wrong', []],
  ['a connection that is cut', [{ cut: 100_000 }]],
  ['one that is cut again and again', [{ cut: 100_000 }, { cut: 50_000 }, { cut: 1 }]],
  ['a cut, and a server that knows no ranges', [{ cut: 100_000 }, { noRange: true }]],
  ['a connection that stalls', [{ stall: 100_000 }]],
  ['one that stalls before its first byte', [{ stall: 0 }]],
  ['a body that ends early', [{ end: 100_000 }]],
  ['bytes that drip', [{ drip: 40 }]],
  ['a reset', [{ reset: true }]],
  ['status 503', [{ status: 503, body: 'later' }]],
  ['status 429 with a time', [{ status: 429, headers: { 'retry-after': '0' } }]],
  [
    'status 503 with a date',
    [{ status: 503, headers: { 'retry-after': new Date().toUTCString() } }],
  ],
  ['a cut and then status 500', [{ cut: 100_000 }, { status: 500 }]],
];

const FAILING: [string, Fault[], RegExp][] = [
  ['a page in place of the file', [{ body: '<!DOCTYPE html><p>hi' }], /found an HTML page/],
  ['wrong bytes', [{ body: OTHER }], /its sha(1|256) is .*; nothing of it is kept, load it again/],
  ['too many bytes', [{ body: Buffer.concat([BYTES, BYTES]) }], /more than|its sha1 is/],
  ['cuts without end', Array.from({ length: 9 }, () => ({ cut: 10 })), /broke off|expected 300000/],
  [
    'status 503 without end',
    Array.from({ length: 9 }, () => ({ status: 503 })),
    /status 503 Service Unavailable/,
  ],
  [
    'a wait of hours',
    [{ status: 429, headers: { 'retry-after': '7200' } }],
    /status 429 .*wait, or/,
  ],
  ['a refusal', [{ status: 401 }], /status 401 .*a "token" that may read it/],
  [
    'another file after a cut',
    [{ cut: 100_000 }, { headers: { etag: '"x"', 'x-linked-etag': '"x"' } }],
    /its version is .*load it again/,
  ],
  [
    'a range that was not asked for',
    [{ cut: 100_000 }, { headers: { 'content-range': 'bytes 7-299999/300000' } }],
    /the server sends "bytes 7-/,
  ],
];

describe.each([
  ['in large-file storage', lfs],
  ['in git', git],
])('openFiles() of a hub file %s', (_, declared) => {
  beforeEach(() => {
    headers = declared;
  });

  it.each(PASSING)('gets the same bytes after %s, and keeps them', async (_, list) => {
    faults = [...list];
    const files = await openFiles('org/name');
    expect(isSame(await readAll(await files.open('x.bin')))).toBe(true);
    const asked = server.paths.length;
    expect(isSame(await readAll(await files.open('x.bin')))).toBe(true);
    expect(server.paths.length).toBe(asked);
    expect(await cached()).toEqual(['x.bin']);
  });

  it.each(FAILING)(
    'says what to do about %s, and keeps nothing wrong',
    async (_, list, message) => {
      faults = [...list];
      const open = async () => readAll(await (await openFiles('org/name')).open('x.bin'));
      const failure = await open().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(FilesError);
      expect((failure as FilesError).message).toMatch(message);
      expect(await cached()).not.toContain('x.bin');
      faults = [];
      expect(isSame(await open())).toBe(true);
      expect(await cached()).toEqual(['x.bin']);
    },
  );
});

describe('openFiles() of a URL', () => {
  it.each(PASSING)('gets the same bytes after %s, and keeps nothing', async (_, list) => {
    headers = {};
    faults = [...list];
    const files = await openFiles(server.url);
    expect(isSame(await readAll(await files.open('x.bin')))).toBe(true);
    expect(await cached()).toEqual([]);
  });

  it('does not take every etag for a hash', async () => {
    headers = { etag: `"${'0123456789'.repeat(4)}"` };
    const files = await openFiles(server.url);
    expect(isSame(await readAll(await files.open('x.bin')))).toBe(true);
  });
});

describe('openFiles() of a hub file that another host serves', () => {
  let store: TestServer;
  let content = BYTES;
  beforeEach(async () => {
    content = BYTES;
    store = await startServer((request, response) => {
      const etag = { etag: '"of the store"' };
      const fault = faults.shift() ?? {};
      serveFile(request, response, content, { ...fault, headers: { ...etag, ...fault.headers } });
    });
    await server.close();
    server = await startServer((_, response) => {
      response.writeHead(302, { ...lfs, location: store.url }).end();
    });
    env.remoteHost = server.url;
  });
  afterEach(() => store.close());
  const open = async () => (await openFiles('org/name')).open('x.bin');

  it('resumes there after a cut, and is checked by what the hub declares', async () => {
    faults = [{ cut: 100_000 }];
    const source = await open();
    expect(source?.size).toBe(300_000);
    expect(isSame(await readAll(source))).toBe(true);
    expect(store.headers.at(-1)?.range).toBe('bytes=100000-');
    expect(await cached()).toEqual(['x.bin']);
  });

  it.each([
    ['other bytes', OTHER, 'its sha256 is'],
    ['more bytes', Buffer.concat([BYTES, BYTES]), 'found more than 300000 bytes'],
  ])('fails for %s', async (_, wrong, message) => {
    content = wrong;
    await expect(open().then(readAll)).rejects.toThrow(message);
    expect(await cached()).toEqual([]);
  });
});

describe('openFiles() of a file that is compressed in transit', () => {
  it('gets and keeps it decompressed', async () => {
    const packed = gzipSync(BYTES);
    faults = [{ body: packed, headers: { ...git, 'content-encoding': 'gzip' } }];
    const source = await (await openFiles('org/name')).open('x.bin');
    expect(source?.size).toBeUndefined();
    expect(isSame(await readAll(source))).toBe(true);
    expect(await cached()).toEqual(['x.bin']);
  });

  it('ignores a compressed length that a page cannot tell from the file’s', async () => {
    env.useFSCache = false;
    env.fetch = async () => {
      const headers = { 'content-length': '9', 'content-type': 'application/json' };
      return Object.defineProperty(new Response('{"a": [1, 2, 3]}', { headers }), 'type', {
        value: 'cors',
      });
    };
    expect(await (await openFiles('org/name')).json('x.json')).toEqual({ a: [1, 2, 3] });
  });
});
