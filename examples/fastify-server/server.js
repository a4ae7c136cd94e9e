/** Fastify: `npm install && PORT=8080 npm start`. A model is loaded at its first request. */
import process from 'node:process';
import fastify from 'fastify';
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

const listener = nodeListener(
  createHandler({
    '/classify': textClassification(setup('banking77-intents', { top_k: 3 })),
    '/ner': tokenClassification(setup('restaurant8k-slots', { aggregation_strategy: 'simple' })),
    '/answer': questionAnswering(setup('restaurant8k-answers', { handle_impossible_answer: true })),
  }),
);

const app = fastify();
await app.register(async (scope) => {
  // The handler reads bodies itself, with its own limit. Other scopes keep their parsers.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
  scope.all('/*', (request, reply) => {
    reply.hijack();
    return listener(request.raw, reply.raw);
  });
});

await app.listen({ port: Number(process.env.PORT ?? 8080), host: '127.0.0.1' });
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close());
