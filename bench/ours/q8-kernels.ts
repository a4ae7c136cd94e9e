/**
 * How near are integer products to the machine's peak of dot products? MobileBERT's three shapes,
 * rows of 16 and of 8 bits, quantised beforehand. Operands lie in cache.
 */
import type { Frame } from '../../test/support/kernels.ts';
import { NR } from '../../test/support/panels.ts';
import { type Form, formsOf, q8Depth, q8Row } from '../../test/support/q8-rows.ts';
import { random } from '../../test/support/random.ts';
import type { TestingExports } from '../../test/support/testing-exports.ts';
import {
  type Column,
  digits,
  head,
  line,
  percent,
  scientific,
  spreadOf,
} from '../support/table.js';
import type { Machine } from './harness.ts';
import type { Report } from './result.ts';
import { attempt, inFrame, largestError, type Trial } from './trial.ts';

/** [K, N] */
const SHAPES = [
  [512, 128],
  [128, 512],
  [128, 128],
] as const;
const ROWS = [8, 64] as const;

/** Sums are exact; two roundings of float32 follow. */
const LIMIT = 3e-7;
const PEAK_TURNS = 20_000;
/** Lanes of the ten accumulators of `peakDot`. */
const PEAK_LANES = 40;

const COLUMNS: Column[] = [
  { title: '', width: 25, isText: true },
  { title: 'M x N <- K', width: 15 },
  { title: 'max error', width: 9 },
  { title: 'us', width: 7 },
  { title: 'GOP/s', width: 7 },
  { title: 'of peak', width: 7 },
  { title: 'spread', width: 8 },
];

/** Prints one table. */
export async function benchQ8Kernels(machine: Machine, report: Report): Promise<void> {
  const { exports } = machine.kernels;
  const { hasDot, hasByteRows } = machine.build;
  const factors = exports.allocate(128);
  const samples = await machine.sample([() => exports.peakDot(PEAK_TURNS, factors)]);
  const opsOfDot = hasDot ? 8 : 4;
  const fastest = Math.min(...samples.map(({ ms }) => ms[0]));
  const peak = (PEAK_TURNS * PEAK_LANES * opsOfDot) / fastest / 1e6;
  const title = `q8, peak ${peak.toFixed(0)} GOP/s`;
  console.log(`\n${head(COLUMNS, title)}`);
  for (const rows of ROWS) {
    for (const form of formsOf(hasByteRows).filter(({ name }) => name !== 'UpperI8')) {
      for (const [K, N] of SHAPES) {
        const name = `rows of ${form.name.toLowerCase()}`;
        if (!machine.selection.has(`q8, ${name}: ${rows} x ${N} <- ${K}`)) continue;
        const { error, figure } = await inFrame(machine, (frame) =>
          attempt(machine, productTrial(frame, exports, { rows, K, N, form, hasDot })),
        );
        const start = [name, `${rows} x ${N} <- ${K}`, scientific(error)];
        if (!figure) {
          console.log(line(COLUMNS, [...start, 'WRONG']));
          continue;
        }
        report.add(`q8, ${name}: ${rows} x ${N} <- ${K}`, figure, { error });
        const planes = hasDot ? form.planes : 1;
        const rate = (2 * rows * K * N) / figure.value / 1e6;
        const share = percent((planes * rate) / peak);
        const cells = [digits(figure.value * 1000), rate.toFixed(0), share, spreadOf(figure)];
        console.log(line(COLUMNS, [...start, ...cells]));
      }
    }
  }
}

interface Product {
  readonly rows: number;
  readonly K: number;
  readonly N: number;
  readonly form: Form;
  readonly hasDot: boolean;
}

function productTrial(frame: Frame, exports: TestingExports, product: Product): Trial {
  const { rows, K, N, form, hasDot } = product;
  const numbers = random(rows + K + N);
  const a = numbers.integers(rows * K, form.lowest, form.highest + 1);
  const b = numbers.integers(N * K, -127, 128);
  const aBytes = 2 * q8Depth(K);
  const operand = new Uint8Array(rows * aBytes);
  for (let m = 0; m < rows; m++) {
    operand.set(q8Row(form, a.subarray(m * K, (m + 1) * K), hasDot), m * aBytes);
  }
  const panelBytes = 64 + 8 * q8Depth(K);
  const panels = frame.input(panelsOf(b, N, K, panelBytes));
  const starts = frame.inout(new Int32Array(N));
  const isOffset = hasDot && form.isOffset;
  for (let p = 0; isOffset && p < N / NR; p++) {
    exports.q8Starts(starts + 4 * NR * p, panels + panelBytes * p, K);
  }
  const c = frame.output(rows * N);
  const rowScales = frame.input(new Float32Array(rows).fill(1));
  const from = frame.input(operand);
  const scratch = frame.output(exports.q8ScratchBytes(K) / 4);
  const planes = hasDot ? form.planes : 1;
  // biome-ignore format: extents and strides together
  const run = () => {
    exports.q8GemmNr8(c, 4 * N, from, aBytes, rowScales, panels, rows, N, K, planes, starts, scratch);
  };
  const error = () => {
    run();
    return largestError(frame.read(c, rows * N), sumsOf(a, b, product));
  };
  return { limit: LIMIT, error, run };
}

/** Scales of 1, biases of 0. */
function panelsOf(b: Int32Array, N: number, K: number, panelBytes: number): Uint8Array {
  const panels = new Uint8Array((N / NR) * panelBytes);
  const view = new DataView(panels.buffer);
  for (let n = 0; n < N; n++) {
    const panel = Math.floor(n / NR) * panelBytes;
    const lane = n % NR;
    view.setFloat32(panel + 32 + 4 * lane, 1, true);
    for (let k = 0; k < K; k++) {
      view.setInt8(panel + 64 + 32 * (k >> 2) + 4 * lane + (k & 3), b[n * K + k]);
    }
  }
  return panels;
}

function sumsOf(a: Int32Array, b: Int32Array, { rows, K, N }: Product): Float64Array {
  const sums = new Float64Array(rows * N);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += a[m * K + k] * b[n * K + k];
      sums[m * N + n] = sum;
    }
  }
  return sums;
}
