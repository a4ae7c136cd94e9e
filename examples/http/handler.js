/**
 * POST /classify as a function from Request to Response: what all servers of this folder share.
 * In: { "texts": ["..."] }. Out: { "results": [[{ "label", "score" }, ...], ...] }, three for each.
 */

const MAX_BYTES = 64 * 1024;
const MAX_TEXTS = 32;

/**
 * @param {Request} request its signal ends the work when the client leaves
 * @param {() => Promise<import('mobilebert-wasm').TextClassificationPipeline>} ready
 * @returns {Promise<Response>}
 */
export async function handle(request, ready) {
  const { pathname } = new URL(request.url);
  if (pathname === '/healthz') return Response.json({ status: 'ok' });
  if (pathname !== '/classify') return problem(404, 'expected /classify or /healthz');
  if (request.method !== 'POST') return problem(405, 'expected POST');
  const body = await read(request);
  if (body === undefined) return problem(413, `expected at most ${MAX_BYTES} bytes`);
  const texts = parse(body);
  if (texts === undefined) {
    return problem(400, `expected { "texts": [...] } with 1 to ${MAX_TEXTS} strings`);
  }
  const classify = await ready();
  return Response.json({ results: await classify(texts, { top_k: 3, signal: request.signal }) });
}

/** @param {number} status @param {string} error */
export function problem(status, error) {
  return Response.json({ error }, { status });
}

/**
 * The body's bytes, or undefined as soon as they are too many: `content-length` may be missing.
 *
 * @param {Request} request
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

/** @param {string} body @returns {string[] | undefined} */
function parse(body) {
  try {
    const { texts } = JSON.parse(body);
    const isFine = Array.isArray(texts) && texts.length >= 1 && texts.length <= MAX_TEXTS;
    return isFine && texts.every((text) => typeof text === 'string') ? texts : undefined;
  } catch {
    return undefined;
  }
}
