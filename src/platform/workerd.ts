/**
 * Cloudflare Workers and compatible runtimes. They cannot compile WebAssembly at run time, so the
 * modules are static imports, which arrive compiled. All imports are uploaded, so the relaxed
 * build, which only fp32 gains from, is left out; `init` can bring it. There are no local files.
 */

import { modules, probe } from '../../wasm/workerd.js';
import type { Build } from '../builds.ts';
import { FilesError } from '../errors.ts';
import type { Platform } from './types.ts';

export const platform: Platform = {
  relaxedProbe: probe,

  builds: Object.keys(modules) as Build[],

  async readWasm(build) {
    const module = (modules as Partial<Record<string, WebAssembly.Module>>)[build];
    if (module) return module;
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
