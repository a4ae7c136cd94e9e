/**
 * Cost curves for users: longer texts, larger batches, padding, and the saving where rows are not
 * needed. In: the full-size model. Out: figures by name, which charts.js draws.
 */
import type { Request } from '../../src/engine/request.ts';
import { hashedIds, hashedIntegers } from '../../test/support/hashed-weights.ts';
import { type Column, digits, head, line, spreadOf } from '../support/table.js';
import {
  errorAt,
  goldenCalls,
  type Head,
  inputsOf,
  LIMIT,
  loadHashed,
  nearest,
} from './full-size.ts';
import type { Figure, Machine } from './harness.ts';
import type { Report, Unit } from './result.ts';
import { largestError } from './trial.ts';

const LENGTHS = [1, 2, 4, 8, 16, 32, 48, 64, 96, 128, 192, 256, 320, 384, 448, 512];
const BATCHES = [1, 2, 4, 8, 16, 32];
const FEW_BATCHES = [1, 4, 8];
/** Lengths of the sequences whose batches are measured. */
const BATCHED = [8, 32, 128];
/** Number of questions in the ragged batch, and tokens of the shortest and the longest. */
const RAGGED = { questions: 32, from: 8, to: 128 };
/** Lengths at which the saving by unneeded rows is measured. */
const READ_LENGTHS = [8, 32, 128, 384];
const MB = 1e6;

const COLUMNS: Column[] = [
  { title: '', width: 58, isText: true },
  { title: '', width: 11 },
  { title: 'low', width: 8 },
  { title: 'high', width: 8 },
  { title: 'spread', width: 8 },
];

/** Adds a figure and prints its line. */
type Show = (name: string, unit: Unit, figure: Figure, at?: number) => void;

/** Prints one table for every curve. */
export async function benchCosts(machine: Machine, report: Report): Promise<void> {
  const show: Show = (name, unit, figure, at) => {
    report.add(name, figure, { unit, ...(at === undefined ? {} : { at }) });
    const [value, low, high] = [figure.value, figure.low, figure.high].map(digits);
    const shown = unit === 'ratio' ? value : `${value} ${unit}`;
    console.log(line(COLUMNS, [name, shown, low, high, spreadOf(figure)]));
  };
  await overLength(machine, report, show);
  await overBatch(machine, show);
  await ragged(machine, show);
  await unreadRows(machine, show);
}

/** Latency and linear memory over length. Memory never shrinks, so lengths ascend. */
async function overLength(machine: Machine, report: Report, show: Show): Promise<void> {
  const model = await load('MobileBertForQuestionAnswering', machine, 'start_logits');
  console.log(`\n${head(COLUMNS, 'one sequence')}`);
  const { memory } = await model.info();
  report.addExact('weights in linear memory', 'MB', memory.weights / MB);
  for (const S of LENGTHS) {
    const inputs = inputsOf(S);
    show(`latency: ${S} tokens`, 'ms', await machine.measure(() => model(inputs)), S);
    const { total, weights } = (await model.info()).memory;
    report.addExact(`memory beyond weights: ${S} tokens`, 'MB', (total - weights) / MB, S);
  }
  const { total, weights } = (await model.info()).memory;
  console.log(`linear memory beyond the weights: ${digits((total - weights) / MB)} MB at the end`);
  await model.dispose();
}

/** Milliseconds per token over the number of sequences in a batch. */
async function overBatch(machine: Machine, show: Show): Promise<void> {
  const model = await load('MobileBertForSequenceClassification', machine, 'logits');
  console.log(`\n${head(COLUMNS, 'batches, time per token')}`);
  for (const S of BATCHED) {
    for (const B of machine.effort.isQuick ? FEW_BATCHES : BATCHES) {
      const request = requestOf(new Array(B).fill(S), ['SequenceLogits']);
      const { value, ...rest } = await machine.measure(() => model.run(request));
      const part = (ms: number) => ms / (B * S);
      const figure = { ...rest, value: part(value), low: part(rest.low), high: part(rest.high) };
      show(`per token: batch ${B} of ${S} tokens`, 'ms', figure, B);
    }
  }
  await model.dispose();
}

