import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (file: string) => fileURLToPath(new URL(`./src/${file}`, import.meta.url));

/** Tests run on the sources: what package.json's `imports` and `exports` say to Node, said of src/. */
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
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
  },
});
