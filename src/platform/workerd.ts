/**
 * Cloudflare Workers and their kin: WebAssembly cannot be compiled from bytes at run time there, so
 * the modules are imported and arrive compiled. No files, no pages.
 */

import relaxed from '../../wasm/relaxed.wasm';
import simd from '../../wasm/simd.wasm';
import { FilesError } from '../errors.ts';
import type { Platform } from './types.ts';

const modules = { simd, relaxed };

export const platform: Platform = {
  readWasm: async (build) => modules[build],

  async openFile(path) {
    throw new FilesError(
      `Cannot open "${path}": there are no local files here, expected a URL, a stream or bytes`,
      path,
    );
  },

  isFolder: async () => false,

  pathUrl: () => undefined,
};
