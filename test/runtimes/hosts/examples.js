/**
 * The examples, each copied out of the repository and installed with the packed package. Servers are
 * started, get requests that they have to answer and to refuse, and are put under load. Their lines in
 * the table end with throughput, latency, CPU time and memory.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { run, start } from '../support/commands.js';
import { installExample } from '../support/examples.js';
import { fetched } from '../support/packages.js';
import { freePort, waitFor } from '../support/server.js';
import { cpuTime, memory } from '../support/usage.js';
import { programs } from './local.js';
import { exampleWorker } from './worker.js';

const REQUESTS = 2000;
const WARM_REQUESTS = 200;
const CONCURRENCY = 16;
const TEXT = 'I lost my card in Rome';
const START_TIMEOUT = 30_000;

const onNode = async () => [await programs['Node 24'](), ['server.js']];
const deno = ['run', '--allow-net', '--allow-read', '--allow-env', '--no-lock'];

const SERVERS = {
  'node-server': onNode,
  'express-server': onNode,
  'fastify-server': onNode,
  'hono-server': onNode,
  'bun-server': async () => [await programs.Bun(), ['server.js']],
  'deno-deploy': async () => [
    await programs.Deno(),
    [...deno, '--node-modules-dir=manual', 'main.js'],
  ],
  'cloudflare-worker': exampleWorker,
};

/** @type {readonly import('./host.js').Host[]} */
const servers = Object.entries(SERVERS).map(([name, command]) => ({
  name: `examples/${name}`,
  async run() {
    const port = await freePort();
    const cwd = await installExample(name);
    const [program, args] = await command(port);
    const server = start(program, args, { cwd, env: { PORT: String(port) } });
    try {
      await waitFor(port, server, START_TIMEOUT);
      const url = `http://127.0.0.1:${port}`;
      await checkAnswers(url);
      return { version: '', build: '-', note: await load(`${url}/classify`, server.pid) };
    } catch (error) {
      throw new Error(`${error.message}\n${server.tail()}`);
    } finally {
      await server.stop();
    }
  },
}));

/** @type {import('./host.js').Host} */
const demo = {
  name: 'examples/demo',
  async run() {
    const cwd = await installExample('demo');
    const said = await run(process.execPath, ['demo.js'], { cwd });
    if (!said.includes('card arrival')) throw new Error(`It says ${said}`);
    const typed = await run(process.execPath, ['demo.js', 'A table for two at 8pm'], { cwd });
    if (!/two +people/.test(typed)) throw new Error(`It says ${typed}`);
    return { version: '', build: '-' };
  },
};

/** @type {import('./host.js').Host} */
const browser = {
  name: 'examples/browser',
  async run() {
    const cwd = await installExample('browser');
    await run('npm', ['run', 'build'], { cwd });
    const built = await readdir(path.join(cwd, 'dist'), { recursive: true });
    for (const end of ['.wasm', 'banking77-intents/model.q8.safetensors', 'index.html']) {
      if (!built.some((file) => file.endsWith(end))) throw new Error(`There is no ${end} in dist`);
    }
    return { version: '', build: '-' };
  },
};

export const exampleHosts = [...servers, demo, browser];

/** Method, path, body and the expected status. */
const ANSWERS = [
  ['GET', '/healthz', undefined, 200],
  ['POST', '/classify', JSON.stringify({ texts: [TEXT, ''] }), 200],
  ['POST', '/classify', '{ "texts": [', 400],
  ['POST', '/classify', 'null', 400],
  ['POST', '/classify', JSON.stringify({ texts: [] }), 400],
  ['POST', '/classify', JSON.stringify({ texts: [1] }), 400],
  ['POST', '/classify', JSON.stringify({ texts: ['a'.repeat(100_000)] }), 413],
  ['POST', '/ner', JSON.stringify({ texts: [TEXT] }), 200],
  ['POST', '/ner', JSON.stringify({ question: TEXT }), 400],
  ['POST', '/answer', JSON.stringify({ question: 'Where?', context: TEXT }), 200],
  ['POST', '/answer', JSON.stringify({ texts: [TEXT] }), 400],
  ['GET', '/classify', undefined, 405],
  ['GET', '/', undefined, 404],
];

async function checkAnswers(url) {
  for (const [method, path, body, wanted] of ANSWERS) {
    const response = await fetch(url + path, { method, body });
    const answer = await response.json();
    if (response.status !== wanted) {
      throw new Error(
        `${method} ${path} of ${body?.slice(0, 30)}: ${response.status}, expected ${wanted}`,
      );
    }
    const label = answer.results?.[0]?.[0]?.label;
    if (label !== undefined && label !== 'lost_or_stolen_card') throw new Error(`Found ${label}`);
  }
  await leaveEarly(url);
}

/** Clients that disconnect in the middle must not disturb the others. */
async function leaveEarly(url) {
  const body = JSON.stringify({ texts: new Array(32).fill(`${TEXT} `.repeat(60)) });
  const early = Array.from({ length: 4 }, () =>
    fetch(`${url}/classify`, { method: 'POST', body, signal: AbortSignal.timeout(20) }),
  );
  const outcomes = await Promise.allSettled(early);
  if (outcomes.some(({ status }) => status === 'fulfilled')) throw new Error('Nobody left early');
  const { ok } = await fetch(`${url}/healthz`);
  if (!ok) throw new Error('/healthz failed after clients had left');
}

async function load(url, pid) {
  const cannon = await fetched('autocannon', 'autocannon@8', 'autocannon.js');
  const body = JSON.stringify({ texts: [TEXT] });
  const shoot = async (amount) => {
    // autocannon ends on a tick of its sampling; with the default of a second, rates would be
    // steps.
    const options = ['--json', '-L', 10, '-m', 'POST', '-b', body, '-c', CONCURRENCY, '-a', amount];
    return JSON.parse(await run(process.execPath, [cannon, ...options.map(String), url]));
  };
  await shoot(WARM_REQUESTS);
  const [cpuBefore, before] = [await cpuTime(pid), await memory(pid)];
  const { '2xx': good, non2xx, errors, timeouts, duration, latency } = await shoot(REQUESTS);
  const [cpuAfter, after] = [await cpuTime(pid), await memory(pid)];
  if (good !== REQUESTS || non2xx + errors + timeouts > 0) {
    throw new Error(`${good} of ${REQUESTS} answered, ${non2xx} refused, ${errors} errors`);
  }
  const cpu = (cpuAfter - cpuBefore) / REQUESTS;
  return [
    `${(good / duration).toFixed(0)} requests/s, p50 ${latency.p50} ms, p99 ${latency.p99} ms`,
    `${cpu.toFixed(2)} ms CPU each`,
    `${before.resident.toFixed(0)} -> ${after.resident.toFixed(0)} MiB`,
  ].join(', ');
}
