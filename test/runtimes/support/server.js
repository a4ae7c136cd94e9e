/** The site that browsers open, with a strict security policy; free and open ports. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** No inline code but the import map, and no eval; WebAssembly needs a permission of its own. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval' 'sha256-IMPORTMAP'",
  "connect-src 'self'",
  "worker-src 'self'",
  'img-src data:',
].join('; ');

/**
 * Serves a folder, isolated from other origins, and receives the records of pages.
 *
 * @param {string} folder
 * @param {string} importMapHash SHA-256 of the page's inline import map, in base64
 */
export async function serve(folder, importMapHash) {
  /** @type {Map<string, (record: unknown) => void>} */
  const waiting = new Map();
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (request.method === 'POST') {
      const record = await json(request).catch((error) => ({ error }));
      waiting.get(url.searchParams.get('in'))?.(record);
      return response.writeHead(204).end();
    }
    const file = path.join(folder, path.normalize(url.pathname));
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) return response.writeHead(404).end();
    response.writeHead(200, {
      'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream',
      'content-length': found.size,
      'content-security-policy': POLICY.replace('IMPORTMAP', importMapHash),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    createReadStream(file).pipe(response);
  });
  const port = await freePort();
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${port}`,
    /** The record of the checks in one place, such as "worker". */
    report: (place, timeout) =>
      Promise.race([
        new Promise((resolve) => waiting.set(place, resolve)),
        delay(timeout, undefined, { ref: false }).then(() => {
          throw new Error(`No report from the ${place} within ${timeout / 1000} s`);
        }),
      ]),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A port that no process listens on. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until a started process accepts connections. */
export async function waitFor(port, child, timeout = 20_000) {
  let isOver = false;
  child.ended.then(() => {
    isOver = true;
  });
  for (const end = Date.now() + timeout; Date.now() < end && !isOver; await delay(50)) {
    if (await isOpen(port)) return;
  }
  throw new Error(`Nothing listens on port ${port}: ${child.tail()}`);
}

function isOpen(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
