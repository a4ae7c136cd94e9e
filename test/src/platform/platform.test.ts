import { access } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { platform as node } from '../../../src/platform/node.ts';
import type { Platform } from '../../../src/platform/types.ts';
import { platform as web } from '../../../src/platform/web.ts';

/** The smallest WebAssembly module: magic number and version. */
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

afterEach(() => vi.unstubAllGlobals());

describe('node', () => {
  it.each(['simd', 'relaxed'] as const)(
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

  it('openFile() streams a file through one buffer, as often as asked', async () => {
    const source = await node.openFile(new URL(import.meta.url).pathname);
    for (let i = 0; i < 2; i++) {
      let size = 0;
      for await (const chunk of source!.stream()) size += chunk.length;
      expect(size).toBe(source!.size);
    }
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
