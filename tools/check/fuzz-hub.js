/**
 * Loads checkpoints from a hub that lies, after a build:
 *
 *     node tools/check/fuzz-hub.js --count 2000 [--seed N]
 *
 * Each case breaks one or two files of a small checkpoint: by a lie of test/support/lying-hub.js, or
 * by changing bytes. A load may succeed, or fail with one of the documented errors. Findings are all
 * other errors, slow loads, growing memory, and a cache that keeps what was refused: once the hub is
 * honest again, every load succeeds. Tests run `fuzzHub` on the sources.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { LIES, startLyingHub } from '../../test/support/lying-hub.js';
import { generator, mutate } from './fuzz.js';

const CONFIG = 'test/golden/models/head-size-1/config.json';
const WEIGHTS = 'test/golden/formats/safetensors-float16/model.safetensors';
const WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', '##b', 'c'];
/** Milliseconds for one load, generous because machines are busy. */
const MOST_TIME = 5000;
/** Bytes of typed arrays that may be alive between cases. */
const MOST_MEMORY = 2 ** 28;
const ERRORS = ['ConfigError', 'FilesError', 'SyntaxError', 'TokenizerError', 'WeightsError'];

/** The whole files of a small checkpoint. */
function checkpoint() {
  const encode = (text) => new TextEncoder().encode(text);
  return new Map([
    ['config.json', new Uint8Array(readFileSync(CONFIG))],
    ['model.safetensors', new Uint8Array(readFileSync(WEIGHTS))],
    ['tokenizer_config.json', encode('{"do_lower_case": true}')],
    ['vocab.txt', encode(`${WORDS.join('\n')}\n`)],
  ]);
}

/** Runs `count` cases, one seed each; returns the findings as lines. */
export async function fuzzHub({ library, count, seed }) {
  const { env, AutoModel, AutoTokenizer } = library;
  const before = { ...env };
  const whole = checkpoint();
  const names = [...whole.keys()];
  const hubs = [];
  for (const options of [{}, { gzip: true }, { hasHashes: true }, { hasApi: true }]) {
    hubs.push(await startLyingHub({ files: whole, ...options }));
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'fuzz-hub-'));
  Object.assign(env, { cacheDir: folder, retryDelay: 1, maxRetries: 1, stallTimeout: 1000 });
  const load = (source) =>
    Promise.all([
      AutoTokenizer.from_pretrained(source),
      AutoModel.from_pretrained(source, { variant: 'simd' }).then((model) => model.dispose()),
    ]);
  const findings = [];
  try {
    for (let i = 0; i < count && findings.length < 20; i++) {
      const random = generator(seed + i);
      const pick = (list) => list[Math.floor(random() * list.length)];
      const hub = pick(hubs);
      env.remoteHost = hub.url;
      rmSync(path.join(folder, 'org'), { recursive: true, force: true });
      const broken = [];
      for (let files = 1 + Math.floor(random() * 2); files > 0; files--) {
        const name = pick(random() < 0.2 ? ['*'] : names);
        const isLie = name === '*' || random() < 0.5;
        const lie = pick(Object.keys(LIES));
        if (isLie) hub.lies.set(name, lie);
        else
          hub.contents.set(name, mutate(whole.get(name), random, !name.endsWith('.safetensors')));
        broken.push(`${name}: ${isLie ? lie : 'changed'}`);
      }
      const line = `seed ${seed + i}, ${broken.join(', ')}`;
      const start = performance.now();
      const error = await load(random() < 0.7 ? 'org/name' : hub.url).then(
        () => undefined,
        (failure) => failure,
      );
      const took = performance.now() - start;
      if (error && !isNamed(error)) findings.push(`${line}: ${error.stack ?? error}`);
      if (took > MOST_TIME) findings.push(`${line}: took ${Math.round(took)} ms`);
      for (const [name, bytes] of whole) hub.contents.set(name, bytes);
      hub.lies.clear();
      // A changed file that its reader takes stays: nobody can tell that it is not the right one.
      if (!broken.some((text) => text.endsWith('changed'))) {
        const later = await load('org/name').catch((failure) => failure);
        if (later instanceof Error) findings.push(`${line}: then ${later.message}`);
      }
      const memory = i % 100 === 0 ? process.memoryUsage().arrayBuffers : 0;
      if (memory > MOST_MEMORY) findings.push(`${line}: ${memory} bytes of typed arrays are alive`);
    }
  } finally {
    Object.assign(env, before);
    await Promise.all(hubs.map((hub) => hub.close()));
    rmSync(folder, { recursive: true, force: true });
  }
  return findings;
}

/** Whether an error is one of the package's, in the grammar of all errors. */
function isNamed({ name, message }) {
  return ERRORS.includes(name) && /^Cannot /.test(message);
}

async function main() {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '2000' },
      seed: { type: 'string', default: '1' },
    },
  });
  const library = await import(new URL('../../build/js/index.js', import.meta.url).href);
  // Warnings of readers are no findings.
  console.warn = () => {};
  const [count, seed] = [Number(values.count), Number(values.seed)];
  const findings = await fuzzHub({ library, count, seed });
  for (const finding of findings) console.error(finding);
  console.log(`${count} loads from hubs that lie, ${findings.length} findings`);
  process.exitCode = findings.length > 0 ? 1 : 0;
}

if (import.meta.url === new URL(process.argv[1] ?? '', 'file:').href) await main();
