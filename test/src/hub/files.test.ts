import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { FilesError } from '../../../src/errors.ts';
import { openFiles } from '../../../src/hub/files.ts';
import { env } from '../../../src/hub/options.ts';
import type { ProgressEvent } from '../../../src/hub/progress.ts';
import type { FolderHandle } from '../../../src/hub/source.ts';
import { startServer, type TestServer } from './server.ts';

const defaults = { ...env };
let folder = '';
let server: TestServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-'));
  await mkdir(join(folder, 'org', 'name', 'sub'), { recursive: true });
  await writeFile(join(folder, 'org', 'name', 'config.json'), '{"from": "disk"}');
  await writeFile(join(folder, 'org', 'name', 'sub', 'config.json'), '{"from": "sub"}');
  server = await startServer((request, response) => {
    const path = request.url ?? '';
    if (path.endsWith('config.json')) response.end('{"from": "net"}');
    else if (path.endsWith('page.json')) response.end('\n <!DOCTYPE html><html></html>');
    else if (path.endsWith('page.bin')) response.end('<html lang="en">');
    else if (path.endsWith('secret.json')) response.writeHead(401).end();
    else if (path.endsWith('broken.json')) response.end('{"from":');
    else if (path.endsWith('latin.txt')) response.end(Buffer.from([0x61, 0xe9, 0x62]));
    else response.writeHead(404).end('nothing here');
  });
  env.remoteHost = server.url;
  Object.assign(env, { useFSCache: false, retryDelay: 1 });
});

afterEach(async () => {
  Object.assign(env, defaults);
  await server.close();
  await rm(folder, { recursive: true });
});

