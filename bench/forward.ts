/**
 * How long is a forward pass of the released model's size, from ids in JavaScript to logits in
 * JavaScript? Weights are hashed ones, as in test/golden/full; the answers of Hugging Face's
 * float64 lie there.
 */
import {
  errorAt,
  goldenCalls,
  inputsOf,
  LIMIT,
  loadHashed,
  nearest,
  passFlops,
} from './full-size.ts';
import type { Machine } from './harness.ts';
import type { Report } from './result.ts';
import { LENGTHS } from './shapes.ts';
import { type Column, digits, head, line, percent, scientific, spreadOf } from './table.ts';
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

/** Prints one row for every length. */
export async function benchForward(machine: Machine, report: Report): Promise<void> {
  const model = await loadHashed(HEAD, machine);
  const calls = goldenCalls(HEAD);
  console.log(`\n${head(COLUMNS, 'forward pass')}`);
  for (const S of LENGTHS) {
    const call = nearest(calls, S);
    const inputs = inputsOf(S);
    const { error, figure } = await attempt(machine, {
      limit: LIMIT,
      error: () => errorAt(model, call, 'start_logits'),
      run: () => model(inputs),
    });
    const start = [`S = ${S}`, `${call.length} tokens`, scientific(error)];
    if (!figure) {
      console.log(line(COLUMNS, [...start, 'WRONG']));
      continue;
    }
    report.add(`S = ${S}`, figure, { error, at: S });
    const rate = passFlops(S) / figure.value / 1e6;
    const cells = [
      ...[...start, digits(figure.value), ((1000 * S) / figure.value).toFixed(0)],
      ...[rate.toFixed(1), percent(rate / machine.peak), spreadOf(figure)],
    ];
    console.log(line(COLUMNS, cells));
  }
  await model.dispose();
}
