/**
 * Deno and Deno Deploy: `deno install && deno task start`. An isolate loads a model at its first
 * request.
 */
import {
  createHandler,
  questionAnswering,
  textClassification,
  tokenClassification,
} from 'mobilebert-wasm/serve';

// The models that the package brings, in q8.
const models = new URL('../models/', import.meta.resolve('mobilebert-wasm'));
const setup = (name, options) => ({ model: new URL(`${name}/`, models), options });

Deno.serve({
  port: Number(Deno.env.get('PORT') ?? 8080),
  hostname: '127.0.0.1',
  handler: createHandler({
    '/classify': textClassification(setup('banking77-intents', { top_k: 3 })),
    '/ner': tokenClassification(setup('restaurant8k-slots', { aggregation_strategy: 'simple' })),
    '/answer': questionAnswering(setup('restaurant8k-answers', { handle_impossible_answer: true })),
  }),
});
