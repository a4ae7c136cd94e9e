/** Bun: `bun install && PORT=8080 bun server.js`. A model is loaded at its first request. */
import {
  createHandler,
  questionAnswering,
  textClassification,
  tokenClassification,
} from 'mobilebert-wasm/serve';

// The models that the package brings, in q8.
const models = new URL('../models/', import.meta.resolve('mobilebert-wasm'));
const setup = (name, options) => ({ model: new URL(`${name}/`, models), options });

Bun.serve({
  port: Number(process.env.PORT ?? 8080),
  hostname: '127.0.0.1',
  fetch: createHandler({
    '/classify': textClassification(setup('banking77-intents', { top_k: 3 })),
    '/ner': tokenClassification(setup('restaurant8k-slots', { aggregation_strategy: 'simple' })),
    '/answer': questionAnswering(setup('restaurant8k-answers', { handle_impossible_answer: true })),
  }),
});
