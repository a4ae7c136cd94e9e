/**
 * Compiles assembly/ for every build of src/builds.ts, by its target of asconfig.json:
 *
 * - build/wasm/<build>.wasm is shipped; its entry is assembly/index.ts, or one of the build's own name
 * - build/testing has builds that are not shipped, and testing.<build>.wasm, whose entry is
 *   assembly/testing.ts: every kernel exported, for tests and benches
 *
 * build/testing has the text of each module too (.wat). A compilation takes seconds, so one thread for
 * each core compiles, and a module is compiled only if a source that its entry imports, its target
 * or the compiler has changed. Contents are compared, not times: a checkout changes times. Names of
 * modules as arguments, such as `testing.simd`, choose what is compiled.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { targetOf } from './modules.js';

/** What each module was compiled from, and its own hash. */
const STAMP = 'build/testing/modules.json';

/** Its version counts as an input of every module. */
const COMPILER = 'node_modules/assemblyscript/package.json';

if (!isMainThread) {
  parentPort.on('message', async (job) => parentPort.postMessage(await compile(job)));
} else if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(process.argv.slice(2));
}

/** `node tools/build/wasm.js [NAME ...]`: all modules, or those of these names. */
async function main(names) {
  const builds = await import(pathToFileURL('build/js/builds.js').href);
  const known = listJobs(builds).map(({ name }) => name);
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) {
    console.error(`Cannot build "${wrong}": expected one of ${known.join(', ')}`);
    process.exitCode = 2;
    return;
  }
  await buildModules(builds, (name) => names.length === 0 || names.includes(name));
}

/**
 * Compiles the modules that are missing or out of date.
 *
 * @param {typeof import('../../src/builds.ts')} builds the list of builds
 * @param {(name: string) => boolean} [isWanted] which modules to bring up to date, by the name of
 *   the file: 'simd', 'testing.simd'; missing ones are compiled in any case
 * @returns {Promise<{ name: string, seconds: number, changed: string[] }[]>} what was compiled, and
 *   what had changed since; nothing has where the module was missing
 */
export async function buildModules(builds, isWanted = () => true) {
  const stamps = readStamps();
  const outdated = listJobs(builds).flatMap((job) => {
    const inputs = inputsOf(job);
    const isMissing = !existsSync(job.file) || !existsSync(job.text);
    if (!isMissing && !isWanted(job.name)) return [];
    const stamp = isMissing ? undefined : stamps[job.name];
    const changed = stamp ? changesIn(job, stamp, inputs) : [];
    return stamp && changed.length === 0 ? [] : [{ ...job, inputs, changed }];
  });
  if (outdated.length === 0) return [];
  for (const folder of ['wasm', 'testing']) mkdirSync(`build/${folder}`, { recursive: true });
  const built = [];
  const left = [...outdated];
  const done = ({ name, file, inputs, changed }, seconds) => {
    stamps[name] = { inputs, output: hashOf(readFileSync(file)) };
    // After each module: those that were compiled count, also if another one fails.
    writeFileSync(STAMP, `${JSON.stringify(stamps, null, 1)}\n`);
    built.push({ name, seconds, changed });
  };
  const threads = Math.min(availableParallelism(), left.length);
  await Promise.all(Array.from({ length: threads }, () => work(left, done)));
  return built;
}

function readStamps() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    return {};
  }
}

/** The names of inputs that differ from those of a stamp, and of the module if it is another one. */
function changesIn({ file }, stamp, inputs) {
  const names = new Set([...Object.keys(stamp.inputs), ...Object.keys(inputs)]);
  const changed = [...names].filter((name) => stamp.inputs[name] !== inputs[name]);
  return stamp.output === hashOf(readFileSync(file)) ? changed : [...changed, file];
}

/** What to compile: an entry and a target, into a file and its text. */
function listJobs({ BUILDS, abilitiesOf }) {
  const { targets, options } = JSON.parse(readFileSync('asconfig.json', 'utf8'));
  const jobOf = (entry, target, name, folder) => ({
    ...{ name, entry, target, file: `build/${folder}/${name}.wasm` },
    text: `build/testing/${name}.wat`,
    settings: JSON.stringify([options, targets[target]]),
  });
  return Object.entries(BUILDS).flatMap(([target, traits]) => {
    targetOf(target, traits, targets);
    const folder = traits.ships === 'never' ? 'testing' : 'wasm';
    const { hasQuantized, isThreaded } = abilitiesOf(traits);
    if (!hasQuantized) return [jobOf(target, target, target, folder)];
    if (isThreaded) return [jobOf('threaded', target, target, folder)];
    return [
      jobOf('index', target, target, folder),
      jobOf('testing', target, `testing.${target}`, 'testing'),
    ];
  });
}

/** Hashes by name: the sources that an entry imports, its target, and the compiler. */
function inputsOf(job) {
  const { entry, target, settings } = job;
  const inputs = {
    [`target ${target} of asconfig.json`]: hashOf(settings),
    arguments: hashOf(argumentsOf(job).join(' ')),
    [COMPILER]: hashOf(readFileSync(COMPILER)),
  };
  const left = [`assembly/${entry}.ts`];
  for (let file = left.pop(); file; file = left.pop()) {
    if (file in inputs) continue;
    const text = readFileSync(file, 'utf8');
    inputs[file] = hashOf(text);
    for (const [, imported] of text.matchAll(
      /^\s*(?:import|export|\})[^'"]*['"](\.[^'"]+)['"]/gm,
    )) {
      left.push(`${path.posix.join(path.posix.dirname(file), imported)}.ts`);
    }
  }
  return inputs;
}

function hashOf(content) {
  return createHash('sha256').update(content).digest('hex');
}

/** One thread, which takes jobs from the list until none is left. */
async function work(jobs, done) {
  const thread = new Worker(new URL(import.meta.url));
  try {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const start = performance.now();
      // A compilation that fails leaves no module that looks up to date.
      rmSync(job.file, { force: true });
      thread.postMessage(job);
      const [{ report, error }] = await once(thread, 'message');
      if (report) process.stderr.write(report);
      if (error) {
        throw new Error(`Cannot compile assembly/${job.entry}.ts for ${job.target}: ${error}`);
      }
      done(job, (performance.now() - start) / 1000);
    }
  } finally {
    await thread.terminate();
  }
}

function argumentsOf({ entry, target, file, text }) {
  return [
    `assembly/${entry}.ts`,
    ...['--config', 'asconfig.json', '--target', target],
    ...['--outFile', file, '--textFile', text],
  ];
}

/** Runs in a thread; a failure of the compiler does not end it. */
async function compile(job) {
  const { default: asc } = await import('assemblyscript/asc');
  const { error, stderr } = await asc.main(argumentsOf(job));
  return { report: stderr.toString(), error: error?.message };
}
