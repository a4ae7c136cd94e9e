/**
 * Cloudflare Workers and compatible runtimes. They cannot compile WebAssembly at run time, so the
 * modules are static imports, which arrive compiled. All imports are uploaded, so the relaxed
 * build, which only fp32 gains from, is left out; `init` can bring it. There are no local files.
 */

import dot from '../../wasm/dot.wasm';
import relaxedProbe from '../../wasm/probe.wasm';
import simd from '../../wasm/simd.wasm';
import { FilesError } from '../errors.ts';
import type { Platform } from './types.ts';

const modules = { simd, dot };

export const platform: Platform = {
  relaxedProbe,

  builds: ['simd', 'dot'],

  async readWasm(build) {
    if (build !== 'relaxed') return modules[build];
    throw new RangeError(`Cannot read "${build}.wasm": it is not here, expected it by init()`);
  },

  async openFile(path) {
    throw new FilesError(
      `Cannot open "${path}": there are no local files here, expected a URL, a stream or bytes`,
      path,
    );
  },

  isFolder: async () => false,

  pathUrl: () => undefined,

  variable: () => undefined,
};
