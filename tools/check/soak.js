/**
 * Long use of one process, after a build: does memory stay level?
 *
 *     node --expose-gc tools/check/soak.js [--scale 0.1] [--seed N]
 *
 * 1. 2,421 requests of every route, most with wrong bodies: each is answered by 200, 400 or 413
 * 2. 3,000 calls of every pipeline in every dtype, long and short, some aborted or refused
 * 3. 160 models opened, called and disposed
 *
 * Memory is sampled after a garbage collection, sixty times a part. It is level if the median of the
 * last third is above that of the middle third by no more than MARGINS: the first third warms up.
 * Tests run `soak` on the sources, in short.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { generator, mutate } from './fuzz.js';

const COUNTS = { requests: 2421, calls: 3000, models: 160 };
const PARTS = Object.keys(COUNTS);
const SAMPLES = 60;

/**
 * By how much memory may grow from the middle third of a part to its last: a share, and bytes that
 * are always allowed. The heap is what JavaScript holds after a collection. The resident set also
 * has what allocators keep and compilers add, and moves by megabytes without a leak. A leak of
 * 2 KB of heap a request, or of one model in ten, is above them.
 */
export const MARGINS = {
  heapUsed: { share: 0.05, bytes: 1 * 2 ** 20 },
  rss: { share: 0.05, bytes: 12 * 2 ** 20 },
};

