/**
 * Cloudflare's runtime: files are data modules of the worker, the record is its response. `init`
 * gets all compiled modules, because the package's own platform for workerd leaves `relaxed` out.
 */

import files from 'files';
import { init } from 'mobilebert-wasm';
import dot from 'mobilebert-wasm/wasm/dot.wasm';
import relaxed from 'mobilebert-wasm/wasm/relaxed.wasm';
import simd from 'mobilebert-wasm/wasm/simd.wasm';
import { runChecks } from './checks.js';
import expected from './expected.json';
import { failure } from './failure.js';

const source = (folder) => files[folder];

/** The clock of a worker advances only with I/O. */
async function now() {
  await new Promise((resolve) => setTimeout(resolve, 0));
  return Date.now();
}

// biome-ignore lint/style/noDefaultExport: that is what a worker is
export default {
  async fetch() {
    try {
      init({ wasm: { simd, dot, relaxed } });
      return Response.json(await runChecks({ expected, source, now }));
    } catch (error) {
      return Response.json(failure(error));
    }
  },
};
