/**
 * Feeds broken files to every reader of files, after a build:
 *
 *     node tools/check/fuzz.js --count 200000 [--seed N] [--only NAME]
 *
 * A reader may accept a file, or refuse it with one of its documented errors. Findings are all
 * other errors, slow answers, rows outside their tensor and growing memory. `--seed SEED --count
 * 1`, without
 * --only, repeats the case of a finding. Tests run `fuzz` on the sources.
 */
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';

const FORMATS = 'test/golden/formats';
/** Files of other models: quantised graphs, models with heads. */
const OTHERS = [
  'test/golden/onnx/sequence-single/onnx/model_uint8.onnx',
  'test/golden/onnx/masked-lm/onnx/model_quantized.onnx',
  'test/golden/keras/pretraining/tf_model.h5',
];
/** The vocabulary of the tokenizer whose files are broken. */
const WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', '##b', 'c', '.', '\u00e9'];
/** Milliseconds for one file, generous because machines are busy. */
const MOST_TIME = 3000;
/** Bytes of typed arrays that may be alive between cases. */
const MOST_MEMORY = 2 ** 29;

const BYTE_SIZES = { F64: 8, F32: 4, F16: 2, BF16: 2 };
/** Numbers that are dangerous in length fields. */
const ODD = [0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const ODD_TEXTS = [
  '__proto__', 'constructor', 'toString', '-1', '0', '1e999', '9007199254740993', 'null', 'true', '{}',
  '[]', '""', '[[[[[[[[', '{"a":', '\\u0000', '\\ud800', '../../etc/passwd', '4294967296', '0.5', 'NaN',
]; // biome-ignore format: a table

/** A small seeded generator (mulberry32): numbers in [0, 1). */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Makes one to four changes to a copy of `bytes`, most near the two ends, where formats have
 * structure.
 */
export function mutate(bytes, random, isText = false) {
  let file = Uint8Array.from(bytes);
  const below = (n) => Math.floor(random() * n);
  const somewhere = () => {
    const where = random();
    if (isText || where < 0.2) return below(file.length + 1);
    if (where < 0.75) return below(Math.min(file.length, 6000) + 1);
    return file.length - below(Math.min(file.length, 3000) + 1);
  };
  const splice = (at, removed, added) => {
    const tail = file.subarray(Math.min(file.length, at + removed));
    const joined = new Uint8Array(at + added.length + tail.length);
    joined.set(file.subarray(0, at));
    joined.set(added, at);
    joined.set(tail, at + added.length);
    file = joined;
  };
  const kinds = [
    (at) => splice(at, 1, [(file[at] ?? 0) ^ (1 << below(8))]),
    (at) => splice(at, 1, [below(256)]),
    (at) => splice(at, 4, new Uint8Array(Uint32Array.of(ODD[below(ODD.length)]).buffer)),
    (at) => splice(at, 2, new Uint8Array(Uint16Array.of(ODD[below(ODD.length)]).buffer)),
    (at) => splice(at, file.length, []),
    (at) => splice(at, 1 + below(20), []),
    (at) =>
      splice(
        at,
        0,
        Uint8Array.from({ length: 1 + below(20) }, () => below(256)),
      ),
    (at) => splice(at, 0, file.slice(somewhere()).subarray(0, 1 + below(400))),
    (at) => splice(at, below(12), new TextEncoder().encode(ODD_TEXTS[below(ODD_TEXTS.length)])),
  ];
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const kind = isText && random() < 0.5 ? kinds.at(-1) : kinds[below(kinds.length)];
    kind(somewhere());
  }
  return file;
}

