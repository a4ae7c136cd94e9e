/** The caches of hub ids: layout, reuse, resuming, sharing, and what happens when they fail. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openFiles } from '../../../src/hub/files.ts';
import { env } from '../../../src/hub/options.ts';
import { MobileBertModel } from '../../../src/models/heads/mobilebert-model.ts';
import { disk } from '../../../src/platform/disk.ts';
import { loadCase } from '../../support/golden.ts';
import { readAll, someBytes } from './reading.ts';
import { type Fault, hubHeaders, serveFile, startServer, type TestServer } from './server.ts';

const BYTES = someBytes(300_000);
const defaults = { ...env };
let folder = '';
let server: TestServer;
let contents: Map<string, Uint8Array>;
let fault: Fault = {};
let warnings: string[] = [];

const text = (value: string) => new TextEncoder().encode(value);
const isSame = (bytes: Uint8Array) => Buffer.compare(bytes, BYTES) === 0;
const put = async (path: string, bytes: Uint8Array | string) => {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), bytes);
};
const listed = async () =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
const open = async (file: string, options = {}) =>
  (await openFiles('org/name', options)).open(file);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cache-'));
  fault = {};
  warnings = [];
  contents = new Map([
    ['config.json', text('{"from": "net"}')],
    ['model.safetensors', BYTES],
  ]);
  server = await startServer((request, response) => {
    const content = contents.get(request.url!.split('/').at(-1)!);
    if (!content) return void response.writeHead(404).end();
    const headers = { ...hubHeaders(content, 'lfs'), ...fault.headers };
    serveFile(request, response, content, { ...fault, headers });
  });
  Object.assign(env, { remoteHost: server.url, cacheDir: folder });
  Object.assign(env, { retryDelay: 1, maxRetries: 1, stallTimeout: 1000 });
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'none'));
  vi.spyOn(console, 'warn').mockImplementation((message) => void warnings.push(message));
});

afterEach(async () => {
  Object.assign(env, defaults);
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await server.close();
  await rm(folder, { recursive: true });
});

describe('file cache', () => {
  it("has transformers.js' layout, and reads files found there", async () => {
    await readAll(await open('config.json'));
    await readAll(await open('config.json', { revision: 'v1' }));
    await readAll(await open('config.json', { subfolder: 'sub' }));
    await readAll(await open('config.json', { cache_dir: join(folder, 'own') }));
    expect(await listed()).toEqual([
      'org/name/config.json',
      'org/name/sub/config.json',
      'org/name/v1/config.json',
      'own/org/name/config.json',
    ]);
    await put('org/name/onnx/model.onnx', 'theirs');
    const files = await openFiles('org/name', { local_files_only: true });
    expect(await files.text('onnx/model.onnx')).toBe('theirs');
    expect(server.paths.length).toBe(4);
  });

  it("reads Python's cache, by branch and by commit, without writing to it", async () => {
    const commit = 'a'.repeat(40);
    for (const [root, from] of [
      ['hub', 'python'],
      ['own', 'cache_dir'],
    ]) {
      await put(`${root}/models--org--name/refs/main`, commit);
      const path = `${root}/models--org--name/snapshots/${commit}/config.json`;
      await put(path, `{"from": "${from}"}`);
    }
    vi.stubEnv('HF_HUB_CACHE', join(folder, 'hub'));
    const from = async (options: object) =>
      (await openFiles('org/name', options)).text('config.json');
    expect(await from({})).toContain('python');
    expect(await from({ revision: commit })).toContain('python');
    expect(await from({ cache_dir: join(folder, 'own') })).toContain('cache_dir');
    expect(await from({ revision: 'v1' })).toContain('net');
    expect(server.paths).toEqual(['/org/name/resolve/v1/config.json']);
  });

  it('is the only source under local_files_only, by revision', async () => {
    const options = { local_files_only: true };
    await expect(openFiles('org/name', options)).rejects.toThrow(
      /Cannot open "org\/name": .* nothing of it is in the cache ".*" and "local_files_only" is set/,
    );
    await readAll(await open('config.json'));
    expect(await open('none.json', options)).toBeUndefined();
    await expect(openFiles('org/name', { ...options, revision: 'v1' })).rejects.toThrow('is set');
    env.allowRemoteModels = false;
    expect(isJson(await readAll(await open('config.json')))).toBe(true);
    expect(server.paths.length).toBe(1);
  });

  it.each(['../x', 'a/../../b', '/etc', 'a\\b', 'a b', ''])(
    'refuses the revision %j',
    async (r) => {
      await expect(openFiles('org/name', { revision: r })).rejects.toThrow('expected a branch');
    },
  );

  it('is used alone, with a warning, when the hub cannot be reached', async () => {
    await readAll(await open('config.json'));
    await server.close();
    const files = await openFiles('org/name');
    expect(await files.json('config.json')).toEqual({ from: 'net' });
    expect(await files.open('vocab.txt')).toBeUndefined();
    expect(warnings.join()).toMatch(/Cannot fetch .*vocab.txt.*is loaded from the cache alone/);
    await expect(open('config.json', { revision: 'v1' })).rejects.toThrow('Cannot fetch');
  });

  it('resumes a download that a signal stopped', async () => {
    fault = { stall: 100_000 };
    const stop = new AbortController();
    const source = await open('model.safetensors', { signal: stop.signal });
    const reason = new Error('enough');
    let received = 0;
    const reading = (async () => {
      for await (const chunk of source!.stream()) {
        received += chunk.length;
        if (received === 100_000) setTimeout(() => stop.abort(reason), 10);
      }
    })();
    await expect(reading).rejects.toBe(reason);
    expect(await listed()).toEqual([
      expect.stringMatching(/^org\/name\/model\.safetensors\.[0-9a-f]{64}\.part$/),
    ]);
    fault = {};
    expect(isSame(await readAll(await open('model.safetensors')))).toBe(true);
    expect(server.headers.at(-1)?.range).toBe('bytes=100000-');
    expect(await listed()).toEqual(['org/name/model.safetensors']);
  });

  it('resumes the part of a dead process, and leaves that of a living one', async () => {
    const [version] = hubHeaders(BYTES, 'lfs')['x-linked-etag']!.match(/\w+/)!;
    const part = `org/name/model.safetensors.${version}`;
    await put(`${part}.999999999-a.part`, BYTES.subarray(0, 1000));
    expect(isSame(await readAll(await open('model.safetensors')))).toBe(true);
    expect(server.headers.at(-1)?.range).toBe('bytes=1000-');
    await rm(join(folder, 'org'), { recursive: true });
    const living = `${part}.${process.ppid}-b.part`;
    await put(living, BYTES.subarray(0, 2000));
    expect(isSame(await readAll(await open('model.safetensors')))).toBe(true);
    expect(server.headers.at(-1)?.range).toBeUndefined();
    expect(await listed()).toEqual(['org/name/model.safetensors', living].sort());
    await rm(join(folder, 'org/name/model.safetensors'));
    await utimes(join(folder, living), 1, 1);
    await readAll(await open('model.safetensors'));
    expect(server.headers.at(-1)?.range).toBe('bytes=2000-');
  });

  it('begins anew where the part is too long or wrong', async () => {
    const [version] = hubHeaders(BYTES, 'lfs')['x-linked-etag']!.match(/\w+/)!;
    const part = `org/name/model.safetensors.${version}.part`;
    await put(part, someBytes(300_001));
    expect(isSame(await readAll(await open('model.safetensors')))).toBe(true);
    await rm(join(folder, 'org'), { recursive: true });
    await put(part, new Uint8Array(1000));
    await expect(open('model.safetensors').then(readAll)).rejects.toThrow('its sha256 is');
    expect(await listed()).toEqual([]);
    await put(part, BYTES);
    expect(isSame(await readAll(await open('model.safetensors')))).toBe(true);
    expect(await listed()).toEqual(['org/name/model.safetensors']);
  });

  it('only warns when nothing can be written', async () => {
    await put('org', 'a file where a folder should be');
    expect(isSame(await readAll(await open('model.safetensors')))).toBe(true);
    expect(warnings.length).toBe(1);
    expect(warnings[0]).toMatch(/"model.safetensors" is not cached in ".*": /);
  });

  it('only warns when the disk fills, and frees the space', async () => {
    const { part } = disk;
    vi.spyOn(disk, 'part').mockImplementation(async (...place) => {
      const file = await part(...place);
      let room = 100_000;
      const write = file.write.bind(file);
      file.write = async (chunk) => {
        room -= chunk.length;
        if (room < 0) throw new Error('ENOSPC: no space left on device');
        await write(chunk);
      };
      return file;
    });
    const loads = await Promise.all([1, 2].map(() => open('model.safetensors').then(readAll)));
    expect(loads.every(isSame)).toBe(true);
    expect(warnings[0]).toMatch(/"model.safetensors" is not cached in ".*": ENOSPC/);
    expect(await listed()).toEqual([]);
  });

  it('is not used under useFSCache = false', async () => {
    env.useFSCache = false;
    await readAll(await open('config.json'));
    expect(await listed()).toEqual([]);
  });
});

describe('readers that stop at the last byte', () => {
  const readExactly = async (bytes: number) => {
    let received = 0;
    for await (const chunk of (await open('model.safetensors'))!.stream()) {
      received += chunk.length;
      if (received === bytes) return received;
    }
    return received;
  };

  it('have read the whole file, which is kept', async () => {
    await readExactly(BYTES.length);
    expect(await listed()).toEqual(['org/name/model.safetensors']);
  });

  it('never reach the last byte of a wrong file', async () => {
    fault = { body: someBytes(300_001).subarray(1) };
    await expect(readExactly(BYTES.length)).rejects.toThrow('its sha256 is');
    expect(await listed()).toEqual([]);
  });
});

describe('two loads of one file', () => {
  it('share one download', async () => {
    fault = { drip: 10 };
    const loads = await Promise.all([1, 2, 3].map(() => open('model.safetensors').then(readAll)));
    expect(loads.every(isSame)).toBe(true);
    expect(server.paths.length).toBe(1);
    expect(await listed()).toEqual(['org/name/model.safetensors']);
  });

  it('share one download that is slow but does not stall', async () => {
    env.stallTimeout = 250;
    fault = { drip: 80 };
    const loads = await Promise.all([1, 2].map(() => open('model.safetensors').then(readAll)));
    expect(loads.every(isSame)).toBe(true);
    expect(server.paths.length).toBe(1);
  });

  it('continue when the other is aborted', async () => {
    fault = { drip: 20 };
    const stop = new AbortController();
    const first = open('model.safetensors', { signal: stop.signal }).then(readAll);
    const second = open('model.safetensors').then(readAll);
    setTimeout(() => stop.abort(new Error('enough')), 60);
    await expect(first).rejects.toThrow('enough');
    expect(isSame(await second)).toBe(true);
    expect(await listed()).toEqual(['org/name/model.safetensors']);
  });

  it('continue when the other is aborted before there is an answer', async () => {
    let calls = 0;
    env.fetch = (url, init) => {
      const { signal } = init!;
      if (calls++ > 0) return defaults.fetch(url, init);
      return new Promise((_, reject) => {
        signal!.addEventListener('abort', () => reject(signal!.reason));
      });
    };
    const stop = new AbortController();
    const first = open('model.safetensors', { signal: stop.signal });
    const second = open('model.safetensors').then(readAll);
    setTimeout(() => stop.abort(new Error('enough')), 20);
    await expect(first).rejects.toThrow('enough');
    expect(isSame(await second)).toBe(true);
  });

  it('do not wait for a reader that is idle', async () => {
    env.stallTimeout = 50;
    const sleeping = (await open('model.safetensors'))!.stream()[Symbol.asyncIterator]();
    await sleeping.next();
    const other = await open('model.safetensors');
    expect(isSame(await readAll(other))).toBe(true);
    await sleeping.return?.();
    expect(await listed()).toEqual([expect.stringMatching(/\.part$/)]);
  });
});

describe('from_pretrained()', () => {
  it('fails for weights whose hash is wrong, and keeps nothing of them', async () => {
    const golden = loadCase('base-odd').folder;
    const weights = new Uint8Array(await readFile(`${golden}/model.safetensors`));
    contents.set('config.json', new Uint8Array(await readFile(`${golden}/config.json`)));
    contents.set('model.safetensors', weights);
    const load = () => MobileBertModel.from_pretrained('org/name', { variant: 'simd' });
    const wrong = weights.slice();
    wrong[wrong.length - 1]! ^= 1;
    await readAll(await open('config.json'));
    fault = { body: wrong };
    await expect(load()).rejects.toThrow(/model.safetensors: its sha256 is/);
    expect(existsSync(join(folder, 'org/name/model.safetensors'))).toBe(false);
    fault = {};
    expect(await load()).toBeInstanceOf(MobileBertModel);
    expect(await listed()).toEqual(['org/name/config.json', 'org/name/model.safetensors']);
  });
});

function isJson(bytes: Uint8Array): boolean {
  return typeof JSON.parse(new TextDecoder().decode(bytes)) === 'object';
}
