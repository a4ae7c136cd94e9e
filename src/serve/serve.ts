/**
 * The entry `mobilebert-wasm/serve`: pipelines behind HTTP, as one function from Request to Response.
 * It speaks Web standards only, so it is what Workers, Deno and Bun call by themselves; others need
 * an adapter of a few lines (examples/node-server). A path takes POST with a JSON object and answers
 * `{ "results": ... }`, or `{ "error": "..." }`; GET /healthz answers `{ "status": "ok" }`.
 */

import { InputError } from '../errors.ts';
import { opener } from './opener.ts';
import { type Chunks, readBody } from './read-body.ts';
import { Refusal } from './refusal.ts';
import type { Route } from './route.ts';

export type { Answerer, Body, Route, TaskSetup } from './route.ts';
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

/** What is read of a Request. */
export interface ServedRequest {
  /** Whole, or from the path on. */
  readonly url: string;
  readonly method: string;
  readonly body?: Chunks | null | undefined;
  /** Aborts when the client leaves. */
  readonly signal?: AbortSignal | undefined;
}

export interface HandlerOptions {
  /** Most bytes of a body; more get 413. Default 65,536. */
  maxBytes?: number | undefined;
  /**
   * Most texts that a model reads for one request, a text with several labels, choices or masks
   * counted once for each; more get 400. Default 32.
   */
  maxTexts?: number | undefined;
  /** Told of what became a 500, whose reason the client is not told. Default `console.error`. */
  onError?: ((error: unknown, request: ServedRequest) => void) | undefined;
}

/**
 * Answers a request; never rejects.
 *
 * @param place handed to the routes that open a model: a Worker's bindings
 * @param context keeps a model opening for others when the client that asked first has left
 */
export type Handler<Place = unknown> = (
  request: ServedRequest,
  place?: Place,
  context?: { waitUntil?(promise: Promise<unknown>): void },
) => Promise<Response>;

const HEALTH = '/healthz';
/** What servers call a client that left before it was answered; nobody reads it. */
const CLIENT_LEFT = 499;

/**
 * Makes the function that serves.
 *
 * @param routes by path, such as `{ '/classify': textClassification({ model: './my-model' }) }`
 * @throws RangeError for paths or limits that make no sense
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

  /** @throws Refusal, InputError, and whatever a model throws */
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

/** To where hosts collect it. Not the request, which holds what a client may want kept. */
function report(error: unknown): void {
  console.error(error);
}

function health(method: string): Response {
  if (method !== 'GET' && method !== 'HEAD') throw wrongMethod(method, 'GET, HEAD');
  return Response.json({ status: 'ok' });
}

/** The path of a URL, or '' for what is none. */
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
      `Cannot make a handler: ${name} is ${value}, expected an integer from 1 on`,
    );
  }
}
