/**
 * Cloudflare Workers: the checkpoint lies in the worker's static assets (wrangler.jsonc), and is
 * streamed from there into WebAssembly memory once per isolate, by its first request.
 */
import { pipeline } from 'mobilebert-wasm';
import { handle, problem } from '../http/handler.js';

const FILES = ['config.json', 'tokenizer_config.json', 'vocab.txt', 'model.safetensors'];

/** @type {Promise<import('mobilebert-wasm').TextClassificationPipeline> | undefined} */
let loading;

// biome-ignore lint/style/noDefaultExport: that is what a worker is
export default {
  async fetch(request, env) {
    try {
      return await handle(request, () => ready(env));
    } catch (error) {
      console.error(error);
      return problem(500, 'internal error');
    }
  },
};

/** The isolate's pipeline; a failed attempt is forgotten, so that the next request tries again. */
function ready({ ASSETS }) {
  loading ??= load(ASSETS).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(assets) {
  const files = await Promise.all(FILES.map((file) => assets.fetch(`https://assets/${file}`)));
  return pipeline('text-classification', Object.fromEntries(FILES.map((f, i) => [f, files[i]])));
}
