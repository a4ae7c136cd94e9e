/**
 * Deno and Deno Deploy: `deno run --allow-net --allow-read --allow-env examples/deno-deploy/main.js`.
 * The model is loaded once per isolate, before it listens.
 */
import { pipeline } from 'mobilebert-wasm';
import { handle, problem } from '../http/handler.js';

const MODEL = new URL('../../models/banking77-intents/', import.meta.url);
const classify = await pipeline('text-classification', MODEL);

Deno.serve({
  port: Number(Deno.env.get('PORT') ?? 8080),
  hostname: '127.0.0.1',
  handler: (request) => handle(request, async () => classify),
  onError(error) {
    if (error.name !== 'AbortError') console.error(error);
    return problem(500, 'internal error');
  },
});
