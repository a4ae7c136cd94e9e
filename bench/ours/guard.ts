/**
 * Has the code become slower? Milliseconds depend on the machine, so figures are relative to what
 * the same run measures: the arithmetic peak in registers, and a kernel written by hand that never
 * changes. Instructions are counted in the compiled text. Every row has a limit; a missed limit
 * fails the command.
 */
import { readFileSync } from 'node:fs';
import binaryen from 'assemblyscript/binaryen';
import { readBuild } from '../../test/support/variants.ts';
import { type Column, head, line, spreadOf } from '../support/table.js';
import { CountingModule, stepsOf } from './counts.ts';
import {
  errorAt,
  goldenCalls,
  inputsOf,
  LIMIT,
  loadHashed,
  nearest,
  passFlops,
} from './full-size.ts';
import type { Figure, Machine } from './harness.ts';
import { product } from './kernels.ts';
import type { Report } from './result.ts';
import { flopsOf, shapesOf } from './shapes.ts';
import { attempt, inFrame } from './trial.ts';

/** Tokens of the guarded pass. */
const S = 128;
const HEAD = 'MobileBertForQuestionAnswering';

interface Limits {
  /** At least: GFLOP/s of the products, weighted as in a pass, over the peak. */
  readonly products: number;
  /** At least: the reference kernel's time over ours, for one shape. */
  readonly reference: number;
  /** At least: GFLOP/s of the whole pass over the peak. */
  readonly forward: number;
  /** At most: instructions of a pass for each vector of multiply-adds that it needs. */
  readonly instructions: number;
  /** At most: instructions of one k-step of the full tile. */
  readonly step: number;
}

const LIMITS: Record<string, Limits> = {
  simd: { products: 0.92, reference: 0.95, forward: 0.86, instructions: 3.9, step: 30 },
  relaxed: { products: 0.92, reference: 1.2, forward: 0.88, instructions: 2.65, step: 30 },
};

/** Four lanes, a multiplication and an addition. */
const FLOPS_PER_VECTOR = 8;
/** Rows of a full tile by build (assembly/simd/lanes.ts). */
const TILE_ROWS: Record<string, number> = { simd: 4, relaxed: 6 };

const COLUMNS: Column[] = [
  { title: '', width: 58, isText: true },
  { title: '', width: 8 },
  { title: 'limit', width: 8 },
  { title: 'spread', width: 8 },
  { title: '', width: 10, isText: true },
];

/** Prints and records a figure; fails the process where it misses its limit. */
type Judge = (name: string, figure: Figure, limit: number, side?: 'least' | 'most') => void;

/** Prints a row for every limit; a limit that is missed fails the process. */
export async function benchGuard(machine: Machine, report: Report): Promise<void> {
  const limits = LIMITS[machine.build.name];
  if (!limits) throw new RangeError(`Cannot guard build "${machine.build.name}": it has no limits`);
  console.log(`\n${head(COLUMNS, `guard at ${S} tokens`)}`);
  const judge: Judge = (name, figure, limit, side = 'least') => {
    const { value, isNoisy } = figure;
    const isKept = side === 'most' ? value <= limit : value >= limit;
    if (!isKept) process.exitCode = 1;
    const missed = isNoisy ? 'MISSED ~' : 'MISSED';
    const shown = `${side === 'most' ? '<=' : '>='} ${limit.toFixed(2)}`;
    const cells = [name, value.toFixed(3), shown, spreadOf(figure), isKept ? 'ok' : missed];
    console.log(line(COLUMNS, cells));
    report.add(name, figure, { unit: 'ratio', at: S });
  };
  judge('products over the peak in registers', await productsOverPeak(machine), limits.products);
  judge('reference kernel over ours (time)', await overReference(machine), limits.reference);
  judge('forward pass over the peak in registers', await passOverPeak(machine), limits.forward);
  guardCounts(machine, limits, judge);
}

