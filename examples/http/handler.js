/**
 * Three tasks as one function from Request to Response: what all servers of this folder share.
 *
 * - POST /classify, { "texts": ["..."] }: the three likeliest labels of each text
 * - POST /ner, { "texts": ["..."] }: the entities of each text, with their places
 * - POST /answer, { "question": "...", "context": "..." }: a slice of the context, or ""
 */

const MAX_BYTES = 64 * 1024;
const MAX_TEXTS = 32;

const isText = (value) => typeof value === 'string';
const areTexts = ({ texts }) =>
  Array.isArray(texts) && texts.length >= 1 && texts.length <= MAX_TEXTS && texts.every(isText);
const texts = `{ "texts": [...] } with 1 to ${MAX_TEXTS} strings`;

/** By path: the task, the folder of its model, what is asked and how it is answered. */
export const ROUTES = {
  '/classify': {
    task: 'text-classification',
    model: 'banking77-intents',
    expected: texts,
    accepts: areTexts,
    answer: (classify, { texts }, signal) => classify(texts, { top_k: 3, signal }),
  },
  '/ner': {
    task: 'token-classification',
    model: 'restaurant8k-slots',
    expected: texts,
    accepts: areTexts,
    answer: (find, { texts }, signal) => find(texts, { aggregation_strategy: 'simple', signal }),
  },
  '/answer': {
    task: 'question-answering',
    model: 'restaurant8k-answers',
    expected: '{ "question": "...", "context": "..." }',
    accepts: ({ question, context }) => isText(question) && isText(context),
    answer: (ask, { question, context }, signal) =>
      ask(question, context, { handle_impossible_answer: true, signal }),
  },
};

/** @typedef {Pick<Request, 'url' | 'method' | 'signal'> & { body: AsyncIterable<Uint8Array> | null }} Question */

/**
 * @param {Question} request its signal ends the work when the client leaves
 * @param {(route: { task: string, model: string }) => Promise<Function>} open the route's pipeline
 * @returns {Promise<Response>}
 */
export async function handle(request, open) {
  const { pathname } = new URL(request.url);
  if (pathname === '/healthz') return Response.json({ status: 'ok' });
  if (!Object.hasOwn(ROUTES, pathname)) {
    return problem(404, `expected ${Object.keys(ROUTES).join(', ')} or /healthz`);
  }
  if (request.method !== 'POST') return problem(405, 'expected POST');
  const text = await read(request);
  if (text === undefined) return problem(413, `expected at most ${MAX_BYTES} bytes`);
  const route = ROUTES[pathname];
  const body = parse(text);
  if (!body || !route.accepts(body)) return problem(400, `expected ${route.expected}`);
  const pipe = await open(route);
  return Response.json({ results: await route.answer(pipe, body, request.signal) });
}

/** @param {number} status @param {string} error */
export function problem(status, error) {
  return Response.json({ error }, { status });
}

/**
 * Opens the pipeline of each route once. A failed attempt is forgotten, so that the next request tries
 * again.
 *
 * @template Place
 * @param {(route: { task: string, model: string }, place: Place) => Promise<Function>} load
 */
export function opener(load) {
  /** @type {Map<string, Promise<Function>>} */
  const opened = new Map();
  return (/** @type {{ task: string, model: string }} */ route, /** @type {Place} */ place) => {
    const known = opened.get(route.task);
    if (known) return known;
    const opening = load(route, place);
    opening.catch(() => opened.delete(route.task));
    opened.set(route.task, opening);
    return opening;
  };
}

/**
 * The body's bytes as text, or undefined as soon as they are too many: `content-length` may be missing.
 *
 * @param {Question} request
 */
async function read({ body }) {
  const chunks = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return new Blob(chunks).text();
}

/** @param {string} text @returns {any} */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
