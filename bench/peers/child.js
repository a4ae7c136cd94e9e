/**
 * One contestant in a process of its own: `node child.js <adapter> <dtype> <folder>`.
 * In: JSON lines `{ do: 'load' | 'logits' | 'turn' | 'memory', length }`. Out: one line
 * `reply <JSON>` per request, `{ error }` where it failed. Libraries may print other lines.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * @typedef {Record<'input_ids' | 'attention_mask' | 'token_type_ids', BigInt64Array>} Inputs
 *
 * @typedef {object} Library returned by an adapter's `open()`
 * @property {string} version
 * @property {(folder: string, dtype: 'fp32' | 'q8' | 'q8-fast') => Promise<Model>} load
 *
 * @typedef {object} Model
 * @property {(inputs: Inputs, length: number) => any} prepare the library's own tensors; not timed
 * @property {(feeds: any) => Promise<Float32Array[]>} run start and end logits [S]; timed
 * @property {() => Promise<string>} [note] about the way it runs
 */

const [adapter, dtype, folder] = process.argv.slice(2);

/** A turn is two calls in a row, or as many as this time allows. */
const TURN_MS = 100;

/** @type {Model} */
let model;
/** @type {number[]} */
let ids;
/** @type {Map<number, any>} */
const prepared = new Map();

const requests = {
  /** From the library's import to the first logits. */
  async load(length) {
    const empty = process.memoryUsage().rss;
    ids = JSON.parse(await readFile(join(folder, 'inputs.json'), 'utf8')).input_ids;
    const start = performance.now();
    const { open } = await import(`./adapters/${adapter}.js`);
    const library = await open();
    const imported = performance.now();
    model = await library.load(folder, dtype);
    await model.run(feeds(length));
    const loaded = performance.now();
    return {
      version: library.version,
      runtime: `Node ${process.versions.node} (V8 ${process.versions.v8})`,
      note: await model.note?.(),
      importMs: imported - start,
      loadMs: loaded - imported,
      memory: { empty, ...requests.memory() },
    };
  },

  async logits(length) {
    const parts = await model.run(feeds(length));
    return parts.flatMap((part) => Array.from(part));
  },

  /** Milliseconds of each call of a turn. */
  async turn(length) {
    const inputs = feeds(length);
    const calls = [];
    const end = performance.now() + TURN_MS;
    while (calls.length < 2 || performance.now() < end) {
      const start = performance.now();
      await model.run(inputs);
      calls.push(performance.now() - start);
    }
    return calls;
  },

  memory() {
    return { now: process.memoryUsage().rss, peak: 1024 * process.resourceUsage().maxRSS };
  },
};

/** The first `length` tokens, the second half of type 1, nothing masked. */
function feeds(length) {
  if (!prepared.has(length)) {
    const input_ids = BigInt64Array.from(ids.slice(0, length), BigInt);
    const attention_mask = new BigInt64Array(length).fill(1n);
    const token_type_ids = attention_mask.map((_, i) => (i >= Math.floor(length / 2) ? 1n : 0n));
    prepared.set(length, model.prepare({ input_ids, attention_mask, token_type_ids }, length));
  }
  return prepared.get(length);
}

function reply(value) {
  process.stdout.write(`reply ${JSON.stringify(value)}\n`);
}

async function main() {
  reply('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    try {
      reply(await requests[request.do](request.length));
    } catch (error) {
      reply({ error: error instanceof Error ? error.message : String(error) });
    }
  }
  process.exit();
}

main();
