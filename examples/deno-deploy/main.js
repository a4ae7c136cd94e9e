/**
 * Deno and Deno Deploy: `deno run --allow-net --allow-read --allow-env examples/deno-deploy/main.js`.
 * An isolate loads a model at its first request.
 */
import {
  createHandler,
  questionAnswering,
  textClassification,
  tokenClassification,
} from 'mobilebert-wasm/serve';

const models = new URL('../../models/', import.meta.url);
const setup = (name, options) => {
  return { model: new URL(`${name}/`, models), load: { dtype: 'q8' }, options };
};

Deno.serve({
  port: Number(Deno.env.get('PORT') ?? 8080),
  hostname: '127.0.0.1',
  handler: createHandler({
    '/classify': textClassification(setup('banking77-intents', { top_k: 3 })),
    '/ner': tokenClassification(setup('restaurant8k-slots', { aggregation_strategy: 'simple' })),
    '/answer': questionAnswering(setup('restaurant8k-answers', { handle_impossible_answer: true })),
  }),
});
