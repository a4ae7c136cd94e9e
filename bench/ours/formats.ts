/**
 * How long from files to the first logits, by file format? In one process, files in the disk cache,
 * all formats in turn. In: the files of tools/golden/export-formats.py. Out: times, and ratios to
 * safetensors with the same weights, loaded as the same dtype. Before that, the logits of every
 * format have to agree with PyTorch's float64, and to the bit with those of safetensors.
 */
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { convert } from '../../src/conversion/convert.ts';
import { largestError } from '../../src/conversion/probes.ts';
import { MobileBertForQuestionAnswering } from '../../src/models/heads/question-answering.ts';
import { type Column, digits, head, line, scientific, spreadOf } from '../support/table.js';
import { clockOf } from './clock.ts';
import type { Machine, Sample } from './harness.ts';
import type { Report } from './result.ts';

const FOLDER = 'build/formats';
const COMMAND = `python tools/golden/export-formats.py ${FOLDER}`;
/** The package's own format, converted from the q8 safetensors. */
const CONVERTED = 'converted-q8';
const ROUNDS = 9;
/** A format is marked where it takes longer than this many times safetensors. */
const LIMIT = 1.5;

type Dtype = 'fp32' | 'fp16' | 'q8';

interface Format {
  readonly name: string;
  /** A folder below FOLDER that holds one checkpoint. */
  readonly folder: string;
}

/** One set of weights, and the dtype that it is loaded as. */
interface Group {
  readonly dtype: Dtype;
  /** Largest relative L2 error of logits (docs/accuracy.md); F16 weights are not rounded again. */
  readonly bound: number;
  /** The others are compared with the first. */
  readonly formats: readonly [Format, ...Format[]];
}

const GROUPS: readonly Group[] = [
  {
    dtype: 'fp32',
    bound: 1e-5,
    formats: [
      { name: 'safetensors', folder: 'safetensors' },
      { name: 'safetensors, 3 shards', folder: 'safetensors-sharded' },
      { name: 'pytorch_model.bin', folder: 'torch-zip' },
      { name: 'pytorch_model.bin, 3 shards', folder: 'torch-zip-sharded' },
      { name: 'pytorch_model.bin, deflated', folder: 'torch-zip-deflated' },
      { name: 'pytorch_model.bin before torch 1.6', folder: 'torch-legacy' },
      { name: 'model.onnx', folder: 'onnx' },
      { name: 'tf_model.h5', folder: 'keras' },
    ],
  },
  {
    dtype: 'fp16',
    bound: 1e-5,
    formats: [
      { name: 'safetensors F16', folder: 'safetensors-fp16' },
      { name: 'model_fp16.onnx', folder: 'onnx-fp16' },
    ],
  },
  {
    dtype: 'q8',
    bound: 0.028,
    formats: [
      { name: 'safetensors to q8', folder: 'safetensors-dequantised' },
      { name: 'model_quantized.onnx', folder: 'onnx-quantized' },
      { name: 'model.q8.safetensors', folder: CONVERTED },
    ],
  },
];

const COLUMNS: Column[] = [
  { title: '', width: 34, isText: true },
  { title: 'MB', width: 6 },
  { title: 'error', width: 8 },
  { title: 'ms', width: 6 },
  { title: 'low', width: 6 },
  { title: 'high', width: 6 },
  { title: 'spread', width: 7 },
  { title: 'ratio', width: 5 },
  { title: '', width: 5 },
];

/** Logits by output. */
type Answer = ReadonlyMap<string, Float32Array>;

/** expected.json. */
interface Expected {
  readonly input_ids: number[][];
  readonly logits: Readonly<Record<Dtype, Readonly<Record<string, number[]>>>>;
}

/** One format with the format it is compared with. */
interface Candidate extends Format {
  readonly dtype: Dtype;
  readonly error: number;
  readonly isRight: boolean;
  /** Milliseconds of this format and, in the same turn, of its group's first. */
  readonly samples: Sample[];
}

