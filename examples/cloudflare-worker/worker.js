/**
 * Cloudflare Workers: `npm install && npm start`. The models that the package brings, in q8, are
 * static assets of the worker (wrangler.jsonc). The first request for a model streams it from there
 * into WebAssembly memory.
 */
import {
  createHandler,
  questionAnswering,
  textClassification,
  tokenClassification,
} from 'mobilebert-wasm/serve';

const FILES = ['config.json', 'tokenizer_config.json', 'vocab.txt', 'model.q8.safetensors'];

// biome-ignore lint/style/noDefaultExport: Workers require it
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