/** 32 questions in one batch against one by one, and against the same batch padded. */
async function ragged(machine: Machine, show: Show): Promise<void> {
  const model = await load('MobileBertForSequenceClassification', machine, 'logits');
  const { questions, from, to } = RAGGED;
  const lengths = hashedIntegers('ragged', questions, to - from + 1).map((n) => from + n);
  lengths[0] = from;
  lengths[1] = to;
  const sum = lengths.reduce((total, length) => total + length, 0);
  const together = requestOf(lengths, ['SequenceLogits']);
  const alone = lengths.map((length, i) => {
    const start = lengths.slice(0, i).reduce((total, n) => total + n, 0);
    const ids = together.inputIds!.subarray(start, start + length);
    return { ...requestOf([length], ['SequenceLogits']), inputIds: ids };
  });
  const padded = requestOf(new Array(questions).fill(to), ['SequenceLogits']);
  const title = `${questions} questions of ${from} to ${to} tokens, ${sum} in all`;
  console.log(`\n${head(COLUMNS, title)}`);
  const first = await model.run(together);
  const error = largestError(first.SequenceLogits!, await oneByOne(model, alone));
  if (!(error <= LIMIT)) throw new Error(`Cannot time batches: found an error of ${error}`);
  const each = async () => {
    for (const request of alone) await model.run(request);
  };
  const pairs = await machine.sample([() => model.run(together), each]);
  show(
    'ragged: one batch',
    'ms',
    machine.figure(pairs, ([ms]) => ms),
  );
  show(
    'ragged: one by one',
    'ms',
    machine.figure(pairs, ([, ms]) => ms),
  );
  show(
    'ragged: batch over one by one',
    'ratio',
    machine.figure(pairs, ([a, b]) => a / b),
  );
  const others = await machine.sample([() => model.run(together), () => model.run(padded)]);
  show(
    'ragged: padded over ragged',
    'ratio',
    machine.figure(others, ([a, b]) => b / a),
  );
  await model.dispose();
}

/** The saving in the last block and the heads where a head needs only some rows. */
async function unreadRows(machine: Machine, show: Show): Promise<void> {
  const model = await load('MobileBertForSequenceClassification', machine, 'logits');
  console.log(`\n${head(COLUMNS, 'rows that nobody reads')}`);
  for (const S of READ_LENGTHS) {
    const some = requestOf([S], ['SequenceLogits']);
    // With the states of all rows requested, the last block computes all rows.
    const all = requestOf([S], ['SequenceLogits', 'LastHiddenState']);
    const pairs = await machine.sample([() => model.run(some), () => model.run(all)]);
    const saved = machine.figure(pairs, ([few, every]) => few / every);
    show(`first row only over all rows: classification, ${S} tokens`, 'ratio', saved, S);
  }
  await model.dispose();
  const masked = await loadHashed('MobileBertForMaskedLM', machine);
  for (const S of READ_LENGTHS) {
    const all = requestOf([S], ['VocabularyLogits']);
    const one = { ...all, rows: Int32Array.of(S >> 1) };
    await expectSameRow(masked, one, all);
    const pairs = await machine.sample([() => masked.run(one), () => masked.run(all)]);
    const saved = machine.figure(pairs, ([few, every]) => few / every);
    show(`one masked word over all rows: fill-mask, ${S} tokens`, 'ratio', saved, S);
  }
  await masked.dispose();
}

type Model = Awaited<ReturnType<typeof loadHashed>>;

/** Loads a head and checks it against Hugging Face's outputs. */
async function load(head: Head, machine: Machine, output: string): Promise<Model> {
  const model = await loadHashed(head, machine);
  const error = await errorAt(model, nearest(goldenCalls(head), 32), output);
  if (error <= LIMIT) return model;
  throw new Error(`Cannot time ${head}: found an error of ${error}, expected at most ${LIMIT}`);
}

async function oneByOne(model: Model, requests: readonly Request[]): Promise<number[]> {
  const logits: number[] = [];
  for (const request of requests) logits.push(...(await model.run(request)).SequenceLogits!);
  return logits;
}

async function expectSameRow(model: Model, one: Request, all: Request): Promise<void> {
  const [row] = one.rows!;
  const found = (await model.run(one)).VocabularyLogits!;
  const every = (await model.run(all)).VocabularyLogits!;
  const error = largestError(found, every.subarray(row * found.length, (row + 1) * found.length));
  if (!(error <= LIMIT)) throw new Error(`Cannot time one row: found an error of ${error}`);
}

/** A request of sequences of hashed words, nothing masked. */
function requestOf(lengths: readonly number[], outputs: Request['outputs']): Request {
  const M = lengths.reduce((sum, length) => sum + length, 0);
  return {
    lengths: Int32Array.from(lengths),
    inputIds: Int32Array.from(hashedIds(M)),
    tokenTypeIds: new Int32Array(M),
    positionIds: Int32Array.from(lengths.flatMap((S) => Array.from({ length: S }, (_, i) => i))),
    attentionMask: new Int32Array(M).fill(1),
    outputs,
  };
}
