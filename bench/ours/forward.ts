/**
 * How long does a forward pass of the released size take, from ids in JavaScript to logits in
 * JavaScript? Weights are the hashed ones of test/golden/full, which holds Hugging Face's float64
 * outputs.
 */
import type { PreTrainedModel } from '../../src/models/pretrained-model.ts';
import {
  type Column,
  digits,
  head,
  line,
  percent,
  scientific,
  spreadOf,
} from '../support/table.js';
import {
  DTYPES,
  type Dtype,
  errorAt,
  goldenCalls,
  inputsOf,
  loadHashed,
  nearest,
  passFlops,
} from './full-size.ts';
import type { Machine } from './harness.ts';
import type { Report } from './result.ts';
import { LENGTHS } from './shapes.ts';
import { attempt } from './trial.ts';

const HEAD = 'MobileBertForQuestionAnswering';

const COLUMNS: Column[] = [
  { title: '', width: 16, isText: true },
  { title: 'checked at', width: 10 },
  { title: 'max error', width: 9 },
  { title: 'ms', width: 8 },
  { title: 'tokens/s', width: 9 },
  { title: 'GFLOP/s', width: 8 },
  { title: 'of peak', width: 8 },
  { title: 'spread', width: 9 },
];

/** Prints one table for every dtype, one row for every length. */
export async function benchForward(machine: Machine, report: Report): Promise<void> {
  for (const dtype of Object.keys(DTYPES) as Dtype[]) {
    const lengths = LENGTHS.filter((S) => machine.selection.has(`${dtype}: S = ${S}`));
    if (lengths.length === 0) continue;
    const model = await loadHashed(HEAD, machine, dtype);
    const { build } = await model.info();
    console.log(`\n${head(COLUMNS, `${dtype}, ${build}`)}`);
    for (const S of lengths) await benchLength(machine, report, model, dtype, S);
    await model.dispose();
  }
}

async function benchLength(
  machine: Machine,
  report: Report,
  model: PreTrainedModel,
  dtype: Dtype,
  S: number,
): Promise<void> {
  const call = nearest(goldenCalls(HEAD), S);
  const inputs = inputsOf(S);
  const { error, figure } = await attempt(machine, {
    limit: DTYPES[dtype],
    error: () => errorAt(model, call, 'start_logits'),
    run: () => model(inputs),
  });
  const start = [`S = ${S}`, `${call.length} tokens`, scientific(error)];
  if (!figure) {
    console.log(line(COLUMNS, [...start, 'WRONG']));
    return;
  }
  report.add(dtype === 'fp32' ? `S = ${S}` : `${dtype}: S = ${S}`, figure, { error, at: S });
  const rate = passFlops(S) / figure.value / 1e6;
  const cells = [
    ...[...start, digits(figure.value), ((1000 * S) / figure.value).toFixed(0)],
    // The peak is one of float32.
    ...[rate.toFixed(1), dtype === 'fp32' ? percent(rate / machine.peak) : '', spreadOf(figure)],
  ];
  console.log(line(COLUMNS, cells));
}