/** Makes one to three changes to JSON: an odd value, an odd key, or a key removed. */
function mutateJson(bytes, random) {
  const below = (n) => Math.floor(random() * n);
  const odd = [
    null,
    -1,
    0,
    0.5,
    1e300,
    2 ** 31,
    '',
    '__proto__',
    [],
    {},
    true,
    [[[]]],
    'x'.repeat(300),
  ];
  const json = JSON.parse(new TextDecoder().decode(bytes));
  const places = [];
  const walk = (node) => {
    for (const key of Object.keys(node)) {
      places.push([node, key]);
      if (typeof node[key] === 'object' && node[key] !== null) walk(node[key]);
    }
  };
  walk(json);
  for (let changes = 1 + below(3); changes > 0; changes--) {
    const [node, key] = places[below(places.length)];
    if (random() < 0.2) delete node[key];
    else if (random() < 0.8) node[key] = odd[below(odd.length)];
    else node[['__proto__', 'constructor', '-1', ''][below(4)]] = node[key];
  }
  return new TextEncoder().encode(JSON.stringify(json));
}

/** Everything that is read, each with a whole file to begin from: formats of weights, then JSON. */
export async function targetsOf(library) {
  const targets = [];
  const shapes = new Map();
  for (const folder of readdirSync(FORMATS)) {
    for (const file of readdirSync(`${FORMATS}/${folder}`)) {
      // It has no structure of its own: the model beside it describes its content.
      if (file.endsWith('_data')) continue;
      const bytes = readFileSync(`${FORMATS}/${folder}/${file}`);
      const name = `${folder}/${file}`;
      if (file.endsWith('.json')) targets.push(indexTarget(library, name, bytes));
      else targets.push(weightsTarget(library, name, bytes, shapes));
    }
  }
  for (const file of OTHERS) {
    targets.push(weightsTarget(library, file, readFileSync(file), new Map()));
  }
  const config = readFileSync('test/golden/models/sequence-single/config.json');
  targets.push({
    name: 'config.json',
    isText: true,
    bytes: config,
    errors: ['ConfigError', 'SyntaxError'],
    run: (bytes) => library.MobileBertConfig.from_pretrained({ 'config.json': bytes }),
  });
  targets.push(...(await tokenizerTargets(library)));
  return targets;
}

/** `shapes` holds the shapes of whole files, so that broken ones have destinations to write to. */
function weightsTarget({ loadWeights }, name, bytes, shapes) {
  const source = (file, size) => ({
    name,
    size,
    async *stream() {
      for (let at = 0; at < file.length; at += size) yield file.subarray(at, at + size);
    },
    async beside(other) {
      const folder = `${FORMATS}/${name.slice(0, name.indexOf('/'))}`;
      const isThere = readdirSync(folder).includes(other);
      return isThere ? source(readFileSync(`${folder}/${other}`), 61) : undefined;
    },
  });
  const place = (tensor, { shape }) => {
    if (!shapes.has(tensor)) return undefined;
    return { shape: shapes.get(tensor), write: checkedWrite(tensor, shape) };
  };
  return {
    name,
    bytes,
    errors: ['WeightsError'],
    prepare: () =>
      loadWeights({ ...source(bytes, 4096), size: bytes.length }, (tensor, { dtype, shape }) => {
        if (dtype in BYTE_SIZES) shapes.set(tensor, shape);
        return undefined;
      }),
    run: (file, random) => {
      const size = [1 << 20, 4096, 61][Math.floor(random() * 3)];
      const declared = random() < 0.5 ? file.length : undefined;
      const access = declared !== undefined && random() < 0.5 ? accessTo(file) : undefined;
      return loadWeights({ ...source(file, size), size: declared, access }, place);
    },
  };
}

/** Random access, as files have. */
function accessTo(file) {
  return async () => ({
    read: async (start, end) => file.slice(start, end),
    close: async () => {},
  });
}

/** A destination that throws for rows out of order, outside the tensor, or of a wrong size. */
function checkedWrite(tensor, shape) {
  let next = 0;
  const rowSize = shape.slice(1).reduce((product, n) => product * n, 1);
  return (first, rows, bytes, dtype) => {
    const isRight =
      first === next &&
      first + rows <= (shape[0] ?? 1) &&
      bytes.byteOffset % 8 === 0 &&
      bytes.length === rows * rowSize * BYTE_SIZES[dtype];
    if (!isRight) throw new Error(`rows ${first}..${first + rows} of "${tensor}" are not its own`);
    next += rows;
  };
}

