/**
 * Hono on Node: `npm install && PORT=8080 npm start`. On Workers, Deno and Bun, export `app` instead
 * of serving it. A model is loaded at its first request.
 */
import process from 'node:process';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import {
  createHandler,
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

const app = new Hono();
// Behind your own routes. With a path, use app.mount('/models', handle): its paths begin there.
app.all('*', (context) => handle(context.req.raw));

const server = serve({
  fetch: app.fetch,
  port: Number(process.env.PORT ?? 8080),
  hostname: '127.0.0.1',
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close());
