/**
 * Cloudflare Workers and their kin: WebAssembly cannot be compiled from bytes at run time there, so
 * the modules are imported and arrive compiled. All that is imported is uploaded, so what only fp32
 * gains from stays out: `init` takes it. No files, no pages.
 */

import { modules, probe } from '../../wasm/workerd.js';
import type { Build } from '../builds.ts';
import { FilesError } from '../errors.ts';
import type { Platform } from './types.ts';

export const platform: Platform = {
  relaxedProbe: probe,

  builds: Object.keys(modules) as Build[],

  async readWasm(build) {
    const module = modules[build];
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