/** Instruction counts, which have no noise. */
function guardCounts({ build }: Machine, limits: Limits, judge: Judge): void {
  const wat = new TextDecoder().decode(readBuild(`${build.name}.wat`));
  const counts = new CountingModule(wat).forward(S);
  const needed = passFlops(S) / FLOPS_PER_VECTOR;
  const perVector = exactly(counts.all / needed);
  judge('instructions per vector of multiply-adds', perVector, limits.instructions, 'most');
  const rows = TILE_ROWS[build.name];
  const steps = stepsOf(wat).filter((step) => step.rows === rows);
  if (steps.length === 0) {
    throw new Error(`Cannot guard k-steps: found no tile of ${rows} rows in ${build.name}.wat`);
  }
  const worst = steps.reduce((most, step) => (step.all > most.all ? step : most));
  const name = `k-step of ${rows} rows, worst of ${steps.length} kernels`;
  judge(name, exactly(worst.all), limits.step, 'most');
  console.log(
    `one k-step: ${worst.products} vector products, ${worst.loads} loads; one pass: ` +
      `${millions(counts.all)} instructions, of them\n${millions(counts.products)} vector products ` +
      `(${millions(needed)} needed), ${millions(counts.loads)} vector loads, ` +
      `${millions(counts.stores)} vector stores`,
  );
}

/** GFLOP/s of all products of a pass over the peak, each with operands in cache. */
async function productsOverPeak(machine: Machine): Promise<Figure> {
  const figures: [Figure, number][] = [];
  let flops = 0;
  for (const shape of shapesOf(S)) {
    const { figure, error } = await inFrame(machine, (frame, exports) =>
      attempt(machine, product(frame, exports, shape)),
    );
    if (!figure) throw new Error(`Cannot guard ${shape.name}: found an error of ${error}`);
    figures.push([figure, shape.times]);
    flops += shape.times * flopsOf(shape);
  }
  const total = (read: (figure: Figure) => number) =>
    figures.reduce((sum, [figure, times]) => sum + times * read(figure), 0);
  return ofPeak(machine, flops, {
    value: total(({ value }) => value),
    low: total(({ low }) => low),
    high: total(({ high }) => high),
    spread: Math.max(...figures.map(([{ spread }]) => spread)),
    samples: Math.min(...figures.map(([{ samples }]) => samples)),
    isNoisy: figures.some(([{ isNoisy }]) => isNoisy),
  });
}

/** The time of reference-gemm.wat over that of our feed-forward product, called in turn. */
async function overReference(machine: Machine): Promise<Figure> {
  const shape = shapesOf(S).find(({ name }) => name === 'feed-forward up')!;
  const reference = referenceKernel(shape.rows, shape.outputs, shape.inputs);
  return inFrame(machine, async (frame, exports) => {
    const { run } = product(frame, exports, shape);
    const samples = await machine.sample([reference, run]);
    return machine.figure(samples, ([theirs, ours]) => theirs / ours);
  });
}

/** The reference kernel C [M,N] = A [M,K] B on ones, checked: every element is K. */
function referenceKernel(M: number, N: number, K: number): () => void {
  const module = binaryen.parseText(readFileSync('bench/ours/reference-gemm.wat', 'utf8'));
  module.setFeatures(binaryen.Features.SIMD128);
  const bytes = Uint8Array.from(module.emitBinary());
  module.dispose();
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const { memory, gemm } = exports as {
    memory: WebAssembly.Memory;
    gemm: (...places: number[]) => void;
  };
  const [a, b, c] = [0, 4 * M * K, 4 * (M * K + N * K)];
  new Float32Array(memory.buffer, a, M * K + N * K).fill(1);
  const run = () => gemm(c, a, b, M, N, K);
  run();
  if (new Float32Array(memory.buffer, c, M * N).some((element) => element !== K)) {
    throw new Error('Cannot guard products: the reference kernel computes something else');
  }
  return run;
}

async function passOverPeak(machine: Machine): Promise<Figure> {
  const model = await loadHashed(HEAD, machine);
  const inputs = inputsOf(S);
  const { error, figure } = await attempt(machine, {
    limit: LIMIT,
    error: () => errorAt(model, nearest(goldenCalls(HEAD), S), 'start_logits'),
    run: () => model(inputs),
  });
  await model.dispose();
  if (!figure) throw new Error(`Cannot guard the forward pass: found an error of ${error}`);
  return ofPeak(machine, passFlops(S), figure);
}

/** A figure in milliseconds for so many flops -> the same as a share of the peak. */
function ofPeak({ peak }: Machine, flops: number, figure: Figure): Figure {
  const share = (ms: number) => flops / ms / 1e6 / peak;
  const [value, low, high] = [figure.value, figure.high, figure.low].map(share);
  return { ...figure, value, low, high };
}

function exactly(value: number): Figure {
  return { value, low: value, high: value, spread: 0, samples: 1, isNoisy: false };
}

function millions(count: number): string {
  return `${(count / 1e6).toFixed(1)} M`;
}
