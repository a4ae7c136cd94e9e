/** Node: `PORT=8080 node examples/node-server/server.js`. A model is loaded when it is first asked. */
import { createServer } from 'node:http';
import process from 'node:process';
import { pipeline } from 'mobilebert-wasm';
import { handle, opener, problem } from '../http/handler.js';

const models = new URL('../../models/', import.meta.url);
const open = opener(({ task, model }) => {
  return pipeline(task, new URL(`${model}/`, models), { dtype: 'q8' });
});

const server = createServer(async (incoming, outgoing) => {
  const left = new AbortController();
  outgoing.on('close', () => left.abort());
  const response = await answer(incoming, left.signal).catch((error) => {
    if (!left.signal.aborted) console.error(error);
    return problem(500, 'internal error');
  });
  // The rest of a body that was refused is not waited for.
  if (!incoming.complete) response.headers.set('connection', 'close');
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(await response.text());
});

/** What the handler reads of a Request; web streams would cost half as much CPU again. */
async function answer(incoming, signal) {
  const url = `http://localhost${incoming.url}`;
  if (!URL.canParse(url)) return problem(400, 'bad request');
  // Reading no further shall not close the connection: the answer is still to come.
  const body = incoming.iterator({ destroyOnReturn: false });
  return handle({ url, method: incoming.method, body, signal }, open);
}

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close());
