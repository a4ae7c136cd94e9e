/**
 * The checks that run in every runtime: ten logits of a golden checkpoint, ten scores of the
 * bundled model's pipeline, and the time of a full-size model. Web Standards only. In: access to
 * the files, and a clock. Out: one record for the table of tools/check/runtimes.js.
 */
import { MobileBertForSequenceClassification, MobileBertModel, pipeline } from 'mobilebert-wasm';

/** Largest relative L2 error of logits, as for every case of test/golden/models. */
const LOGITS_TOLERANCE = 1e-5;
/** Largest difference of a score; the reference is float32 as well. */
const SCORE_TOLERANCE = 1e-5;
const TOKENS = 128;
const WARM_CALLS = 3;
const TIMED_CALLS = 7;

/**
 * @typedef {object} Host
 * @property {any} expected the parsed expected.json
 * @property {(folder: string) => any} source a folder of the repository, as `from_pretrained` takes it
 * @property {() => number | Promise<number>} [now] milliseconds; some hosts stop the clock between I/O
 * @property {boolean} [isTimed] false skips the full-size model
 */

/**
 * @param {Host} host
 * @returns {Promise<{ build: string, threads: number, load: number, latency: Record<string, number> }>}
 * @throws {Error} naming the number that is wrong
 */
export async function runChecks({
  expected,
  source,
  now = () => performance.now(),
  isTimed = true,
}) {
  await checkLogits(expected.logits, source);
  const start = await now();
  const classify = await pipeline('text-classification', source(expected.pipeline.folder));
  const load = (await now()) - start;
  await checkScores(expected.pipeline, classify);
  const { build, threads } = await classify.model.info();
  await classify.dispose();
  return { build, threads, load, latency: isTimed ? await latencies(now) : {} };
}

/** Both builds where both run, since the faster one should be the one that is chosen; then q8. */
async function latencies(now) {
  /** @type {Record<string, number>} */
  const latency = { simd: await measure({ variant: 'simd' }, now) };
  const relaxed = await measure({ variant: 'relaxed' }, now).catch(unlessRefused);
  if (relaxed !== undefined) latency.relaxed = relaxed;
  latency.q8 = await measure({ dtype: 'q8' }, now);
  return latency;
}

/** Turns the refusal of a build into nothing; other errors are thrown. */
function unlessRefused(error) {
  if (!(error instanceof RangeError)) throw error;
}

async function checkLogits({ folder, inputs, expected }, source) {
  const model = await MobileBertForSequenceClassification.from_pretrained(source(folder));
  const { logits } = await model(inputs);
  await model.dispose();
  let error = 0;
  let norm = 0;
  expected.forEach((value, i) => {
    error += (logits.data[i] - value) ** 2;
    norm += value ** 2;
  });
  const relative = Math.sqrt(error / norm);
  if (relative <= LOGITS_TOLERANCE) return;
  throw new Error(`Logits are off by ${relative}, expected at most ${LOGITS_TOLERANCE}`);
}

async function checkScores({ question, expected }, classify) {
  const found = await classify(question, { top_k: expected.length });
  expected.forEach(({ label, score }, i) => {
    const { label: foundLabel, score: foundScore } = found[i];
    if (foundLabel === label && Math.abs(foundScore - score) <= SCORE_TOLERANCE) return;
    throw new Error(`Label ${i} is ${foundLabel} (${foundScore}), expected ${label} (${score})`);
  });
}

/** The best of a few calls of 24 layers with random weights, in milliseconds. */
async function measure(options, now) {
  const model = new MobileBertModel({}, { seed: 1, ...options });
  const input_ids = [Array.from({ length: TOKENS }, (_, i) => 1000 + i)];
  let best = Number.POSITIVE_INFINITY;
  for (let call = -WARM_CALLS; call < TIMED_CALLS; call++) {
    const start = await now();
    const { last_hidden_state } = await model({ input_ids });
    const time = (await now()) - start;
    if (!Number.isFinite(last_hidden_state.data[0]))
      throw new Error('The full-size model overflowed');
    if (call >= 0) best = Math.min(best, time);
  }
  await model.dispose();
  return best;
}
