/**
 * Tokenizers: this package's, Hugging Face's JavaScript one and the Rust library, on the bundled
 * test questions and on paragraphs of eight of them, one call for each. Ids are compared before
 * anything is timed, passes are made in turn and measured in CPU time. How to run: README.md.
 */
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { parseCsv } from '../../examples/demo/csv.js';
import { describeMachine, systemLine } from '../support/machine.js';
import { Probe } from '../support/probe.js';
import { median } from '../support/statistics.js';
import { ContestantProcess } from './process.js';

const USAGE = `node bench/peers/tokenizers.js [--rounds n]

  --rounds n       passes of each contestant (41)

  PEERS_PYTHON     environment: a Python with tokenizers, for the Rust library`;

const root = new URL('../../', import.meta.url);
const LABEL = 38;
/** Passes before any is measured, so that engines have optimised the code. */
const WARM_UP = 10;

/**
 * @typedef {object} Contestant
 * @property {string} label
 * @property {number[][]} ids of every text
 * @property {() => Promise<number>} time CPU milliseconds of one pass over all texts
 * @property {() => Promise<unknown>} end
 * @property {boolean} isPeer whether ours are compared with it
 */

async function main() {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '41' }, help: { type: 'boolean' } },
  });
  if (values.help) return console.log(USAGE);
  const { MobileBertTokenizer } = await import(
    new URL('build/js/tokenizer/api/tokenizer.js', root).href
  );
  const model = fileURLToPath(new URL('models/banking77-intents', root));
  const tokenizer = await MobileBertTokenizer.from_pretrained(model);
  const csv = await readFile(join(model, 'test.csv'), 'utf8');
  const questions = parseCsv(csv).map(({ text }) => text);
  const probe = Probe.open();
  console.log(systemLine(describeMachine(`Node ${process.versions.node}`)));
  for (const texts of [questions, joined(questions, 8)]) {
    await compare(tokenizer, texts, Number(values.rounds), probe);
  }
}

/** Texts of `count` neighbours each. */
function joined(texts, count) {
  const starts = texts.map((_, i) => i).filter((i) => i % count === 0);
  return starts.map((i) => texts.slice(i, i + count).join(' '));
}

/** Prints one table. */
async function compare(tokenizer, texts, rounds, probe) {
  const files = await tokenizer.save_files();
  const contestants = [
    await startWorker('ours, arrays', { kind: 'arrays', files, texts }),
    await startWorker('ours, Tensors', { kind: 'tensors', files, texts }),
    await startWorker('ours, arrays and offsets', { kind: 'offsets', files, texts }),
    await startWorker('@huggingface/tokenizers', { kind: 'huggingface', files, texts }),
    ...(process.env.PEERS_PYTHON ? [await startRust(process.env.PEERS_PYTHON, files, texts)] : []),
  ];
  const found = await measure(contestants, rounds, probe);
  for (const { end } of contestants) await end();
  const bytes = Buffer.byteLength(texts.join(''));
  const each = Math.round(bytes / texts.length);
  console.log(`\n${texts.length} texts of ${each} bytes; quiet passes of ${rounds}\n`);
  printTexts(contestants, found, bytes);
}

/** @returns {Promise<Contestant>} */
async function startWorker(label, workerData) {
  const worker = new Worker(new URL('tokenizer-worker.js', import.meta.url), { workerData });
  const ask = async (what) => {
    worker.postMessage(what);
    const [answer] = await once(worker, 'message');
    return answer;
  };
  const isPeer = workerData.kind === 'huggingface';
  const ids = await ask('ids');
  return { label, ids, time: () => ask('time'), end: () => worker.terminate(), isPeer };
}

/** The Rust library, in a process of its own. @returns {Promise<Contestant>} */
async function startRust(python, files, texts) {
  const folder = await mkdtemp(join(tmpdir(), 'tokenizers-'));
  try {
    await writeFile(join(folder, 'tokenizer.json'), files['tokenizer.json']);
    await writeFile(join(folder, 'texts.json'), JSON.stringify(texts));
    const about = { label: 'Rust tokenizers', adapter: 'rust-tokenizers.py' };
    const runtimes = { node: process.execPath, python, folder };
    const child = await ContestantProcess.start(about, runtimes, false);
    const label = `Rust tokenizers ${await child.ask('version')}`;
    const ids = await child.ask('ids');
    return { label, ids, time: () => child.ask('time'), end: () => child.end(), isPeer: true };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** For each contestant the median of its passes between quiet probes, in milliseconds. */
async function measure(contestants, rounds, probe) {
  const samples = contestants.map(() => []);
  for (const { time } of contestants) for (let i = 0; i < WARM_UP; i++) await time();
  for (let round = 0; round < rounds; round++) {
    for (const [i, contestant] of contestants.entries()) {
      const before = probe.rate();
      const ms = await contestant.time();
      samples[i].push({ ms, rate: Math.min(before, probe.rate()) });
    }
  }
  return samples.map((list) => {
    const quiet = probe.quiet(list);
    return {
      ms: median((quiet.length < 3 ? list : quiet).map(({ ms }) => ms)),
      count: quiet.length,
    };
  });
}

/**
 * Prints the table. Ids are right if they are the last contestant's: the Rust library's where it
 * runs.
 */
function printTexts(contestants, found, bytes) {
  const peers = contestants.filter(({ isPeer }) => isPeer);
  const columns = ['MB/s', 'quiet', 'wrong ids', ...peers.map(({ label }) => `x ${label}`)];
  const widths = columns.map((title) => Math.max(9, title.length + 2));
  const line = (label, cells) =>
    console.log(label.padEnd(LABEL) + cells.map((cell, i) => cell.padStart(widths[i])).join(''));
  line('', columns);
  const judge = contestants.at(-1).ids.map(String);
  contestants.forEach(({ label, ids }, i) => {
    const wrong = ids.filter((row, text) => String(row) !== judge[text]).length;
    const ratios = peers.map((peer) => found[contestants.indexOf(peer)].ms / found[i].ms);
    const rate = (bytes / 1e3 / found[i].ms).toFixed(1);
    const mark = found[i].count < 3 ? '~' : '';
    line(label, [mark + rate, `${found[i].count}`, `${wrong}`, ...ratios.map((r) => r.toFixed(2))]);
  });
}

await main();
