/**
 * How near are MobileBERT's products to the machine's peak? Times every product of a forward pass
 * through ops/linear, with its epilogue in the model. Operands lie in cache, so kernels are
 * measured, not memory.
 */
import { add, linear, type Matrix, map, noNorm, rowsOf } from '../../test/reference/ops.ts';
import type { Frame } from '../../test/support/kernels.ts';
import { random } from '../../test/support/random.ts';
import { cutRows, linearRecord, normRecord, padRows } from '../../test/support/records.ts';
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
import { flopsOf, LENGTHS, type Shape, shapesOf } from './shapes.ts';
import { attempt, inFrame, largestError, type Result, type Trial } from './trial.ts';

/** Largest error of float32 sums of up to 512 products, as a part of the largest result. */
const LIMIT = 2e-6;

const COLUMNS: Column[] = [
  { title: '', width: 25, isText: true },
  { title: 'M x N <- K', width: 15 },
  { title: 'times', width: 5 },
  { title: 'max error', width: 9 },
  { title: 'us', width: 7 },
  { title: 'GFLOP/s', width: 7 },
  { title: 'of peak', width: 7 },
  { title: 'spread', width: 8 },
];

/** Prints one table for every length. */
export async function benchKernels(machine: Machine, report: Report): Promise<void> {
  for (const S of LENGTHS) {
    const nameOf = (shape: Shape) => `S = ${S}: ${shape.name}`;
    const shapes = shapesOf(S).filter((shape) => machine.selection.has(nameOf(shape)));
    if (shapes.length === 0) continue;
    console.log(`\n${head(COLUMNS, `products, S = ${S}`)}`);
    let total = 0;
    let flops = 0;
    let isNoisy = false;
    for (const shape of shapes) {
      const result = await inFrame(machine, (frame, exports) =>
        attempt(machine, product(frame, exports, shape)),
      );
      console.log(line(COLUMNS, cells(machine, shape, result)));
      if (result.figure) {
        report.add(nameOf(shape), result.figure, { error: result.error, at: S });
      }
      total += shape.times * (result.figure?.value ?? Number.NaN);
      flops += shape.times * flopsOf(shape);
      isNoisy ||= result.figure?.isNoisy ?? false;
    }
    if (machine.selection.isAll) console.log(line(COLUMNS, totals(machine, total, flops, isNoisy)));
  }
}

function cells(machine: Machine, shape: Shape, { error, figure }: Result): string[] {
  const { name, rows, inputs, outputs, times } = shape;
  const start = [name, `${rows} x ${outputs} <- ${inputs}`, `${times}`, scientific(error)];
  if (!figure) return [...start, 'WRONG'];
  const rate = flopsOf(shape) / figure.value / 1e6;
  return [
    ...start,
    digits(figure.value * 1000),
    rate.toFixed(1),
    percent(rate / machine.peak),
    spreadOf(figure),
  ];
}

/** The last row of the table; without figures where a product was wrong. */
function totals(machine: Machine, ms: number, flops: number, isNoisy: boolean): string[] {
  if (Number.isNaN(ms)) return ['a forward pass', '', '', '', 'WRONG'];
  const rate = flops / ms / 1e6;
  const share = percent(rate / machine.peak);
  const mark = isNoisy ? '~' : '';
  return ['a forward pass', '', '', '', digits(ms * 1000), rate.toFixed(1), share, mark];
}

/** A trial of the product with its own operands: unit normals, weights over sqrt(K). */
export function product(frame: Frame, exports: TestingExports, shape: Shape): Trial {
  const { rows, inputs, outputs, behind } = shape;
  const numbers = random(inputs + outputs);
  const x = numbers.normals(rows * inputs);
  const weight = numbers.normals(outputs * inputs, 0, inputs ** -0.5);
  const [bias, scale, shift] = [0, 1, 2].map(() => numbers.normals(outputs));
  const residual = numbers.normals(rows * outputs);

  const stride = padRows(residual, outputs).length / rows;
  const y = frame.output(rows * stride);
  const from = frame.input(padRows(x, inputs));
  const xBytes = (4 * padRows(x, inputs).length) / rows;
  const w = linearRecord(frame, weight, bias, inputs, xBytes);
  const pass = exports.emptyPass();
  const n = normRecord(frame, 'no_norm', scale, shift, 1e-12);
  const r = frame.input(padRows(residual, outputs));
  const run = {
    nothing: () => exports.linear(pass, w, y, from, rows, false),
    relu: () => exports.linearActivation(pass, w, y, from, rows, 0),
    norm: () => exports.linearNorm(pass, w, n, y, from, rows, false),
    'residual norm': () => exports.linearResidualNorm(pass, w, n, y, from, rows, r),
  }[behind];

  const error = () => {
    run();
    const product = linear(rowsOf(x, inputs), rowsOf(weight, inputs), bias);
    const finish: Record<typeof behind, () => Matrix> = {
      nothing: () => product,
      relu: () => map(product, (value) => Math.max(value, 0)),
      norm: () => noNorm(product, scale, shift),
      'residual norm': () => noNorm(add(product, rowsOf(residual, outputs)), scale, shift),
    };
    const found = cutRows(frame.read(y, rows * stride), outputs, stride);
    return largestError(
      found,
      finish[behind]().flatMap((row) => Array.from(row)),
    );
  };
  return { limit: LIMIT, error, run };
}
