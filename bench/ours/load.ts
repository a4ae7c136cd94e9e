/**
 * How long from files to the first logits, and how much slower is the first call than later ones?
 * Fresh processes, files in the disk cache. Two more runs show where a slow first call comes from:
 * one whose code is optimised before it runs (--no-liftoff), and a second model in a process whose
 * code is already optimised.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { FullCall } from '../../test/support/hashed-weights.ts';
import { fullConfig, hashedSafetensors } from '../../test/support/hashed-weights.ts';
import { median } from '../support/statistics.js';
import { type Column, digits, head, line, spreadOf } from '../support/table.js';
import { goldenCalls, LIMIT } from './full-size.ts';
import type { Figure, Machine, Sample } from './harness.ts';
import type { Start } from './load-child.ts';
import type { Report, Unit } from './result.ts';
import { largestError } from './trial.ts';

const HEAD = 'MobileBertForQuestionAnswering';
const FOLDER = 'build/bench/model';
const CHILD = fileURLToPath(new URL('./load-child.js', import.meta.url));
/** Calls at the end of a process that count as its steady state. */
const STEADY = 8;
const ROUNDS = 9;
/** Tokens of the shortest golden, where the first call is slowest relative to later ones. */
const SHORTEST = 7;
const MB = 1e6;

const COLUMNS: Column[] = [
  { title: '', width: 58, isText: true },
  { title: '', width: 12 },
  { title: 'low', width: 8 },
  { title: 'high', width: 8 },
  { title: 'spread', width: 8 },
];

/** One line of the table, read from the measurements of a process. */
type Row = [name: string, unit: Unit, read: (start: Start) => number];

const OF_LOADING: Row[] = [
  ['import of the package', 'ms', ({ importMs }) => importMs],
  ['files to a model', 'ms', ({ loadMs }) => loadMs],
  ['files to the first logits', 'ms', ({ loadMs, calls }) => loadMs + calls[0]],
  ['linear memory beyond the weights', 'MB', ({ memory }) => (memory.total - memory.weights) / MB],
  ['weights in linear memory', 'MB', ({ memory }) => memory.weights / MB],
  ['resident after the first call', 'MB', ({ memory }) => memory.resident / MB],
];

const OF_CALLS: Row[] = [
  ['first call', 'ms', ({ calls }) => calls[0]],
  ['steady state', 'ms', ({ calls }) => steadyOf(calls)],
  ['first call over steady state', 'ratio', firstOverSteady],
  [
    'the same in time of the thread',
    'ratio',
    ({ threadCalls }) => threadCalls[0] / steadyOf(threadCalls),
  ],
  ['a second model: first call over steady state', 'ratio', (s) => s.again[0] / steadyOf(s.calls)],
  ['first call within 10 % of the steady state, its number', 'ratio', firstSteadyCall],
  ['page faults of the first call, MB', 'MB', ({ firstFaults }) => (firstFaults * 4096) / MB],
];

/** Prints one table for every golden length. */
export async function benchLoad(machine: Machine, report: Report): Promise<void> {
  writeCheckpoint();
  const rounds = machine.effort.isQuick ? 3 : ROUNDS;
  const reading = await collect(machine, rounds, () => child<{ ms: number }>(['read', FOLDER]));
  for (const call of goldenCalls(HEAD)) {
    console.log(`\n${head(COLUMNS, `fresh processes, ${call.length} tokens`)}`);
    const starts = await collect(machine, rounds, () => start(machine, call));
    const error = Math.max(...starts.map(({ result }) => errorOf(result, call)));
    if (!(error <= LIMIT)) {
      console.log(line(COLUMNS, ['WRONG']));
      process.exitCode = 1;
      continue;
    }
    const S = call.length;
    const show = (name: string, unit: Unit, figure: Figure) => {
      report.add(`S = ${S}: ${name}`, figure, { unit, error, at: S });
      const [value, low, high] = [figure.value, figure.low, figure.high].map(digits);
      const shown = unit === 'ratio' ? value : `${value} ${unit}`;
      console.log(line(COLUMNS, [name, shown, low, high, spreadOf(figure)]));
    };
    show(
      'reading the file alone',
      'ms',
      figureOf(machine, reading, ({ ms }) => ms),
    );
    for (const [name, unit, read] of [...OF_LOADING, ...OF_CALLS]) {
      const figure = figureOf(machine, starts, read);
      // Before Node 23.9 there is no CPU time of a thread.
      if (Number.isFinite(figure.value)) show(name, unit, figure);
    }
    if (S !== SHORTEST) continue;
    const flags = ['--no-liftoff'];
    const optimised = await collect(machine, rounds, () => start(machine, call, flags));
    const figure = figureOf(machine, optimised, firstOverSteady);
    show('first call over steady state, --no-liftoff', 'ratio', figure);
    const warm = await collect(machine, rounds, () => start(machine, call, [], 'warm'));
    show(
      'first call after warmup() over steady state',
      'ratio',
      figureOf(machine, warm, firstOverSteady),
    );
  }
}

/** Writes the checkpoint to disk where it is not there yet. */
function writeCheckpoint(): void {
  const file = join(FOLDER, 'model.safetensors');
  if (existsSync(file)) return;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'config.json'), JSON.stringify(fullConfig(HEAD)));
  writeFileSync(file, Buffer.concat([...hashedSafetensors(HEAD)]));
}

interface Found<T> {
  readonly result: T;
  readonly rate: number;
}

/** Runs fresh processes; the first one only fills the disk cache. */
async function collect<T>(machine: Machine, rounds: number, run: () => Promise<T>) {
  await run();
  const found: Found<T>[] = [];
  for (let i = 0; i < rounds; i++) found.push(await machine.between(run));
  return found;
}

function figureOf<T>(machine: Machine, found: readonly Found<T>[], read: (one: T) => number) {
  const samples: Sample[] = found.map(({ result, rate }) => ({ ms: [read(result)], rate }));
  return machine.figure(samples, ([value]) => value);
}

function start(
  { build }: Machine,
  call: FullCall,
  flags: string[] = [],
  what = 'call',
): Promise<Start> {
  const inputs = Array.from(call.inputs, ([name, { data }]) => [name, [Array.from(data, Number)]]);
  const text = JSON.stringify(Object.fromEntries(inputs));
  return child<Start>([what, FOLDER, build.name, text], flags);
}

async function child<T>(args: string[], flags: string[] = []): Promise<T> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, CHILD, ...args]);
  return JSON.parse(stdout);
}

function firstOverSteady({ calls }: Start): number {
  return calls[0] / steadyOf(calls);
}

function steadyOf(calls: readonly number[]): number {
  return median(calls.slice(-STEADY));
}

/** The number, from 1, of the first call within 10 % of the steady state. */
function firstSteadyCall({ calls }: Start): number {
  const limit = 1.1 * steadyOf(calls);
  return 1 + calls.findIndex((ms) => ms <= limit);
}

function errorOf({ logits }: Start, call: FullCall): number {
  return largestError(logits, call.outputs.get('start_logits')!.data as Float64Array);
}
