import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (file: string) => fileURLToPath(new URL(`./src/${file}`, import.meta.url));

/** Tests run on the sources: what package.json's `imports` and `exports` say to Node, said of src/. */
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
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
  },
});
