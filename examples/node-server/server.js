/** Node: `PORT=8080 node examples/node-server/server.js`. The model is loaded before it listens. */
import { createServer } from 'node:http';
import process from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'mobilebert-wasm';
import { handle, problem } from '../http/handler.js';

const MODEL = new URL('../../models/banking77-intents/', import.meta.url);
const classify = await pipeline('text-classification', MODEL);

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

/** Node's request as the standard's. */
async function answer(incoming, signal) {
  const url = `http://localhost${incoming.url}`;
  const { method } = incoming;
  if (!URL.canParse(url) || !['GET', 'POST'].includes(method)) return problem(400, 'bad request');
  const body = method === 'POST' ? Readable.toWeb(incoming) : null;
  return handle(new Request(url, { method, body, duplex: 'half', signal }), async () => classify);
}

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close());
