/**
 * The entry `mobilebert-wasm/serve`: pipelines behind HTTP, as one function from a Request to a
 * Response. It uses web standards only: Workers, Deno and Bun call it directly, Node needs an
 * adapter of a few lines (examples/node-server). A path takes POST with a JSON object and answers
 * `{ "results": ... }` or `{ "error": "..." }`. GET /healthz answers `{ "status": "ok" }`.
 */

import { InputError } from '../errors.ts';
import { type Chunks, Refusal, readBody } from './body.ts';
import type { Answerer, Route } from './route.ts';

export type { Body } from './body.ts';
export type { Answerer, Route, TaskSetup } from './route.ts';
export {
  featureExtraction,
  fillMask,
  multipleChoice,
  nextSentencePrediction,
  questionAnswering,
  textClassification,
  tokenClassification,
  zeroShotClassification,
} from './tasks.ts';

/** The parts of a Request that are used. */
export interface ServedRequest {
  /** Absolute, or starting with the path. */
  readonly url: string;
  readonly method: string;
  readonly body?: Chunks | null | undefined;
  /** Aborts when the client disconnects. */
  readonly signal?: AbortSignal | undefined;
}

export interface HandlerOptions {
  /** Most bytes of a body; a longer one gets status 413. Default 65,536. */
  maxBytes?: number | undefined;
  /**
   * Most texts that a model reads for one request; more get status 400. A text with several labels,
   * choices or masks counts once for each. Default 32.
   */
  maxTexts?: number | undefined;
  /** Receives each error that became status 500, unseen by the client. Default `console.error`. */
  onError?: ((error: unknown, request: ServedRequest) => void) | undefined;
}

/**
 * Answers a request. Never rejects.
 *
 * @param place passed to a route when it loads its model: the bindings of a Worker
 * @param context `waitUntil` keeps a model loading for other clients if the first one disconnects
 */
export type Handler<Place = unknown> = (
  request: ServedRequest,
  place?: Place,
  context?: { waitUntil?(promise: Promise<unknown>): void },
) => Promise<Response>;

const HEALTH = '/healthz';
/** nginx's status for a client that disconnected before the response; no client receives it. */
const CLIENT_LEFT = 499;

/**
 * Makes the function that answers requests.
 *
 * @param routes by path, such as `{ '/classify': textClassification({ model: './my-model' }) }`
 * @throws RangeError for an invalid path or limit
 *
 * @example
 * const handle = createHandler({
 *   '/classify': textClassification({ model: './my-model', options: { top_k: 3 } }),
 * });
 * Deno.serve(handle);                 // Deno
 * Bun.serve({ fetch: handle });       // Bun
 * export default { fetch: handle };   // Workers
 */
export function createHandler<Place>(
  routes: Readonly<Record<string, Route<Place>>>,
  options: HandlerOptions = {},
): Handler<Place> {
  const { maxBytes = 64 * 1024, maxTexts = 32, onError = report } = options;
  checkLimits({ maxBytes, maxTexts });
  const byPath = new Map(Object.entries(routes));
  checkPaths([...byPath.keys()]);
  const paths = [...byPath.keys(), HEALTH];
  const open = opener<Place>();

  /** @throws Refusal, InputError, and the errors of loading and running a model */
  const answer: Handler<Place> = async (request, place, context) => {
    const { url, method, body, signal } = request;
    const path = pathOf(url);
    if (path === HEALTH) return health(method);
    const route = byPath.get(path);
    if (!route) throw new Refusal(404, `Cannot find the path: expected ${paths.join(' or ')}`);
    if (method !== 'POST') throw wrongMethod(method, 'POST');
    const input = route.read(await readBody(body, maxBytes), maxTexts);
    const opening = open(route, place as Place);
    context?.waitUntil?.(opening);
    const answerer = await opening;
    signal?.throwIfAborted();
    return Response.json({ results: await answerer.answer(input, signal) });
  };

  return async (request, place, context) => {
    try {
      return await answer(request, place, context);
    } catch (error) {
      if (request.signal?.aborted) return new Response(null, { status: CLIENT_LEFT });
      if (error instanceof Refusal) return problem(error.status, error.message, error.allow);
      if (error instanceof InputError) return problem(400, error.message);
      onError(error, request);
      return problem(500, 'internal error');
    }
  };
}

/** Opens each route once. A request joins an opening in progress; a failed one is tried again. */
function opener<Place>(): (route: Route<Place>, place: Place) => Promise<Answerer> {
  const opened = new Map<Route<Place>, Promise<Answerer>>();
  return (route, place) => {
    const known = opened.get(route);
    if (known) return known;
    const opening = route.open(place);
    opening.catch(() => opened.delete(route));
    opened.set(route, opening);
    return opening;
  };
}

/** Hosts collect the console. Leaves out the request, which may hold private texts. */
function report(error: unknown): void {
  console.error(error);
}

function health(method: string): Response {
  if (method !== 'GET' && method !== 'HEAD') throw wrongMethod(method, 'GET, HEAD');
  return Response.json({ status: 'ok' });
}

/** The path of a URL, '' if it is not a URL. */
function pathOf(url: string): string {
  const base = 'http://localhost';
  return URL.canParse(url, base) ? new URL(url, base).pathname : '';
}

function wrongMethod(method: string, allow: string): Refusal {
  return new Refusal(405, `Cannot take ${method}: expected ${allow}`, allow);
}

function problem(status: number, error: string, allow?: string): Response {
  return Response.json({ error }, { status, headers: allow ? { allow } : {} });
}

function checkPaths(paths: readonly string[]): void {
  const wrong = paths.find((path) => pathOf(path) !== path || path === HEALTH);
  if (paths.length > 0 && wrong === undefined) return;
  const found = wrong === undefined ? 'no path' : JSON.stringify(wrong);
  throw new RangeError(
    `Cannot make a handler: found ${found}, expected paths such as "/classify", and not "${HEALTH}"`,
  );
}

function checkLimits(limits: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new RangeError(
      `Cannot make a handler: ${name} is ${value}, expected an integer of at least 1`,
    );
  }
}
