/**
 * Compiles assembly/ for every build of src/builds.ts, by its target of asconfig.json:
 *
 * - build/wasm/<build>.wasm is shipped; its entry is assembly/index.ts, or one of the build's own name
 * - build/testing has builds that are not shipped, and testing.<build>.wasm, whose entry is
 *   assembly/testing.ts: every kernel exported, for tests and benches
 *
 * build/testing has the text of each module too (.wat). A compilation takes seconds, so one thread for
 * each core compiles, and nothing is compiled where all sources are those of the last build.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { abilitiesOf, BUILDS } from '../../build/js/builds.js';
import { targetOf } from './modules.js';

/** Hash of everything that the modules were compiled from. */
const STAMP = 'build/testing/sources.sha256';

if (isMainThread) await build();
else parentPort.on('message', async (job) => parentPort.postMessage(await compile(job)));

async function build() {
  const jobs = listJobs();
  const stamp = hashSources();
  const isDone = jobs.every(({ file }) => existsSync(file));
  if (isDone && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return;
  for (const folder of ['wasm', 'testing']) mkdirSync(`build/${folder}`, { recursive: true });
  rmSync(STAMP, { force: true });
  const threads = Math.min(availableParallelism(), jobs.length);
  await Promise.all(Array.from({ length: threads }, () => work(jobs)));
  writeFileSync(STAMP, stamp);
}

/** What to compile: an entry and a target, into a file. */
function listJobs() {
  const { targets } = JSON.parse(readFileSync('asconfig.json', 'utf8'));
  return Object.entries(BUILDS).flatMap(([target, traits]) => {
    targetOf(target, traits, targets);
    const folder = traits.ships === 'never' ? 'testing' : 'wasm';
    const file = `build/${folder}/${target}.wasm`;
    const { hasQuantized, isThreaded } = abilitiesOf(traits);
    if (!hasQuantized) return [{ entry: target, target, file }];
    if (isThreaded) return [{ entry: 'threaded', target, file }];
    return [
      { entry: 'index', target, file },
      { entry: 'testing', target, file: `build/testing/testing.${target}.wasm` },
    ];
  });
}

function hashSources() {
  const sources = readdirSync('assembly', { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => `assembly/${file}`);
  const compiler = 'node_modules/assemblyscript/package.json';
  const hash = createHash('sha256');
  for (const file of [
    'asconfig.json',
    'build/js/builds.js',
    'tools/build/wasm.js',
    compiler,
    ...sources,
  ]) {
    hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

/** One thread, which takes jobs from the list until none is left. */
async function work(jobs) {
  const thread = new Worker(new URL(import.meta.url));
  try {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      thread.postMessage(job);
      const [{ report, error }] = await once(thread, 'message');
      if (report) process.stderr.write(report);
      if (error) {
        throw new Error(`Cannot compile assembly/${job.entry}.ts for ${job.target}: ${error}`);
      }
    }
  } finally {
    await thread.terminate();
  }
}

/** Runs in a thread; a failure of the compiler does not end it. */
async function compile({ entry, target, file }) {
  const { default: asc } = await import('assemblyscript/asc');
  const { error, stderr } = await asc.main([
    `assembly/${entry}.ts`,
    ...['--config', 'asconfig.json', '--target', target],
    ...['--outFile', file, '--textFile', `build/testing/${path.basename(file, '.wasm')}.wat`],
  ]);
  return { report: stderr.toString(), error: error?.message };
}
