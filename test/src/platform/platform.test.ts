import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { disk } from '../../../src/platform/disk.ts';
import { platform as node } from '../../../src/platform/node.ts';
import type { Platform } from '../../../src/platform/types.ts';
import { platform as web } from '../../../src/platform/web.ts';

/** The smallest WebAssembly module: magic number and version. */
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

afterEach(() => vi.unstubAllGlobals());

describe('node', () => {
  it.each(['simd', 'dot', 'relaxed'] as const)(
    'readWasm() finds the %s build from the source',
    async (build) => {
      await access(new URL(`../../../build/wasm/${build}.wasm`, import.meta.url));
      // An engine without relaxed SIMD finds the file and refuses to compile it.
      const reading = node.readWasm(build).catch((error: Error) => error);
      const expected = build === 'simd' ? ['Module'] : ['Module', 'CompileError'];
      expect(expected).toContain((await reading).constructor.name);
    },
  );

  it('has files and no page', async () => {
    const path = new URL('.', import.meta.url).pathname;
    expect(await node.isFolder(path)).toBe(true);
    expect(await node.isFolder(`${path}/none`)).toBe(false);
    expect(node.pathUrl('./x')).toBeUndefined();
  });

  it('variable() reads the environment', () => {
    vi.stubEnv('SOME_VARIABLE', 'x');
    expect(node.variable('SOME_VARIABLE')).toBe('x');
    vi.stubEnv('SOME_VARIABLE', '');
    expect(node.variable('SOME_VARIABLE')).toBeUndefined();
    vi.unstubAllEnvs();
  });

  it('openFile() streams a file through one buffer, as often as asked', async () => {
    const source = await node.openFile(new URL(import.meta.url).pathname);
    for (let i = 0; i < 2; i++) {
      let size = 0;
      for await (const chunk of source!.stream()) size += chunk.length;
      expect(size).toBe(source!.size);
    }
  });
});

describe('disk', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'disk-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('part() makes folders, and moves what is written to its place', async () => {
    const file = join(folder, 'a', 'b.bin');
    const part = await disk.part(file, 'v');
    expect(part.size).toBe(0);
    await part.write(Uint8Array.of(1, 2));
    await part.write(Uint8Array.of(3));
    expect(await readdir(join(folder, 'a'))).toEqual([
      expect.stringMatching(/^b\.bin\.v\..*\.part$/),
    ]);
    await part.commit();
    expect(await readdir(join(folder, 'a'))).toEqual(['b.bin']);
    expect([...(await readFile(file))]).toEqual([1, 2, 3]);
  });

  it('part() takes up what was released, of its own version, once', async () => {
    const file = join(folder, 'b.bin');
    const first = await disk.part(file, 'v');
    await first.write(Uint8Array.of(1, 2));
    await first.release();
    const other = await disk.part(file, 'w');
    expect(other.size).toBe(0);
    await other.discard();
    const second = await disk.part(file, 'v');
    const third = await disk.part(file, 'v');
    expect([second.size, third.size]).toEqual([2, 0]);
    for await (const chunk of second.read()) expect([...chunk]).toEqual([1, 2]);
    await second.discard();
    await third.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('cacheFolder() follows XDG_CACHE_HOME', () => {
    vi.stubEnv('XDG_CACHE_HOME', '/somewhere');
    expect(disk.cacheFolder()).toBe('/somewhere');
    vi.unstubAllEnvs();
    expect(disk.cacheFolder()).toContain(disk.homeFolder());
  });
});

describe('web', () => {
  it.each([
    ['streaming, by its MIME type', 'application/wasm'],
    ['whole, under a wrong MIME type', 'application/octet-stream'],
  ])('readWasm() compiles %s', async (_, type) => {
    const urls: string[] = [];
    vi.stubGlobal('fetch', async (url: URL) => {
      urls.push(url.href);
      return new Response(EMPTY_MODULE, { headers: { 'content-type': type } });
    });
    expect(await web.readWasm('relaxed')).toBeInstanceOf(WebAssembly.Module);
    expect(urls[0]).toMatch(/\/wasm\/relaxed\.wasm$/);
  });

  it('readWasm() reports a module that is not served', async () => {
    vi.stubGlobal('fetch', async () => new Response('', { status: 404 }));
    await expect(web.readWasm('simd')).rejects.toThrow(/simd.wasm: status 404/);
  });

  it('pathUrl() resolves a path against the page', () => {
    expect(web.pathUrl('./models/x')).toBeUndefined();
    vi.stubGlobal('location', { href: 'https://example.com/app/index.html' });
    expect(web.pathUrl('./models/x')?.href).toBe('https://example.com/app/models/x');
  });

  it('has no files', async () => {
    const platform: Platform = web;
    expect(await platform.isFolder('.')).toBe(false);
    await expect(platform.openFile('x')).rejects.toThrow('there are no local files here');
  });
});
