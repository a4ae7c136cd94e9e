/** Node: `PORT=8080 node examples/node-server/server.js`. A model is loaded when it is first asked. */
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
  // Reading no further shall not close the connection: the answer is still to come.
  const body = incoming.iterator({ destroyOnReturn: false });
  // No Request is made of it: streams of the Web would cost half as much CPU again.
  const response = await handle({ url, method, body, signal: left.signal });
  // The rest of a body that was refused is not waited for.
  if (!incoming.complete) response.headers.set('connection', 'close');
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(await response.text());
});

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close());