const VOCABULARY = [
  ...['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '.', ',', '?', '!', 'a', 'the', 'is', 'my'],
  ...['card', 'lost', 'money', 'where', 'how', 'do', 'i', 'pay', 'rome', 'pin', 'new', '##s'],
];
const WORDS = VOCABULARY.filter((token) => !/^\[|^##/.test(token));

/** Two small layers: what is looked for is memory that stays, not time. */
const CONFIG = {
  ...{ vocab_size: VOCABULARY.length, num_hidden_layers: 2, hidden_size: 32, embedding_size: 16 },
  ...{ intermediate_size: 32, intra_bottleneck_size: 16, num_attention_heads: 2 },
  max_position_embeddings: 64,
};

/** For models that are opened: some megabytes each in any dtype, so that one that stays is seen. */
const LARGER = {
  ...{ num_hidden_layers: 6, hidden_size: 256, intermediate_size: 512 },
  ...{ intra_bottleneck_size: 128, num_attention_heads: 4 },
};

/** Each task with the class of its model, its route, a body, and arguments of its pipeline. */
const TASKS = [
  {
    task: 'text-classification',
    head: 'MobileBertForSequenceClassification',
    route: 'textClassification',
    body: (text) => ({ texts: [text(), text()] }),
    input: (text) => [[text(), text()], { top_k: 2 }],
  },
  {
    task: 'token-classification',
    head: 'MobileBertForTokenClassification',
    route: 'tokenClassification',
    body: (text) => ({ texts: [text()] }),
    input: (text) => [[text(), text()], { aggregation_strategy: 'simple' }],
  },
  {
    task: 'question-answering',
    head: 'MobileBertForQuestionAnswering',
    route: 'questionAnswering',
    body: (text) => ({ question: text(4), context: text() }),
    input: (text) => [text(4), text(200), { max_seq_len: 48, doc_stride: 16, top_k: 3 }],
  },
  {
    task: 'fill-mask',
    head: 'MobileBertForMaskedLM',
    route: 'fillMask',
    body: (text) => ({ texts: [`[MASK] ${text(8)}`] }),
    input: (text) => [`my [MASK] ${text(8)}`, { top_k: 3 }],
  },
  {
    task: 'zero-shot-classification',
    head: 'MobileBertForSequenceClassification',
    route: 'zeroShotClassification',
    body: (text) => ({ texts: [text()], candidate_labels: ['card', 'money'] }),
    input: (text) => [[text()], ['card', 'money'], {}],
  },
  {
    task: 'feature-extraction',
    head: 'MobileBertModel',
    route: 'featureExtraction',
    body: (text) => ({ texts: [text(), text()] }),
    input: (text) => [[text(), text()], { pooling: 'mean' }],
  },
  {
    task: 'next-sentence-prediction',
    head: 'MobileBertForNextSentencePrediction',
    route: 'nextSentencePrediction',
    body: (text) => ({ texts: [text()], next: [text()] }),
    input: (text) => [text(), text(), {}],
  },
  {
    task: 'multiple-choice',
    head: 'MobileBertForMultipleChoice',
    route: 'multipleChoice',
    body: (text) => ({ text: text(), choices: [text(4), text(4)] }),
    input: (text) => [text(), [text(4), text(4)], {}],
  },
];

const DTYPES = ['fp32', 'fp16', 'q8'];

/** Statuses of answers to bodies that are right, wrong, or too long. */
const ANSWERED = [200, 400, 413];

/**
 * Runs the three parts.
 *
 * @param {object} options
 * @param {object} options.library the exports of the package and of its entry `serve`
 * @param {number} options.scale of the counts: 1 for all
 * @param {number} options.seed
 * @param {(keyof typeof COUNTS)[]} [options.parts] which parts; default all
 * @param {number} [options.samples] of memory in each part, and the fewest steps; default 60
 * @param {(line: string) => void} [options.report] gets a line for each part
 * @returns {Promise<string[]>} findings: answers that should not be, and memory that grew
 */
export async function soak({
  library,
  scale,
  seed,
  parts = PARTS,
  samples: most = SAMPLES,
  report = () => {},
}) {
  const findings = [];
  const sources = await sourcesOf(library, CONFIG);
  const random = generator(seed);
  const run = async (name, count, step) => {
    const total = Math.max(most, Math.round(count * scale));
    const samples = [];
    for (let i = 0; i < total; i++) {
      const finding = await step(i);
      if (finding) findings.push(`${name} ${i}, seed ${seed}: ${finding}`);
      if (Math.floor(((i + 1) * most) / total) > samples.length) samples.push(await sample());
    }
    findings.push(...growthOf(samples).map((growth) => `${name}: ${growth}`));
    report(`${total} ${name}: ${describe(samples)}`);
  };

  if (parts.includes('requests')) {
    await run('requests', COUNTS.requests, requester(library, sources, random));
  }
  if (parts.includes('calls')) {
    const calls = await caller(library, sources, random);
    await run('calls', COUNTS.calls, calls.step);
    await calls.close();
  }
  if (parts.includes('models')) {
    const larger = await sourcesOf(library, { ...CONFIG, ...LARGER });
    await run('models', COUNTS.models, opener(library, larger, random));
  }
  return findings;
}

/** A checkpoint with random weights for each class, as a map of files. */
async function sourcesOf(library, config) {
  const sources = {};
  for (const { head } of TASKS) {
    if (sources[head]) continue;
    const model = new library[head](config, { seed: 1 });
    const vocabulary = new TextEncoder().encode(VOCABULARY.join('\n'));
    const labels = { id2label: { 0: 'entailment', 1: 'other' } };
    const files = await model.save_files();
    const saved = JSON.parse(new TextDecoder().decode(bytesOf(files['config.json'])));
    sources[head] = { ...files, 'config.json': { ...saved, ...labels }, 'vocab.txt': vocabulary };
    await model.dispose();
  }
  return sources;
}

function bytesOf(file) {
  return file instanceof Uint8Array
    ? file
    : new TextEncoder().encode(typeof file === 'string' ? file : JSON.stringify(file));
}

/** Texts of random words, up to `most` of them. */
function writer(random) {
  return (most = 30) => {
    const length = 1 + Math.floor(random() * most);
    return Array.from({ length }, () => WORDS[Math.floor(random() * WORDS.length)]).join(' ');
  };
}

/** Bodies: one in four is right, the others are changed in one to four places. */
function requester(library, sources, random) {
  let failed;
  const routes = TASKS.map(({ route, head }) => [
    `/${route}`,
    library[route]({ model: sources[head], load: { dtype: 'q8' } }),
  ]);
  const onError = (error) => {
    failed = error;
  };
  const handle = library.createHandler(Object.fromEntries(routes), { onError, maxBytes: 4096 });
  const text = writer(random);
  return async (i) => {
    const { route, body } = TASKS[i % TASKS.length];
    const right = new TextEncoder().encode(JSON.stringify(body(text)));
    const sent = random() < 0.25 ? right : mutate(right, random, true);
    const padded = random() < 0.02 ? `${new TextDecoder().decode(sent)}${' '.repeat(5000)}` : sent;
    const request = new Request(`http://localhost/${route}`, { method: 'POST', body: padded });
    const response = await handle(request);
    await response.text();
    if (ANSWERED.includes(response.status)) return undefined;
    return `${response.status}, ${failed?.stack ?? failed} for ${new TextDecoder().decode(sent)}`;
  };
}

/** Calls of pipelines. Some are aborted while they run, some have an option that is refused. */
async function caller(library, sources, random) {
  const pipelines = [];
  for (const { task, head, input } of TASKS) {
    for (const dtype of DTYPES) {
      pipelines.push({ pipe: await library.pipeline(task, sources[head], { dtype }), input });
    }
  }
  const text = writer(random);
  const step = async (i) => {
    const { pipe, input } = pipelines[i % pipelines.length];
    const values = input(text);
    const options = values.at(-1);
    const kind = random();
    const given = typeof options === 'object' && !Array.isArray(options) ? options : {};
    if (kind < 0.05) Object.assign(given, { signal: AbortSignal.abort() });
    if (kind > 0.95) Object.assign(given, { top_k: -1, max_length: -1 });
    return pipe(...values).then(
      () => undefined,
      (error) => (kind < 0.05 || kind > 0.95 ? undefined : `${error.stack}`),
    );
  };
  const close = () => Promise.all(pipelines.map(({ pipe }) => pipe.dispose()));
  return { step, close };
}

/** Opens a model, calls it once, and disposes it. */
function opener(library, sources, random) {
  const text = writer(random);
  return async (i) => {
    const { task, head, input } = TASKS[i % TASKS.length];
    const pipe = await library.pipeline(task, sources[head], { dtype: DTYPES[i % DTYPES.length] });
    await pipe(...input(text));
    await pipe.dispose();
  };
}

/** Memory after a collection, of two turns: finalisers run behind the first. */
async function sample() {
  for (let turn = 0; turn < 2; turn++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, rss } = process.memoryUsage();
  return { heapUsed, rss };
}

let collector;

function collect() {
  if (!collector) {
    setFlagsFromString('--expose-gc');
    collector = globalThis.gc ?? runInNewContext('gc');
  }
  collector();
}

/** What grew from the middle third to the last by more than its margin. */
export function growthOf(samples) {
  return Object.entries(MARGINS).flatMap(([name, { share, bytes }]) => {
    const [, middle, last] = thirdsOf(samples.map((one) => one[name]));
    const most = middle * (1 + share) + bytes;
    if (last <= most) return [];
    return [
      `${name} grew from ${inMegabytes(middle)} to ${inMegabytes(last)}, expected ${inMegabytes(most)} at most`,
    ];
  });
}

/** The median of each third. */
function thirdsOf(values) {
  const size = Math.floor(values.length / 3);
  return [0, 1, 2].map((third) => {
    const part = values.slice(third * size, (third + 1) * size).sort((a, b) => a - b);
    return part[part.length >> 1];
  });
}

function describe(samples) {
  return Object.keys(MARGINS)
    .map(
      (name) =>
        `${name} ${thirdsOf(samples.map((one) => one[name]))
          .map(inMegabytes)
          .join(' -> ')}`,
    )
    .join(', ');
}

function inMegabytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

async function main() {
  const { values } = parseArgs({
    options: {
      scale: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
    },
  });
  const built = (file) => import(new URL(`../../build/js/${file}`, import.meta.url).href);
  const library = { ...(await built('index.js')), ...(await built('serve/serve.js')) };
  // Warnings about texts and files are no findings.
  console.warn = () => {};
  const [scale, seed] = [Number(values.scale), Number(values.seed)];
  const findings = await soak({ library, scale, seed, report: console.log });
  for (const finding of findings) console.error(finding);
  console.log(`${findings.length} findings`);
  process.exitCode = findings.length > 0 ? 1 : 0;
}

if (import.meta.url === new URL(process.argv[1] ?? '', 'file:').href) await main();
