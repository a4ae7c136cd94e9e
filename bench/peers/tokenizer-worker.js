/**
 * One tokenizer in a thread, and so an engine, of its own: what others make of their code and their
 * garbage does not touch it. In: `{ kind, files, texts }`, then messages 'ids' and 'time'. Out: the
 * ids of every text, or the processor's milliseconds of one pass over all texts, one call each:
 * those of the process, in which nothing else is at work then.
 */
import { parentPort, workerData } from 'node:worker_threads';

const { kind, files, texts } = workerData;
const BARE = { return_tensor: false };
/** Shorter samples would measure how caches fill. */
const LEAST_MS = 50;

/** What makes each kind's call, and reads the ids of what it gives. */
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

/** The mean of as many passes as take a while together. */
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
