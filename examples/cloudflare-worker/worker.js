/**
 * Cloudflare Workers: models in q8 lie in the worker's static assets (wrangler.jsonc), and each is
 * streamed from there into WebAssembly memory by the first request that asks for it.
 */
import { pipeline } from 'mobilebert-wasm';
import { handle, opener, problem } from '../http/handler.js';

const FILES = ['config.json', 'tokenizer_config.json', 'vocab.txt', 'model.q8.safetensors'];
const open = opener(load);

// biome-ignore lint/style/noDefaultExport: that is what a worker is
export default {
  async fetch(request, { ASSETS }, context) {
    try {
      return await handle(request, (route) => {
        const opened = open(route, ASSETS);
        // Others may wait for it too: it is finished even if this client leaves.
        context.waitUntil(opened);
        return opened;
      });
    } catch (error) {
      console.error(error);
      return problem(500, 'internal error');
    }
  },
};

async function load({ task, model }, assets) {
  const files = await Promise.all(
    FILES.map((file) => assets.fetch(`https://assets/${model}/${file}`)),
  );
  return pipeline(task, Object.fromEntries(FILES.map((file, i) => [file, files[i]])));
}
