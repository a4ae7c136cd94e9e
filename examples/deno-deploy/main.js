/**
 * Deno and Deno Deploy: `deno run --allow-net --allow-read --allow-env examples/deno-deploy/main.js`.
 * A model is loaded when the isolate is first asked for it.
 */
import { pipeline } from 'mobilebert-wasm';
import { handle, opener, problem } from '../http/handler.js';

const models = new URL('../../models/', import.meta.url);
const open = opener(({ task, model }) => {
  return pipeline(task, new URL(`${model}/`, models), { dtype: 'q8' });
});

Deno.serve({
  port: Number(Deno.env.get('PORT') ?? 8080),
  hostname: '127.0.0.1',
  handler: (request) => handle(request, open),
  onError(error) {
    if (error.name !== 'AbortError') console.error(error);
    return problem(500, 'internal error');
  },
});
