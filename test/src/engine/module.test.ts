import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import {
  givenModule,
  hasModule,
  init,
  packageModule,
  type WasmSource,
  type WasmSources,
} from '../../../src/engine/module.ts';
import { FilesError } from '../../../src/errors.ts';
import { readBuild } from '../../support/variants.ts';
import { startServer } from '../hub/server.ts';

const bytes = readBuild('simd.wasm');
const fileUrl = pathToFileURL('build/wasm/simd.wasm');

const sources: [string, () => WasmSource][] = [
  ['a module', () => new WebAssembly.Module(bytes)],
  ['bytes', () => bytes],
  ['a buffer', () => bytes.slice().buffer],
  ['a view of a part of a buffer', () => Uint8Array.of(9, ...bytes).subarray(1)],
  ['a response', () => new Response(bytes)],
  ['a file URL', () => fileUrl],
  ['a file URL as a string', () => fileUrl.href],
  ['a data URL', () => `data:application/wasm;base64,${btoa(String.fromCharCode(...bytes))}`],
  ['bytes of another realm', () => runInNewContext('Uint8Array.from(bytes)', { bytes })],
];

describe('givenModule()', () => {
  it.each(sources)('takes %s', async (_, source) => {
    const module = await givenModule(source());
    const names = WebAssembly.Module.exports(module).map(({ name }) => name);
    expect(names).toContain('forward');
  });

  it('fetches a URL, and names it with the status where that fails', async () => {
    const server = await startServer((request, response) => {
      response.statusCode = request.url === '/simd.wasm' ? 200 : 403;
      response.end(bytes);
    });
    expect(await givenModule(`${server.url}simd.wasm`)).toBeInstanceOf(WebAssembly.Module);
    const refused = `${server.url}none.wasm`;
    await expect(givenModule(new URL(refused))).rejects.toThrow(
      new FilesError(
        `Cannot fetch "${refused}": status is 403, expected the WebAssembly module`,
        refused,
      ),
    );
    await server.close();
    const error = await givenModule(refused).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(FilesError);
    expect((error as Error).message).toContain(`Cannot fetch "${refused}": `);
  });

  it('refuses a response with a bad status', async () => {
    await expect(givenModule(new Response('gone', { status: 404 }))).rejects.toThrow(
      'Cannot fetch "": status is 404, expected the WebAssembly module',
    );
  });

  it('refuses a file that is not there', async () => {
    const url = new URL('none.wasm', fileUrl);
    await expect(givenModule(url)).rejects.toThrow(
      new FilesError(
        `Cannot open "${url}": found nothing, expected a WebAssembly module`,
        url.href,
      ),
    );
  });

  it.each([
    [null, 'Null'],
    [7, 'Number'],
    [{}, 'Object'],
  ])('refuses %o', async (source, found) => {
    await expect(givenModule(source as unknown as WasmSource)).rejects.toThrow(
      new TypeError(
        `Cannot use the WebAssembly module: found ${found}, expected a WebAssembly.Module, bytes, a Response or a URL`,
      ),
    );
  });

  it('refuses bytes that are no module', async () => {
    await expect(givenModule(new Uint8Array(16))).rejects.toThrow(WebAssembly.CompileError);
  });
});

describe('packageModule()', () => {
  it('compiles a build once', async () => {
    expect(await packageModule('simd')).toBe(await packageModule('simd'));
  });
});

describe('init()', () => {
  // Settings are the process's: the package's own modules again.
  afterEach(() => init());

  it('takes a compiled module as the baseline of all models to come', async () => {
    const module = new WebAssembly.Module(bytes);
    init({ wasm: module });
    expect(await packageModule('simd')).toBe(module);
    expect([hasModule('simd'), hasModule('relaxed')]).toEqual([true, false]);
  });

  it('takes sources by build, and compiles each once', async () => {
    const relaxed = new WebAssembly.Module(bytes);
    init({ wasm: { simd: bytes, relaxed } });
    expect(await packageModule('simd')).toBeInstanceOf(WebAssembly.Module);
    expect(await packageModule('simd')).toBe(await packageModule('simd'));
    expect(await packageModule('relaxed')).toBe(relaxed);
    expect(hasModule('relaxed')).toBe(true);
  });

  it("without options takes the package's own again", async () => {
    const own = await packageModule('simd');
    init({ wasm: new WebAssembly.Module(bytes) });
    expect(await packageModule('simd')).not.toBe(own);
    init();
    expect(hasModule('relaxed')).toBe(true);
    expect(await packageModule('simd')).toBeInstanceOf(WebAssembly.Module);
  });

  it.each([{}, { relaxed: bytes }, { simd: null }])('refuses %o, without a baseline', (wasm) => {
    expect(() => init({ wasm: wasm as unknown as WasmSources })).toThrow(
      new TypeError('Cannot use the WebAssembly modules: found no "simd", expected that build'),
    );
    expect(hasModule('relaxed')).toBe(true);
  });
});
