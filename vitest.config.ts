import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (file: string) => fileURLToPath(new URL(`./src/${file}`, import.meta.url));

/**
 * Three projects, by what a test depends on. `npm test` (tools/check/test.js) uses this Node and,
 * where it lacks relaxed SIMD, a current Node as well. A test runs under both only where the
 * second run can find something that the first cannot.
 *
 * - `host`: files, networks, command line, servers, the float64 twin. Their results depend neither
 *   on the build nor on the JavaScript engine, so they run under this Node. It may be the oldest
 *   supported one, which finds features that are too new. (`npm run test:runtimes` runs the
 *   package under all others.)
 * - `builds`: kernels and operations, each under every build. Engines agree on WebAssembly, so
 *   they run under the Node that compiles every build.
 * - `engines`: everything else, under both. Models, pipelines and calibration choose another build
 *   under another Node, the tokenizer uses the engine's Unicode tables, and platform and engine
 *   probe the runtime's features.
 *
 * A new folder belongs to `engines` until it is added to a list here. Suites over the list of
 * builds must not be in `host`.
 */
const HOST = [
  'test/{architecture,docs}.test.ts',
  'test/{bench,examples,reference,runtimes,tools}/**/*.test.ts',
  'test/src/*.test.ts',
  'test/src/{cli,config,hub,serve,tensor,weights}/**/*.test.ts',
];
const BUILDS = ['test/assembly/**/*.test.ts'];

/** Tests run on the sources: `imports` and `exports` of package.json, with src/ for build/. */
export default defineConfig({
  resolve: {
    alias: [
      { find: '#platform', replacement: source('platform/node.ts') },
      // Written by the build beside the modules.
      { find: /^\.\.\/\.\.\/wasm\/(.*\.js)$/, replacement: source('../build/wasm/$1') },
      { find: 'mobilebert-wasm/inline', replacement: source('../build/js/platform/inline.js') },
      { find: 'mobilebert-wasm/serve', replacement: source('serve/serve.ts') },
      { find: 'mobilebert-wasm', replacement: source('index.ts') },
    ],
  },
  test: {
    // By default Vitest leaves one core free: half of a machine with two.
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'host', include: HOST } },
      // Kernel tests change no shared state and mock nothing, so files may share a process: a process
      // for each would take a quarter more CPU time.
      { extends: true, test: { name: 'builds', include: BUILDS, isolate: false } },
      {
        extends: true,
        test: { name: 'engines', include: ['test/**/*.test.ts'], exclude: [...HOST, ...BUILDS] },
      },
    ],
  },
});
