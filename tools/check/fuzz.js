/**
 * Feeds broken files to every reader of files, after a build:
 *
 *     node tools/check/fuzz.js --count 200000 [--seed N] [--only NAME] [--minutes N]
 *
 * A reader may accept a file, or refuse it with one of its documented errors. Findings are all other
 * errors, rows outside their tensor, more than a second, and more memory than four times the file
 * (64 MiB for small files). `--seed SEED --count 1`, without --only, repeats the case of a finding.
 * Tests run `fuzz` on the sources.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import v8 from 'node:v8';
import vm from 'node:vm';
import { Worker } from 'node:worker_threads';
import { generator, mutate, mutateJson } from './fuzz-changes.js';
import { targetsOf } from './fuzz-targets.js';

export { generator, mutate, targetsOf };

/** Milliseconds for one file. The best of some tries counts, because machines are busy. */
const MOST_TIME = 1000;
const TRIES = 4;
/** Bytes of memory for each byte of a file, and for any file. */
const MEMORY_EACH = 4;
const MEMORY_FLOOR = 2 ** 26;

/**
 * Runs `count` cases, one seed each; returns the findings as lines. `mostTime` is in milliseconds;
 * `seconds` ends the run before all cases.
 */
export async function fuzz({
  targets,
  count,
  seed,
  report = () => {},
  mostTime = MOST_TIME,
  memoryFloor = MEMORY_FLOOR,
  seconds = Number.POSITIVE_INFINITY,
}) {
  for (const { prepare } of targets) await prepare?.();
  const findings = [];
  const outcomes = new Map();
  const end = performance.now() + 1000 * seconds;
  for (let i = 0; i < count && performance.now() < end; i++) {
    const { target, outcome, size, ...cost } = await tried(targets, seed + i);
    const mostMemory = Math.max(memoryFloor, MEMORY_EACH * size);
    let { time, memory } = cost;
    for (let more = 1; more < TRIES && (time > mostTime || memory > mostMemory); more++) {
      collectGarbage();
      const again = await tried(targets, seed + i);
      [time, memory] = [Math.min(time, again.time), Math.min(memory, again.memory)];
    }
    const line = `${target.name}, seed ${seed + i}, ${size} bytes`;
    if (typeof outcome !== 'string') findings.push(`${line}: ${outcome?.stack ?? outcome}`);
    if (time > mostTime) findings.push(`${line}: took ${Math.round(time)} ms`);
    const most = Math.max(memory, cost.peak);
    if (most > mostMemory) findings.push(`${line}: took ${Math.round(most / 2 ** 20)} MiB`);
    const key = typeof outcome === 'string' ? outcome : 'finding';
    outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
    report(i + 1, outcomes, findings);
    if (findings.length >= 20) break;
  }
  return findings;
}

/**
 * One case: what came of it, milliseconds, the size of the file, the growth of memory in use, and how
 * far the process's highest use was exceeded.
 */
async function tried(targets, seed) {
  const random = generator(seed);
  const target = targets[Math.floor(random() * targets.length)];
  const file = target.change?.(target.bytes, random) ?? changed(target, random);
  const [before, highest] = [memoryInUse(), highestUse()];
  const start = performance.now();
  const outcome = await target.run(file, random).then(
    () => 'taken',
    (error) => (isNamed(error, target.errors) ? error.name : error),
  );
  const time = performance.now() - start;
  const [memory, peak] = [memoryInUse() - before, highestUse() - highest];
  return { target, outcome, size: file.length, time, memory, peak };
}

function changed({ name, bytes, isText }, random) {
  const isTree = name.endsWith('.json') && random() < 0.7;
  return isTree ? mutateJson(bytes, random) : mutate(bytes, random, isText);
}

function memoryInUse() {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The most bytes that were resident so far. */
function highestUse() {
  return 1024 * process.resourceUsage().maxRSS;
}

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc');

/**
 * Whether an error is one of the reader's, or one about an argument with the grammar of all errors.
 */
function isNamed(error, names) {
  if (names.includes(error?.name)) return true;
  return /^(Type|Range)Error$/.test(error?.name) && /^Cannot .*: .*expected/s.test(error.message);
}

/**
 * Ends the process where a case takes half a minute: nothing else can end what never awaits. Returns
 * a function that takes the seed of each case.
 */
function watchdog() {
  const seeds = new Int32Array(new SharedArrayBuffer(8));
  const watch = `
    const { workerData: seeds } = require('node:worker_threads');
    for (let last = [], same = 0; ; same = last === seeds[1] ? same + 1 : 0) {
      last = seeds[1];
      Atomics.wait(seeds, 0, 0, 1000);
      if (same < 30) continue;
      require('node:fs').writeSync(2, 'seed ' + seeds[1] + ': hangs\\n');
      process.kill(process.pid, 'SIGKILL');
    }`;
  const worker = new Worker(watch, { eval: true, workerData: seeds });
  worker.unref();
  return (seed) => {
    seeds[1] = seed;
  };
}

async function main() {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      minutes: { type: 'string' },
    },
  });
  const built = (file) => import(new URL(`../../build/js/${file}`, import.meta.url).href);
  const library = Object.assign(
    {},
    await built('index.js'),
    await built('weights/load.js'),
    await built('weights/shard-index.js'),
    await built('weights/formats/lookup3.js'),
  );
  // Warnings of readers are no findings.
  console.warn = () => {};
  const all = await targetsOf(library);
  const targets = all.filter(({ name }) => name.includes(values.only ?? ''));
  // Shapes come from all whole files, even for a run on one of them: seeds then mean the same.
  for (const { prepare } of all) await prepare?.();
  const [count, seed] = [Number(values.count), Number(values.seed)];
  const start = performance.now();
  const watch = watchdog();
  watch(seed);
  const report = (done, outcomes) => {
    watch(seed + done);
    if (done % 5000 && done !== count) return;
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    const rss = Math.round(process.memoryUsage().rss / 2 ** 20);
    const shares = [...outcomes].map(([name, n]) => `${name} ${n}`).join(', ');
    console.log(`${done} files in ${seconds} s, ${rss} MiB resident: ${shares}`);
  };
  const seconds = 60 * Number(values.minutes ?? 'Infinity');
  const findings = await fuzz({ targets, count, seed, report, seconds });
  for (const finding of findings) console.error(finding);
  console.log(`${findings.length} findings`);
  process.exitCode = findings.length > 0 ? 1 : 0;
}

if (import.meta.url === new URL(process.argv[1] ?? '', 'file:').href) await main();
