/** Node: `PORT=8080 node examples/node-server/server.js`. A model is loaded at its first request. */
import { createServer } from 'node:http';
import process from 'node:process';
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
const handle = createHandler({
  '/classify': textClassification(setup('banking77-intents', { top_k: 3 })),
  '/ner': tokenClassification(setup('restaurant8k-slots', { aggregation_strategy: 'simple' })),
  '/answer': questionAnswering(setup('restaurant8k-answers', { handle_impossible_answer: true })),
});

const server = createServer(async (incoming, outgoing) => {
  const left = new AbortController();
  outgoing.on('close', () => left.abort());
  const { url, method } = incoming;
  // If the handler stops reading, the connection must stay open for the response.
  const body = incoming.iterator({ destroyOnReturn: false });
  // Not a Request: web streams would take half as much CPU time again.
  const response = await handle({ url, method, body, signal: left.signal });
  // Closes the connection rather than reading the rest of a refused body.
  if (!incoming.complete) response.headers.set('connection', 'close');
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(await response.text());
});

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close());
