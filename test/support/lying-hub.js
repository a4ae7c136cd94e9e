/**
 * A hub and static host on a port of its own that can be told to lie: to send something else in
 * place of a file, or in place of the answer that a file is missing. For tests and the fuzzer.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

const PAGE = '<!doctype html><html><head><title>Site</title></head><body>Hello</body></html>';
const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12345\n`;
const JSON_TYPE = { 'content-type': 'application/json' };
const HTML_TYPE = { 'content-type': 'text/html; charset=utf-8' };

/**
 * What a lie sends, made from the right content (empty for a file that is missing): `status`,
 * `headers`, `body`; `chunked` for no length; `cut` for a connection that ends without its end.
 *
 * @type {Record<string, (content: Uint8Array) => { status?: number, headers?: Record<string, string>, body?: string | Uint8Array, chunked?: boolean, cut?: boolean }>}
 */
export const LIES = {
  page: () => ({ headers: HTML_TYPE, body: PAGE }),
  'page without a type': () => ({ body: `\n ${PAGE}` }),
  'page after a comment': () => ({ body: `<!-- build 7 -->\n${PAGE}` }),
  'page after a long comment': () => ({ body: `<!-- ${'x'.repeat(5000)} -->${PAGE}` }),
  'page after a byte order mark': () => ({ body: `\ufeff${PAGE}` }),
  'page in XHTML': () => ({ body: `<?xml version="1.0"?>\n${PAGE}` }),
  'bare html': () => ({ body: '<html lang="en"><body></body></html>' }),
  'error of storage': () => ({
    headers: { 'content-type': 'application/xml' },
    body: '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>None</Message></Error>',
  }),
  'error in JSON': () => ({ headers: JSON_TYPE, body: '{"error":"Entry not found"}' }),
  'message in JSON': () => ({ headers: JSON_TYPE, body: '{"statusCode":404,"message":"gone"}' }),
  'Not Found': () => ({ body: 'Not Found' }),
  'not found page of text': () => ({ body: '404: Not Found\n' }),
  empty: () => ({ body: '' }),
  'empty without a length': () => ({ body: '', chunked: true }),
  'status 204': () => ({ status: 204 }),
  'status 403': () => ({ status: 403, body: 'Access Denied' }),
  'status 404': () => ({ status: 404, body: PAGE }),
  'status 410': () => ({ status: 410 }),
  pointer: () => ({ body: POINTER }),
  'cut chunks': (content) => ({ body: content.subarray(0, content.length >> 1), chunked: true }),
  'cut connection': (content) => ({ body: content, cut: true }),
  'half of it': (content) => ({ body: content.subarray(0, content.length >> 1) }),
  'twice it': (content) => ({ body: Buffer.concat([content, content]) }),
  'list in JSON': () => ({ headers: JSON_TYPE, body: '[]' }),
  'broken JSON': () => ({ headers: JSON_TYPE, body: '{"model_type": "mobilebert",' }),
  'redirection to nowhere': () => ({ status: 302, headers: { location: 'http://' } }),
  'redirection to itself': () => ({ status: 302, headers: { location: '' } }),
};

/** Lies that mean, of an optional file, that it is not there. */
export const ABSENCES = Object.keys(LIES).slice(0, Object.keys(LIES).indexOf('pointer'));

/**
 * Starts a server with files by path: as a static host at `/`, and as the hub's repository
 * `org/name` by the hub's URLs.
 *
 * @param {{ files: Iterable<readonly [string, Uint8Array]>, hasApi?: boolean, hasHashes?: boolean, gzip?: boolean }} options
 */
export async function startLyingHub({ files, hasApi = false, hasHashes = false, gzip = false }) {
  const contents = new Map(files);
  /** By path, or '*' for every file that is missing: the name of a lie. */
  const lies = new Map();
  /** @type {{ method: string, path: string, status: number, headers: import('node:http').IncomingHttpHeaders }[]} */
  const requests = [];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    const { pathname } = new URL(url, 'http://hub');
    response.on('finish', () => {
      requests.push({ method, path: pathname, status: response.statusCode, headers });
    });
    if (hasApi && pathname.startsWith('/api/models/org/name/tree/')) {
      return response.writeHead(200, JSON_TYPE).end(JSON.stringify(tree(contents)));
    }
    const path = decodeURIComponent(pathname).replace(/^\/(org\/name\/resolve\/[^/]+\/)?/, '');
    const content = contents.get(path);
    const lie = lies.get(path) ?? (content ? undefined : lies.get('*'));
    if (lie !== undefined) {
      return void send(request, response, LIES[lie](content ?? new Uint8Array()));
    }
    if (!content) return response.writeHead(404).end('Entry not found');
    const hashes = hasHashes ? hubHeaders(content) : {};
    if (!gzip) return void send(request, response, { body: content, headers: hashes });
    const packed = { ...hashes, 'content-encoding': 'gzip' };
    return void send(request, response, { body: gzipSync(content), headers: packed });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    /** Ends in a slash. */
    url: `http://127.0.0.1:${address.port}/`,
    contents,
    lies,
    requests,
    /** Paths that were answered with a status of 400 or more. */
    failed: () => requests.filter(({ status }) => status >= 400).map(({ path }) => path),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve(undefined)));
    },
  };
}

function send(request, response, { status = 200, headers = {}, body = '', chunked, cut }) {
  const bytes = Buffer.from(body);
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const isRange = start > 0 && status === 200 && !chunked;
  const part = isRange ? bytes.subarray(start) : bytes;
  response.writeHead(isRange ? 206 : status, {
    ...(chunked || status === 204 ? {} : { 'content-length': part.length }),
    ...(isRange && { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
    ...headers,
  });
  if (request.method === 'HEAD') return response.end();
  if (!cut) return response.end(part);
  response.write(part.subarray(0, part.length >> 1), () => {
    setTimeout(() => request.socket.destroy(), 5);
  });
}

/** The hub's list of a repository: git blobs with their SHA-1. */
function tree(contents) {
  return [...contents].map(([path, content]) => ({
    type: 'file',
    path,
    size: content.length,
    oid: blobHash(content),
  }));
}

function hubHeaders(content) {
  return { 'x-repo-commit': 'c'.repeat(40), etag: `"${blobHash(content)}"` };
}

function blobHash(content) {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}
