/** Bun: `PORT=8080 bun examples/bun-server/server.js`. The model is loaded before it listens. */
import { pipeline } from 'mobilebert-wasm';
import { handle, problem } from '../http/handler.js';

const MODEL = new URL('../../models/banking77-intents/', import.meta.url);
const classify = await pipeline('text-classification', MODEL);

Bun.serve({
  port: Number(process.env.PORT ?? 8080),
  hostname: '127.0.0.1',
  fetch: (request) => handle(request, async () => classify),
  error(error) {
    if (error.name !== 'AbortError') console.error(error);
    return problem(500, 'internal error');
  },
});
