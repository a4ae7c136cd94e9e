/**
 * One tokenizer in a thread of its own, and so in its own engine: optimisation and garbage of
 * others do not affect it. In: `{ kind, files, texts }`, then messages 'ids' and 'time'. Out: the
 * ids of every text, or the CPU milliseconds of one pass over all texts, one call for each. CPU
 * time is that of the whole process, in which nothing else runs meanwhile.
 */
import { parentPort, workerData } from 'node:worker_threads';

const { kind, files, texts } = workerData;
const BARE = { return_tensor: false };
/** Shorter samples would mostly measure caches that fill. */
const LEAST_MS = 50;

/** By kind: a call, and a function that reads the ids from its result. */
const KINDS = {
  arrays: () => ours(BARE),
  tensors: () => ours({}),
  offsets: () => ours({ ...BARE, return_offsets_mapping: true }),
  async huggingface() {
    const { Tokenizer } = await import('@huggingface/tokenizers');
    const contents = ['tokenizer.json', 'tokenizer_config.json'].map((name) => files[name]);
    const [json, config] = contents.map((content) => JSON.parse(content));
    const tokenizer = new Tokenizer(json, config);
    return { encode: (text) => tokenizer.encode(text), idsOf: ({ ids }) => ids };
  },
};

async function ours(options) {
  const url = new URL('../../build/js/tokenizer/api/tokenizer.js', import.meta.url);
  const { MobileBertTokenizer } = await import(url.href);
  const tokenizer = new MobileBertTokenizer(files);
  return {
    encode: (text) => tokenizer(text, options),
    idsOf: ({ input_ids }) => Array.from(input_ids.data ?? input_ids, Number),
  };
}

/** The mean of as many passes as take LEAST_MS together. */
function timePass() {
  const start = process.cpuUsage();
  for (let passes = 1; ; passes++) {
    for (const text of texts) encode(text);
    const { user, system } = process.cpuUsage(start);
    const ms = (user + system) / 1e3;
    if (ms >= LEAST_MS) return ms / passes;
  }
}

const { encode, idsOf } = await KINDS[kind]();

parentPort.on('message', (what) => {
  if (what === 'ids') parentPort.postMessage(texts.map((text) => idsOf(encode(text))));
  else {
    parentPort.postMessage(timePass());
  }
});
