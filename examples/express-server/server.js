/** Express: `npm install && PORT=8080 npm start`. A model is loaded at its first request. */
import process from 'node:process';
import express from 'express';
import {
  createHandler,
  nodeListener,
  questionAnswering,
  textClassification,
  tokenClassification,
} from 'mobilebert-wasm/serve';

// The models that the package brings, in q8.
const models = new URL('../models/', import.meta.resolve('mobilebert-wasm'));
const setup = (name, options) => ({ model: new URL(`${name}/`, models), options });

const handle = createHandler({
  '/classify': textClassification(setup('banking77-intents', { top_k: 3 })),
  '/ner': tokenClassification(setup('restaurant8k-slots', { aggregation_strategy: 'simple' })),
  '/answer': questionAnswering(setup('restaurant8k-answers', { handle_impossible_answer: true })),
});

const app = express();
// Behind your own routes. With a path, as in app.use('/models', ...), the handler's paths begin there.
app.use(nodeListener(handle));

const server = app.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close());