function indexTarget({ parseShardIndex }, name, bytes) {
  const run = async (file) => parseShardIndex(new TextDecoder().decode(file), name);
  return { name, bytes, isText: true, errors: ['WeightsError'], run };
}

/** The files of a small tokenizer: one is broken, the others are whole. */
async function tokenizerTargets({ AutoTokenizer }) {
  const encode = (text) => new TextEncoder().encode(text);
  const small = await AutoTokenizer.from_pretrained({ 'vocab.txt': encode(WORDS.join('\n')) });
  const saved = Object.entries(await small.save_files());
  const files = Object.fromEntries(saved.map(([name, text]) => [name, encode(text)]));
  const errors = ['TokenizerError', 'SyntaxError', 'FilesError'];
  return ['tokenizer.json', 'tokenizer_config.json', 'vocab.txt'].map((name) => ({
    name,
    bytes: files[name],
    isText: true,
    errors,
    run: (bytes) => AutoTokenizer.from_pretrained({ ...files, [name]: bytes }),
  }));
}

/** Runs `count` cases, one seed each; returns the findings as lines. */
export async function fuzz({ targets, count, seed, report = () => {} }) {
  for (const { prepare } of targets) await prepare?.();
  const findings = [];
  const outcomes = new Map();
  for (let i = 0; i < count; i++) {
    const random = generator(seed + i);
    const target = targets[Math.floor(random() * targets.length)];
    const isTree = target.name.endsWith('.json') && random() < 0.7;
    const file = isTree
      ? mutateJson(target.bytes, random)
      : mutate(target.bytes, random, target.isText);
    const start = performance.now();
    const outcome = await target.run(file, random).then(
      () => 'taken',
      (error) => (isNamed(error, target.errors) ? error.name : error),
    );
    const took = performance.now() - start;
    const memory = i % 500 === 0 ? process.memoryUsage().arrayBuffers : 0;
    const line = `${target.name}, seed ${seed + i}`;
    if (typeof outcome !== 'string') findings.push(`${line}: ${outcome?.stack ?? outcome}`);
    if (took > MOST_TIME) findings.push(`${line}: took ${Math.round(took)} ms`);
    if (memory > MOST_MEMORY) findings.push(`${line}: ${memory} bytes of typed arrays are alive`);
    const key = typeof outcome === 'string' ? outcome : 'finding';
    outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
    report(i + 1, outcomes, findings);
    if (findings.length >= 20) break;
  }
  return findings;
}

/**
 * Whether an error is one of the reader's, or one about an argument with the grammar of all errors.
 */
function isNamed(error, names) {
  if (names.includes(error?.name)) return true;
  return /^(Type|Range)Error$/.test(error?.name) && /^Cannot .*: .*expected/s.test(error.message);
}

async function main() {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
    },
  });
  const built = (file) => import(new URL(`../../build/js/${file}`, import.meta.url).href);
  const library = Object.assign(
    {},
    await built('index.js'),
    await built('weights/load.js'),
    await built('weights/shard-index.js'),
  );
  // Warnings of readers are no findings.
  console.warn = () => {};
  const all = await targetsOf(library);
  const targets = all.filter(({ name }) => name.includes(values.only ?? ''));
  // Shapes come from all whole files, even for a run on one of them: seeds then mean the same.
  for (const { prepare } of all) await prepare?.();
  const [count, seed] = [Number(values.count), Number(values.seed)];
  const start = performance.now();
  const report = (done, outcomes) => {
    if (done % 10_000 && done !== count) return;
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    const rss = Math.round(process.memoryUsage().rss / 2 ** 20);
    const shares = [...outcomes].map(([name, n]) => `${name} ${n}`).join(', ');
    console.log(`${done} files in ${seconds} s, ${rss} MiB resident: ${shares}`);
  };
  const findings = await fuzz({ targets, count, seed, report });
  for (const finding of findings) console.error(finding);
  console.log(`${findings.length} findings`);
  process.exitCode = findings.length > 0 ? 1 : 0;
}

if (import.meta.url === new URL(process.argv[1] ?? '', 'file:').href) await main();
