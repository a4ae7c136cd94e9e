/**
 * The entry `mobilebert-wasm/serve`: pipelines behind HTTP, as one function from a Request to a
 * Response. It uses web standards only: Workers, Deno and Bun call it directly, Node through
 * nodeListener(). A path takes POST with a JSON object and answers `{ "results": ... }` or
 * `{ "error": "..." }`. GET /healthz answers `{ "status": "ok" }` to all.
 */

import { InputError } from '../errors.ts';
import { checkOptionNames, type OptionNames } from '../options.ts';
import type { Authorize } from './authorize.ts';
import { Refusal, readBody } from './body.ts';
import { type Cors, type CorsSetting, corsOf } from './cors.ts';
import type { Handler, ServedRequest } from './request.ts';
import type { Answerer, Route } from './route.ts';

export { type Authorize, bearerToken } from './authorize.ts';
export type { Body } from './body.ts';
export type { CorsOptions, CorsSetting } from './cors.ts';
export { type IncomingRequest, nodeListener, type OutgoingResponse } from './node-listener.ts';
export type { Handler, ServedHeaders, ServedRequest } from './request.ts';
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

export interface HandlerOptions<Place = unknown> {
  /** Most bytes of a body; a longer one gets status 413. Default 65,536. */
  maxBytes?: number | undefined;
  /**
   * Most texts that a model reads for one request; more get status 400. A text with several labels,
   * choices or masks counts once for each. Default 32.
   */
  maxTexts?: number | undefined;
  /** Receives each error that became status 500, unseen by the client. Default `console.error`. */
  onError?: ((error: unknown, request: ServedRequest) => void) | undefined;
  /**
   * Which pages of other sites may call: `true` or `'*'` for all, origins, or CorsOptions. A page
   * that is not listed gets status 403. Default: none is told that it may, so browsers keep answers
   * from pages of other sites.
   */
  cors?: CorsSetting | undefined;
  /** Decides who may call, for every path but /healthz. Default: everyone. */
  authorize?: Authorize<Place> | undefined;
}

const HANDLER_OPTIONS: OptionNames<HandlerOptions> = {
  maxBytes: true,
  maxTexts: true,
  onError: true,
  cors: true,
  authorize: true,
};

const HEALTH = '/healthz';
/** nginx's status for a client that disconnected before the response; no client receives it. */
const CLIENT_LEFT = 499;

/**
 * Makes the function that answers requests.
 *
 * @param routes by path, such as `{ '/classify': textClassification({ model: './my-model' }) }`
 * @throws RangeError for an invalid path, limit or origin, TypeError for an unknown option and for
 *   something else than routes
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
  options: HandlerOptions<Place> = {},
): Handler<Place> {
  checkOptionNames('make a handler', options, HANDLER_OPTIONS);
  const { maxBytes = 64 * 1024, maxTexts = 32, onError = report, authorize } = options;
  checkLimits({ maxBytes, maxTexts });
  checkFunctions({ onError, authorize });
  const cors = corsOf(options.cors ?? false);
  const byPath = new Map(Object.entries(routes));
  checkPaths([...byPath.keys()]);
  checkRoutes(byPath);
  const paths = [...byPath.keys(), HEALTH];
  const open = opener<Place>();

  /** @throws Refusal, InputError, and the errors of loading and running a model */
  const answer: Handler<Place> = async (request, place, context) => {
    const { url, method, body, signal } = request;
    const path = pathOf(url);
    if (path === HEALTH) return health(method);
    if (authorize) {
      const verdict = await authorize(request, place as Place);
      if (verdict instanceof Response) return verdict;
      if (verdict !== true) throw new Refusal(401, 'Cannot answer: the request is not authorized');
    }
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

  const answerAll: Handler<Place> = async (request, place, context) => {
    try {
      return await answer(request, place, context);
    } catch (error) {
      if (request.signal?.aborted) return new Response(null, { status: CLIENT_LEFT });
      if (error instanceof Refusal) return refusal(error);
      if (error instanceof InputError) return problem(400, error.message);
      onError(error, request);
      return problem(500, 'internal error');
    }
  };
  return cors ? withCors(answerAll, cors, onError) : answerAll;
}

/** Answers preflights, refuses other origins, and adds the headers to every response. */
function withCors<Place>(
  answer: Handler<Place>,
  cors: Cors,
  onError: NonNullable<HandlerOptions['onError']>,
): Handler<Place> {
  return async (request, place, context) => {
    try {
      const headers = cors.headersFor(request);
      const methods = pathOf(request.url) === HEALTH ? 'GET, HEAD' : 'POST';
      const preflight = cors.preflightFor(request, methods);
      if (preflight) {
        return new Response(null, { status: 204, headers: { ...headers, ...preflight } });
      }
      const response = await answer(request, place, context);
      return withHeaders(response, headers);
    } catch (error) {
      if (error instanceof Refusal) return withHeaders(refusal(error), { vary: 'Origin' });
      onError(error, request);
      return problem(500, 'internal error');
    }
  };
}

/** A copy, since the headers of a fetched Response cannot be changed. */
function withHeaders(response: Response, added: Readonly<Record<string, string>>): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(added)) {
    if (name === 'vary') headers.append(name, value);
    else headers.set(name, value);
  }
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
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

function refusal({ status, message, allow }: Refusal): Response {
  const headers = {
    ...(allow !== undefined && { allow }),
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
  };
  return problem(status, message, headers);
}

function problem(status: number, error: string, headers: Record<string, string> = {}): Response {
  return Response.json({ error }, { status, headers });
}

function checkPaths(paths: readonly string[]): void {
  const wrong = paths.find((path) => pathOf(path) !== path || path === HEALTH);
  if (paths.length > 0 && wrong === undefined) return;
  const found = wrong === undefined ? 'no path' : JSON.stringify(wrong);
  throw new RangeError(
    `Cannot make a handler: found ${found}, expected paths such as "/classify", and not "${HEALTH}"`,
  );
}

function checkRoutes(routes: ReadonlyMap<string, unknown>): void {
  for (const [path, route] of routes) {
    const { read, open } = (route ?? {}) as Partial<Route>;
    if (typeof read === 'function' && typeof open === 'function') continue;
    throw new TypeError(
      `Cannot make a handler: "${path}" leads to something else than a route, expected { read, open } or a task such as textClassification({ model })`,
    );
  }
}

function checkFunctions(options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || typeof value === 'function') continue;
    throw new TypeError(
      `Cannot make a handler: ${name} is of type ${typeof value}, expected a function`,
    );
  }
}

function checkLimits(limits: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new RangeError(
      `Cannot make a handler: ${name} is ${value}, expected an integer of at least 1`,
    );
  }
}
