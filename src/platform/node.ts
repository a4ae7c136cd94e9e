/** Node, Deno and Bun: files through node:fs. */

import { open, readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { FilesError } from '../errors.ts';
import type { ByteSource, Platform, WasmBuild } from './types.ts';

/** Files are read through one buffer of this size, used over and over. */
const BUFFER_BYTES = 2 ** 20;

export const platform: Platform = {
  async readWasm(build) {
    const url = wasmUrl(build);
    // Deno may run this file from the network.
    const bytes =
      url.protocol === 'file:' ? readFile(url) : fetch(url).then((r) => r.arrayBuffer());
    return WebAssembly.compile(await bytes);
  },

  async openFile(path) {
    const file = localPath(path);
    const found = await statOf(file);
    if (found === undefined) return undefined;
    if (!found.isFile()) {
      throw new FilesError(`Cannot open "${file}": found a folder, expected a file`, file);
    }
    return { name: file, size: found.size, stream: () => read(file) } satisfies ByteSource;
  },

  async isFolder(path) {
    return (await statOf(localPath(path)))?.isDirectory() ?? false;
  },

  pathUrl: () => undefined,
};

function wasmUrl(build: WasmBuild): URL {
  // Compiled, this file is build/js/platform/node.js; tests and benches run src/platform/node.ts.
  if (import.meta.url.endsWith('.ts'))
    return new URL(`../../build/wasm/${build}.wasm`, import.meta.url);
  // Written out, so that tools which trace files for deployment see both.
  return build === 'simd'
    ? new URL('../../wasm/simd.wasm', import.meta.url)
    : new URL('../../wasm/relaxed.wasm', import.meta.url);
}

function localPath(path: string): string {
  return path.startsWith('file:') ? fileURLToPath(path) : path;
}

/** What lies at a path; undefined for nothing, FilesError when that cannot be said. */
async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    return fail('open', path, error);
  }
}

async function* read(path: string): AsyncGenerator<Uint8Array> {
  const handle = await open(path).catch((error: unknown) => fail('open', path, error));
  try {
    const buffer = new Uint8Array(BUFFER_BYTES);
    for (;;) {
      const reading = handle.read(buffer, 0, BUFFER_BYTES);
      const { bytesRead } = await reading.catch((error: unknown) => fail('read', path, error));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

function fail(action: string, path: string, cause: unknown): never {
  throw new FilesError(`Cannot ${action} "${path}": ${(cause as Error).message}`, path, { cause });
}
