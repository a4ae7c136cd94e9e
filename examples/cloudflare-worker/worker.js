/**
 * Cloudflare Workers: models in q8 lie in the worker's static assets (wrangler.jsonc), and each is
 * streamed from there into WebAssembly memory by the first request that asks for it.
 */
import {
  createHandler,
  questionAnswering,
  textClassification,
  tokenClassification,
} from 'mobilebert-wasm/serve';

const FILES = ['config.json', 'tokenizer_config.json', 'vocab.txt', 'model.q8.safetensors'];

// biome-ignore lint/style/noDefaultExport: that is what a worker is
export default {
  fetch: createHandler({
    '/classify': textClassification(setup('banking77-intents', { top_k: 3 })),
    '/ner': tokenClassification(setup('restaurant8k-slots', { aggregation_strategy: 'simple' })),
    '/answer': questionAnswering(setup('restaurant8k-answers', { handle_impossible_answer: true })),
  }),
};

function setup(name, options) {
  return { model: ({ ASSETS }) => filesOf(name, ASSETS), options };
}

async function filesOf(name, assets) {
  const files = FILES.map((file) => assets.fetch(`https://assets/${name}/${file}`));
  const responses = await Promise.all(files);
  return Object.fromEntries(FILES.map((file, i) => [file, responses[i]]));
}
