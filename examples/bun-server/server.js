/** Bun: `PORT=8080 bun examples/bun-server/server.js`. A model is loaded when it is first asked. */
import { pipeline } from 'mobilebert-wasm';
import { handle, opener, problem } from '../http/handler.js';

const models = new URL('../../models/', import.meta.url);
const open = opener(({ task, model }) => {
  return pipeline(task, new URL(`${model}/`, models), { dtype: 'q8' });
});

Bun.serve({
  port: Number(process.env.PORT ?? 8080),
  hostname: '127.0.0.1',
  fetch: (request) => handle(request, open),
  error(error) {
    if (error.name !== 'AbortError') console.error(error);
    return problem(500, 'internal error');
  },
});
