/**
 * Compiles assembly/ for every target of asconfig.json:
 *
 * - build/wasm/<target>.wasm is shipped; its entry is assembly/index.ts
 * - build/wasm/testing.<target>.wasm is for tests and benches; its entry is assembly/testing.ts
 * - build/wasm/calibration.wasm has an entry of its own, assembly/calibration.ts
 *
 * The text of each module (.wat) stands beside it. A compilation takes seconds, so one thread for
 * each core compiles, and nothing is compiled where all sources are those of the last build.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

const FOLDER = 'build/wasm';
/** Hash of everything that the modules beside it were compiled from. */
const STAMP = `${FOLDER}/sources.sha256`;

if (isMainThread) await build();
else parentPort.on('message', async (job) => parentPort.postMessage(await compile(job)));

async function build() {
  const jobs = listJobs();
  const stamp = hashSources();
  const isDone = jobs.every(({ name }) => existsSync(fileOf(name, 'wasm')));
  if (isDone && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return;
  mkdirSync(FOLDER, { recursive: true });
  rmSync(STAMP, { force: true });
  const threads = Math.min(availableParallelism(), jobs.length);
  await Promise.all(Array.from({ length: threads }, () => work(jobs)));
  writeFileSync(STAMP, stamp);
}

/** What to compile: an entry and a target, into files of a name. */
function listJobs() {
  const { targets } = JSON.parse(readFileSync('asconfig.json', 'utf8'));
  return Object.keys(targets).flatMap((target) =>
    target === 'calibration'
      ? [{ entry: 'calibration', target, name: target }]
      : [
          { entry: 'index', target, name: target },
          { entry: 'testing', target, name: `testing.${target}` },
        ],
  );
}

function hashSources() {
  const sources = readdirSync('assembly', { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => `assembly/${file}`);
  const compiler = 'node_modules/assemblyscript/package.json';
  const hash = createHash('sha256');
  for (const file of ['asconfig.json', 'tools/build/wasm.js', compiler, ...sources]) {
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
async function compile({ entry, target, name }) {
  const { default: asc } = await import('assemblyscript/asc');
  const { error, stderr } = await asc.main([
    `assembly/${entry}.ts`,
    ...['--config', 'asconfig.json', '--target', target],
    ...['--outFile', fileOf(name, 'wasm'), '--textFile', fileOf(name, 'wat')],
  ]);
  return { report: stderr.toString(), error: error?.message };
}

function fileOf(name, ending) {
  return `${FOLDER}/${name}.${ending}`;
}
