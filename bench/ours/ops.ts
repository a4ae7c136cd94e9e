/**
 * What do operations other than products cost? Softmax, norms, activations, packing, and a layer's
 * whole attention.
 */
import { gelu, geluNew, silu } from '../../test/reference/activations.ts';
import { type Column, digits, head, line, scientific, spreadOf } from '../support/table.js';
import type { Machine } from './harness.ts';
import {
  activationTrial,
  attentionTrial,
  type MakeTrial,
  normTrial,
  packKeysTrial,
  packValuesTrial,
  softmaxTrial,
  wordAttentionTrial,
} from './ops-trials.ts';
import type { Report } from './result.ts';
import { HEAD_SIZE, HEADS, HIDDEN, LENGTHS } from './shapes.ts';
import { attempt, inFrame, type Result } from './trial.ts';

/** An op on one sequence of S tokens. */
interface Op {
  readonly name: string;
  readonly make: MakeTrial;
  /** Extents of its input; [S,H] by default. */
  readonly extents?: (S: number) => number[];
  /** Multiplications and additions of an op that consists of products. */
  readonly flops?: (S: number) => number;
}

const OPS: Op[] = [
  { name: 'softmax of one head', make: softmaxTrial, extents: (S) => [S, S] },
  { name: 'pack keys of one head', make: packKeysTrial, extents: (S) => [S, HEAD_SIZE] },
  { name: 'pack values of one head', make: packValuesTrial, extents: (S) => [S, HEAD_SIZE] },
  {
    name: 'attention of one layer',
    make: attentionTrial,
    extents: (S) => [HEADS, S, S, HEAD_SIZE],
    flops: (S) => 4 * HEADS * S * S * HEAD_SIZE,
  },
  {
    name: 'the same in words (q8)',
    make: wordAttentionTrial,
    extents: (S) => [HEADS, S, S, HEAD_SIZE],
    flops: (S) => 4 * HEADS * S * S * HEAD_SIZE,
  },
  { name: 'NoNorm', make: normTrial('no_norm') },
  { name: 'LayerNorm', make: normTrial('layer_norm') },
  { name: 'gelu', make: activationTrial(1, gelu) },
  { name: 'silu', make: activationTrial(2, silu) },
  { name: 'gelu_new', make: activationTrial(3, geluNew) },
  { name: 'tanh', make: activationTrial(4, Math.tanh) },
];

const COLUMNS: Column[] = [
  { title: '', width: 25, isText: true },
  { title: 'extents', width: 18 },
  { title: 'max error', width: 9 },
  { title: 'us', width: 8 },
  { title: 'elements/ns', width: 11 },
  { title: 'GFLOP/s', width: 7 },
  { title: 'spread', width: 8 },
];

/** Prints one table for every length. */
export async function benchOps(machine: Machine, report: Report): Promise<void> {
  for (const S of LENGTHS) {
    const nameOf = (op: Op) => `S = ${S}: ${op.name}`;
    const ops = OPS.filter((op) => machine.selection.has(nameOf(op)));
    if (ops.length === 0) continue;
    console.log(`\n${head(COLUMNS, `ops, S = ${S}`)}`);
    for (const op of ops) {
      const result = await inFrame(machine, (frame, exports) =>
        attempt(machine, op.make(frame, exports, S)),
      );
      console.log(line(COLUMNS, cells(op, S, result)));
      if (result.figure) {
        report.add(nameOf(op), result.figure, { error: result.error, at: S });
      }
    }
  }
}

function cells(op: Op, S: number, { error, figure }: Result): string[] {
  const extents = op.extents?.(S) ?? [S, HIDDEN];
  const start = [op.name, extents.join(' x '), scientific(error)];
  if (!figure) return [...start, 'WRONG'];
  const nanoseconds = figure.value * 1e6;
  const elements = extents.reduce((product, extent) => product * extent, 1);
  const rates = op.flops
    ? ['', (op.flops(S) / nanoseconds).toFixed(1)]
    : [digits(elements / nanoseconds), ''];
  return [...start, digits(figure.value * 1000), ...rates, spreadOf(figure)];
}