/** Prints one table for every set of weights. */
export async function benchFormats(machine: Machine, report: Report): Promise<void> {
  const expected = readExpected();
  await writeConverted();
  const groups: Candidate[][] = [];
  for (const group of GROUPS) groups.push(await check(group, expected));
  const rounds = machine.effort.isQuick ? 3 : ROUNDS;
  for (let i = 0; i < rounds; i++) {
    for (const group of groups) await sampleInTurn(machine, group, expected);
  }
  for (const group of groups) {
    console.log(`\n${head(COLUMNS, `files to the first logits, ${group[0].dtype}`)}`);
    for (const candidate of group) show(machine, report, candidate);
  }
}

function readExpected(): Expected {
  const file = join(FOLDER, 'expected.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  throw new Error(`Cannot find ${file}: run "${COMMAND}" first`);
}

/** Converts every time, because the packed format may have changed. */
async function writeConverted(): Promise<void> {
  const source = join(FOLDER, 'safetensors-dequantised');
  const target = join(FOLDER, CONVERTED);
  const { files } = await convert(`./${source}`, 'q8');
  mkdirSync(target, { recursive: true });
  copyFileSync(join(source, 'config.json'), join(target, 'config.json'));
  for (const [name, chunks] of Object.entries(files)) {
    writeFileSync(join(target, name), '');
    for (const chunk of chunks) appendFileSync(join(target, name), chunk);
  }
}

/** Loads every format once, which also fills the disk cache, and compares its logits. */
async function check(group: Group, expected: Expected): Promise<Candidate[]> {
  const { dtype, bound, formats } = group;
  const right = new Map(
    Object.entries(expected.logits[dtype]).map(([name, row]) => [name, Float32Array.from(row)]),
  );
  const found: Candidate[] = [];
  let first: Answer | undefined;
  for (const format of formats) {
    const answer = await loadAndAnswer(format, dtype, expected);
    first ??= answer;
    const error = largestError([answer], [right]);
    const isRight = error <= bound && largestError([answer], [first]) === 0;
    found.push({ ...format, dtype, error, isRight, samples: [] });
  }
  return found;
}

/** Loads every format once and records the time. */
async function sampleInTurn(
  machine: Machine,
  group: readonly Candidate[],
  expected: Expected,
): Promise<void> {
  const clock = clockOf(machine.effort.clock);
  let first: { ms: number; rate: number } | undefined;
  for (const candidate of group) {
    const { result, rate } = await machine.between(async () => {
      const start = clock.now();
      await loadAndAnswer(candidate, candidate.dtype, expected);
      return clock.now() - start;
    });
    first ??= { ms: result, rate };
    candidate.samples.push({ ms: [result, first.ms], rate: Math.min(rate, first.rate) });
  }
}

async function loadAndAnswer(
  { folder }: Format,
  dtype: Dtype,
  { input_ids }: Expected,
): Promise<Answer> {
  const options = { dtype, variant: 'simd' } as const;
  const source = `./${join(FOLDER, folder)}`;
  const model = await MobileBertForQuestionAnswering.from_pretrained(source, options);
  const outputs = await model({ input_ids });
  await model.dispose();
  const names = ['start_logits', 'end_logits'] as const;
  return new Map(names.map((name) => [name, outputs[name].data as Float32Array]));
}

function show(machine: Machine, report: Report, candidate: Candidate): void {
  const { name, folder, error, isRight, samples } = candidate;
  const size = megabytes(join(FOLDER, folder)).toFixed(1);
  if (!isRight) {
    console.log(line(COLUMNS, [name, size, scientific(error), 'WRONG']));
    process.exitCode = 1;
    return;
  }
  const time = machine.figure(samples, ([ms]) => ms);
  const ratio = machine.figure(samples, ([ms, first]) => ms / first);
  report.add(name, time, { error });
  report.add(`${name}: over safetensors`, ratio, { unit: 'ratio' });
  const times = [time.value, time.low, time.high].map(digits);
  const cells = [name, size, scientific(error), ...times, spreadOf(time), ratio.value.toFixed(2)];
  console.log(line(COLUMNS, [...cells, ratio.value > LIMIT ? `> ${LIMIT}` : '']));
}

/** The size of all files of a checkpoint. */
function megabytes(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  const bytes = files
    .filter((file) => file.isFile())
    .map((file) => statSync(join(file.parentPath, file.name)).size);
  return bytes.reduce((sum, size) => sum + size, 0) / 1e6;
}
