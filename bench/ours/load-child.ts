/**
 * One fresh process for bench/ours/load.ts: `node load-child.js <what> <folder> <build> <inputs>`.
 * <what> is `call`, `warm` (the same after a warmup) or `read`, which only reads the weights' file:
 * the least that any loader does. Out: one line of JSON.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { threadTime } from './clock.ts';

/** The measurements of one fresh process. Times are milliseconds, memory is bytes. */
export interface Start {
  /** The import of the package. */
  readonly importMs: number;
  /** From files to a model that is ready. */
  readonly loadMs: number;
  /** Calls in their order. */
  readonly calls: readonly number[];
  /** The same in CPU time of the calling thread. */
  readonly threadCalls: readonly number[];
  /** Page faults of the first call. */
  readonly firstFaults: number;
  /** Calls of a second model in the same process, whose code is already optimised. */
  readonly again: readonly number[];
  readonly memory: { readonly weights: number; readonly total: number; readonly resident: number };
  /** First logits of every token. */
  readonly logits: readonly number[];
}

/** Calls of the first model; the last ones are the steady state. */
const CALLS = 25;
const AGAIN = 4;
const BUFFER_BYTES = 2 ** 20;

const [what, folder, build, text] = process.argv.slice(2);

async function readOnly(): Promise<{ ms: number }> {
  const start = performance.now();
  const file = await open(join(folder, 'model.safetensors'));
  const buffer = new Uint8Array(BUFFER_BYTES);
  while ((await file.read(buffer, 0, BUFFER_BYTES)).bytesRead > 0);
  await file.close();
  return { ms: performance.now() - start };
}

async function loadAndCall(): Promise<Start> {
  const start = performance.now();
  const { MobileBertForQuestionAnswering } = await import('../../src/index.ts');
  const imported = performance.now();
  const options = { variant: build as 'simd' | 'relaxed' };
  const model = await MobileBertForQuestionAnswering.from_pretrained(folder, options);
  const loaded = performance.now();
  const inputs = JSON.parse(text);
  if (what === 'warm') await model.warmup();
  const before = process.resourceUsage().minorPageFault;
  const all = [await timed(() => model(inputs))];
  const firstFaults = process.resourceUsage().minorPageFault - before;
  const { memory } = await model.info();
  const resident = process.memoryUsage().rss;
  while (all.length < CALLS) all.push(await timed(() => model(inputs)));
  const second = await MobileBertForQuestionAnswering.from_pretrained(folder, options);
  const again: number[] = [];
  for (let i = 0; i < AGAIN; i++) again.push((await timed(() => second(inputs))).ms);
  const { start_logits } = await model(inputs);
  return {
    importMs: imported - start,
    loadMs: loaded - imported,
    calls: all.map(({ ms }) => ms),
    threadCalls: all.map(({ threadMs }) => threadMs),
    ...{ firstFaults, again },
    memory: { ...memory, resident },
    logits: Array.from(start_logits.data as Float32Array),
  };
}

async function timed(call: () => Promise<unknown>): Promise<{ ms: number; threadMs: number }> {
  const [start, threadStart] = [performance.now(), threadTime()];
  await call();
  return { ms: performance.now() - start, threadMs: threadTime() - threadStart };
}

const work = what === 'read' ? readOnly() : loadAndCall();
work.then((found) => console.log(JSON.stringify(found)));
