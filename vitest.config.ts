import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (file: string) => fileURLToPath(new URL(`./src/${file}`, import.meta.url));

/**
 * Where tests must run, by what they depend on. `npm test` (tools/check/test.js) runs under this
 * Node and, where this Node lacks relaxed SIMD, under a current one as well; a test runs under both
 * only where the second run can find what the first cannot.
 *
 * - `host`: files, networks, command line, servers and the float64 twin. The same JavaScript gives
 *   the same results whichever build computes, so one run suffices, under this Node: the oldest
 *   supported one finds what is too new for it. (`npm run test:runtimes` runs the package itself under
 *   the others.)
 * - `builds`: kernels and operations, each under every build. WebAssembly is deterministic, but for
 *   what the relaxed instructions leave open, so one run suffices, under the Node that compiles every
 *   build.
 * - `engines`: everything else. Models, pipelines and calibration choose another build under
 *   another Node; the tokenizer rests on the engine's Unicode tables; platforms and features are
 *   what an engine is asked for. A folder that is in neither list is here.
 */
const HOST = [
  'test/{architecture,docs}.test.ts',
  'test/{bench,examples,reference,runtimes}/**/*.test.ts',
  'test/src/*.test.ts',
  'test/src/{cli,config,hub,serve,tensor,weights}/**/*.test.ts',
];
const BUILDS = ['test/assembly/**/*.test.ts'];

/** Tests run on the sources: package.json's `imports` and `exports`, with src/ for build/. */
export default defineConfig({
  resolve: {
    alias: {
      '#platform': source('platform/node.ts'),
      // Only the build has the modules as text.
      'mobilebert-wasm/inline': source('../build/js/platform/inline.js'),
      'mobilebert-wasm/serve': source('serve/serve.ts'),
      'mobilebert-wasm': source('index.ts'),
    },
  },
  test: {
    // Vitest leaves one core to a watching editor, which halves the speed of a machine of two.
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'host', include: HOST } },
      { extends: true, test: { name: 'builds', include: BUILDS } },
      {
        extends: true,
        test: { name: 'engines', include: ['test/**/*.test.ts'], exclude: [...HOST, ...BUILDS] },
      },
    ],
  },
});