describe('openFiles()', () => {
  it('opens a local folder by path and by file URL', async () => {
    const path = join(folder, 'org', 'name');
    for (const source of [path, `${path}/`, pathToFileURL(path), pathToFileURL(path).href]) {
      const files = await openFiles(source);
      expect(await files.json('config.json')).toEqual({ from: 'disk' });
      expect(await files.open('none.json')).toBeUndefined();
      expect(await files.json('none.json')).toBeUndefined();
    }
  });

  it('opens a base URL, with or without slash, and drops its query', async () => {
    for (const source of [`${server.url}a/b`, new URL(`${server.url}a/b/?x=1#y`)]) {
      expect(await (await openFiles(source)).json('config.json')).toEqual({ from: 'net' });
    }
    expect(server.paths).toEqual(['/a/b/config.json', '/a/b/config.json']);
  });

  it('opens a hub id by the template, its revision encoded', async () => {
    const files = await openFiles('org/name', { revision: 'refs/pr/1' });
    expect(await files.json('config.json')).toEqual({ from: 'net' });
    expect(await files.open('none.json')).toBeUndefined();
    expect(server.paths[0]).toBe('/org/name/resolve/refs%2Fpr%2F1/config.json');
    expect(files.name).toBe('org/name');
  });

  it('prefers a local copy of a hub id', async () => {
    env.localModelPath = `${folder}/`;
    expect(await (await openFiles('org/name')).json('config.json')).toEqual({ from: 'disk' });
    env.allowLocalModels = false;
    expect(await (await openFiles('org/name')).json('config.json')).toEqual({ from: 'net' });
  });

  it('opens a map of files', async () => {
    const files = await openFiles({
      'config.json': { from: 'map' },
      'vocab.txt': new TextEncoder().encode('\u00e9\n'),
      'far.json': `${server.url}config.json`,
    });
    expect(await files.json('config.json')).toEqual({ from: 'map' });
    expect(await files.text('vocab.txt')).toBe('\u00e9\n');
    expect(await files.json('far.json')).toEqual({ from: 'net' });
    expect(await files.open('toString')).toBeUndefined();
  });

  it("opens a folder's handle", async () => {
    const missing = (name: string) => Promise.reject(new DOMException('none', name));
    const folderOf = (name: string, inner?: FolderHandle): FolderHandle => ({
      name,
      getFileHandle: async (file) =>
        file === 'config.json'
          ? { getFile: async () => new Blob([`{"from": "${name}"}`]) }
          : missing('NotFoundError'),
      getDirectoryHandle: async (sub) =>
        inner && sub === inner.name ? inner : missing('NotFoundError'),
    });
    const handle = folderOf('top', folderOf('sub'));
    const files = await openFiles(handle);
    expect(files.name).toBe('top');
    expect(await files.json('config.json')).toEqual({ from: 'top' });
    expect(await files.open('none.json')).toBeUndefined();
    expect(await files.open('no/config.json')).toBeUndefined();
    const sub = await openFiles(handle, { subfolder: 'sub' });
    expect(await sub.json('config.json')).toEqual({ from: 'sub' });
    const broken = { ...handle, getFileHandle: () => missing('NotAllowedError') };
    await expect((await openFiles(broken)).open('x')).rejects.toThrow('none');
  });

  it('looks in the subfolder', async () => {
    const path = join(folder, 'org', 'name');
    const files = await openFiles(path, { subfolder: 'sub' });
    expect(await files.json('config.json')).toEqual({ from: 'sub' });
  });

  it.each(['local_files_only', 'allowRemoteModels'])('asks no network under %s', async (rule) => {
    if (rule === 'allowRemoteModels') env.allowRemoteModels = false;
    const options = rule === 'local_files_only' ? { local_files_only: true } : {};
    await expect(openFiles('org/name', options)).rejects.toThrow(/Cannot open "org\/name": .*is/);
    expect(server.paths).toEqual([]);
  });

  it('asks no network for a URL under local_files_only', async () => {
    const files = await openFiles(server.url, { local_files_only: true });
    await expect(files.open('config.json')).rejects.toThrow('"local_files_only" is set');
    expect(server.paths).toEqual([]);
  });

  it.each(['./no/such/folder', '/no/such', 'a/b/c', '', '../x', 'a..b'])(
    'refuses %j, which is no source',
    async (source) => {
      await expect(openFiles(source)).rejects.toThrow(FilesError);
    },
  );

  it.each(['../config.json', '/etc/passwd', 'a\\b', 'a//b', './a', 'C:x', '', 'a/../b', 'a\0b'])(
    'refuses the file name %j',
    async (file) => {
      for (const source of [join(folder, 'org', 'name', 'sub'), server.url, {}]) {
        const files = await openFiles(source);
        await expect(files.open(file)).rejects.toThrow(/expected a relative path inside/);
      }
      if (file !== '') await expect(openFiles({}, { subfolder: file })).rejects.toThrow(FilesError);
      expect(server.paths).toEqual([]);
    },
  );

  it('encodes characters that have a meaning in URLs', async () => {
    await (await openFiles(server.url)).open('%2e%2e/a?b#c.json');
    expect(server.paths).toEqual(['/%252e%252e/a%3Fb%23c.json']);
    const inside = await openFiles(pathToFileURL(join(folder, 'org', 'name', 'sub')));
    expect(await inside.open('%2e%2e/config.json')).toBeUndefined();
  });

  it.each([
    ['a refusal', 'secret.json', FilesError, /Cannot fetch http.*secret.json: status 401/],
    ['a page for JSON', 'page.json', FilesError, /page.json: found an HTML page/],
    ['a page for weights', 'page.bin', FilesError, /page.bin: found an HTML page/],
    ['broken JSON', 'broken.json', SyntaxError, /Cannot parse "broken.json" of "http/],
    ['bytes that are not UTF-8', 'latin.txt', SyntaxError, /latin.txt": found bytes/],
  ])('reports %s', async (_, file, error, message) => {
    const reading = (await openFiles(server.url)).json(file);
    await expect(reading).rejects.toThrow(error);
    await expect(reading).rejects.toThrow(message);
  });

  it('reports a host that is not there', async () => {
    const { url } = server;
    await server.close();
    const reading = (await openFiles(url)).json('config.json');
    await expect(reading).rejects.toMatchObject({ name: 'FilesError', file: `${url}config.json` });
  });

  it('asks again when a URL is read again', async () => {
    const source = await (await openFiles(server.url)).open('config.json');
    for (let i = 0; i < 2; i++) {
      let size = 0;
      for await (const chunk of source!.stream()) size += chunk.length;
      expect(size).toBe(15);
    }
    expect(server.paths.length).toBe(2);
    expect(source!.size).toBe(15);
  });

  it('goes through env.fetch', async () => {
    env.fetch = async (url) => new Response(JSON.stringify({ from: String(url) }));
    const files = await openFiles('https://example.com/m');
    expect(await files.json('a.json')).toEqual({ from: 'https://example.com/m/a.json' });
  });

  it('stops with the reason of its signal', async () => {
    const reason = new Error('enough');
    const files = await openFiles(server.url, { signal: AbortSignal.abort(reason) });
    await expect(files.open('config.json')).rejects.toBe(reason);
    const controller = new AbortController();
    const slow = await startServer(() => {});
    const opening = (await openFiles(slow.url, { signal: controller.signal })).open('config.json');
    setTimeout(() => controller.abort(reason), 20);
    await expect(opening).rejects.toBe(reason);
    await slow.close();
  });
});

describe('progress_callback', () => {
  it("gets transformers.js' events in their order", async () => {
    const events: ProgressEvent[] = [];
    const name = join(folder, 'org', 'name');
    const files = await openFiles(name, { progress_callback: (event) => events.push(event) });
    await files.text('config.json');
    await files.text('none.json');
    const file = 'config.json';
    const all = { loaded: 16, total: 16 };
    expect(events).toEqual([
      { status: 'initiate', name, file },
      { status: 'download', name, file },
      { status: 'progress', name, file, progress: 100, ...all },
      { status: 'progress_total', name, progress: 100, ...all, files: { [file]: all } },
      { status: 'done', name, file },
    ]);
  });

  it('adds up all files of a checkpoint', async () => {
    const events: ProgressEvent[] = [];
    const source = { a: new Uint8Array(10), b: new Uint8Array(30) };
    const files = await openFiles(source, { progress_callback: (event) => events.push(event) });
    await files.text('a');
    await files.text('b');
    expect(events.findLast((event) => event.status === 'progress_total')).toMatchObject({
      loaded: 40,
      total: 40,
      files: { a: { loaded: 10, total: 10 }, b: { loaded: 30, total: 30 } },
    });
  });
});

describe('env', () => {
  it("has the package's version", () => expect(env.version).toBe(packageJson.version));
});
