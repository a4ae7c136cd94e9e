/**
 * How long is a forward pass of the released model's size, from ids in JavaScript to logits in
 * JavaScript? Weights are hashed ones, as in test/golden/full; the answers of Hugging Face's
 * float64 lie there.
 */
import { MobileBertForQuestionAnswering } from '../src/models/question-answering.ts';
import {
  type FullCall,
  fullConfig,
  hashedIds,
  hashedSafetensors,
  loadFull,
} from '../test/support/hashed-weights.ts';
import type { Machine } from './harness.ts';
import { flopsOf, LENGTHS, shapesOf } from './shapes.ts';
import { type Column, digits, head, line, percent, scientific } from './table.ts';
import { attempt, largestError, type Trial } from './trial.ts';

const HEAD = 'MobileBertForQuestionAnswering';
/** The largest error of a logit, as a part of the largest logit. */
const LIMIT = 1e-5;

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
export async function benchForward(machine: Machine): Promise<void> {
  const { name } = machine.build;
  if (name === 'debug')
    throw new RangeError('Cannot bench forward: a debug build is never shipped');
  const weights = new Blob([...hashedSafetensors(HEAD)]);
  const files = { 'config.json': fullConfig(HEAD), 'model.safetensors': weights };
  const model = await MobileBertForQuestionAnswering.from_pretrained(files, { variant: name });
  const calls = loadFull().calls.filter((call) => call.head === HEAD);
  console.log(`\n${head(COLUMNS, 'forward pass')}`);
  for (const S of LENGTHS) {
    const call = nearest(calls, S);
    const { error, figure } = await attempt(machine, trialOf(model, call, S));
    const start = [`S = ${S}`, `${call.length} tokens`, scientific(error)];
    if (!figure) {
      console.log(line(COLUMNS, [...start, 'WRONG']));
      continue;
    }
    const flops = shapesOf(S).reduce((sum, shape) => sum + shape.times * flopsOf(shape), 0);
    const rate = flops / figure.ms / 1e6;
    const cells = [
      ...[...start, digits(figure.ms), ((1000 * S) / figure.ms).toFixed(0)],
      ...[rate.toFixed(1), percent(rate / machine.peak)],
      `${percent(figure.spread)}${figure.isNoisy ? ' ~' : '  '}`,
    ];
    console.log(line(COLUMNS, cells));
  }
  await model.dispose();
}

/** The golden call whose length is nearest to S. */
function nearest(calls: readonly FullCall[], S: number): FullCall {
  return calls.reduce((best, call) =>
    Math.abs(call.length - S) < Math.abs(best.length - S) ? call : best,
  );
}

function trialOf(model: MobileBertForQuestionAnswering, call: FullCall, S: number): Trial {
  const inputs = { input_ids: [hashedIds(S)] };
  const error = async () => {
    const tensors = [...call.inputs].map(([name, { data, shape }]) => [
      name,
      { data, dims: shape },
    ]);
    const outputs = await model(Object.fromEntries(tensors));
    const found = outputs.start_logits.data as Float32Array;
    return largestError(found, call.outputs.get('start_logits')!.data as Float64Array);
  };
  return { limit: LIMIT, error, run: () => model(inputs) };
}
