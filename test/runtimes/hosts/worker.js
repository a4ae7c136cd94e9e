/**
 * examples/cloudflare-worker as Cloudflare runs it: bundled by wrangler, in workerd, with the
 * memory of an isolate, from a cold start. Once with the bundled model and once with one of the
 * released size.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { start } from '../support/commands.js';
import { STAGE } from '../support/paths.js';
import { freePort, waitFor } from '../support/server.js';
import { cpuTime, peakWhile } from '../support/usage.js';
import { serveWorker } from './workerd.js';
import { dryDeploy } from './wrangler.js';

const EXAMPLE = path.join(STAGE, 'examples/cloudflare-worker');
const BUNDLE = path.join(STAGE, 'worker');

/** An isolate has 128 MB: 64 for JavaScript, 1024 pages of 64 KiB for WebAssembly. */
const ISOLATE = ['--max-heap-size=64', '--wasm-max-mem-pages=1024'];
/** A full-size model has to run in 80 MiB, the runtime's own memory included. */
const SMALL_ISOLATE = ['--max-heap-size=32', '--wasm-max-mem-pages=768'];
const MOST_MIB = 80;
/** Bytes of script and modules after gzip. */
const MOST_BYTES = 160_000;

const TEXT = 'I lost my card in Rome';
const CALLS = 9;

/** The command that serves the example with the bundled models. */
export async function exampleWorker(port) {
  await bundleWorker();
  const assets = path.join(STAGE, 'models');
  return serveWorker({ bundle: BUNDLE, assets, port, v8Flags: ISOLATE });
}

/** @type {readonly import('./host.js').Host[]} */
export const workerHosts = [
  { name: 'cloudflare-worker, bundled', models: 'models', v8Flags: ISOLATE },
  { name: 'cloudflare-worker, 24 layers', models: 'full-size', v8Flags: SMALL_ISOLATE },
].map(({ name, models, v8Flags }) => ({
  name,
  async run() {
    const size = await bundleWorker();
    const port = await freePort();
    const assets = path.join(STAGE, models);
    const [program, args] = await serveWorker({ bundle: BUNDLE, assets, port, v8Flags });
    const server = start(program, args);
    try {
      await waitFor(port, server);
      const figures = await measure(`http://127.0.0.1:${port}/classify`, server.pid);
      return { version: '', build: '-', note: `${figures}, ${size} bytes after gzip` };
    } catch (error) {
      throw new Error(`${error.message}\n${server.tail()}`);
    } finally {
      await server.stop();
    }
  },
}));

/** Bundles as `wrangler deploy` does; returns the bytes that are deployed, after gzip. */
async function bundleWorker() {
  await dryDeploy([], BUNDLE, { cwd: EXAMPLE });
  const deployed = (await readdir(BUNDLE)).filter((file) => /\.(js|wasm)$/.test(file));
  const files = await Promise.all(deployed.map((file) => readFile(path.join(BUNDLE, file))));
  const size = files.reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length, 0);
  if (size > MOST_BYTES) throw new Error(`The worker has ${size} bytes, expected ${MOST_BYTES}`);
  return size;
}

/** Times and memory from the cold start on, as text; throws where memory exceeds its limit. */
async function measure(url, pid) {
  const start = await cpuTime(pid);
  let first = 0;
  const times = [];
  const peak = await peakWhile(pid, async () => {
    await classify(url);
    first = (await cpuTime(pid)) - start;
    for (let call = 0; call < CALLS; call++) times.push(await classify(url));
  });
  if (peak > MOST_MIB) throw new Error(`Memory was ${peak} MiB, expected at most ${MOST_MIB}`);
  const steady = times.sort((a, b) => a - b)[CALLS >> 1];
  return [
    `start ${start} ms CPU, first answer ${first} ms CPU, then ${steady.toFixed(0)} ms`,
    `peak ${peak.toFixed(0)} MiB`,
  ].join(', ');
}

async function classify(url) {
  const start = performance.now();
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ texts: [TEXT] }) });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  await response.json();
  return performance.now() - start;
}
