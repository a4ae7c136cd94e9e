/** Browsers, their workers, and other hosts with fetch and without local files. */

import { urls } from '../../wasm/urls.js';
import { FilesError } from '../errors.ts';
import type { Platform } from './types.ts';
import { threads } from './web-threads.ts';

export const platform: Platform = {
  threads,

  async readWasm(build) {
    const url = urls[build]();
    const response = await fetch(url);
    if (!response.ok) {
      throw new FilesError(
        `Cannot fetch ${url}: status ${response.status}, expected the WebAssembly module`,
        url.href,
      );
    }
    // Streaming compilation requires a MIME type that not every server sends.
    const type = response.headers.get('content-type') ?? '';
    if (type.startsWith('application/wasm')) return WebAssembly.compileStreaming(response);
    return WebAssembly.compile(await response.arrayBuffer());
  },

  async openFile(path) {
    throw new FilesError(
      `Cannot open "${path}": there are no local files here, expected a URL, a Blob or bytes`,
      path,
    );
  },

  isFolder: async () => false,

  pathUrl(path) {
    const { href, origin } = globalThis.location ?? {};
    // A worker that was made from a Blob has a URL that no path can be below.
    const base = href?.startsWith('blob:') ? origin : href;
    return base && URL.canParse(path, base) ? new URL(path, base) : undefined;
  },

  variable: () => undefined,
};
