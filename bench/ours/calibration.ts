/**
 * What does calibration gain, and what does it cost? In: the model of the released size with hashed
 * weights, plain, with outlier channels, and with a token of massive activations. Out: relative L2
 * errors of logits, at the goldens' lengths against Hugging Face's float64 and over other texts
 * against this package's fp32; time and memory. The model with a massive token is another function
 * than the goldens': fp32 is its judge throughout, and rows of its last hidden state are looked at
 * too.
 */
import process from 'node:process';
import { calibration } from '../../src/calibration/calibrate.ts';
import { largestError } from '../../src/conversion/probes.ts';
import type { PreTrainedModel } from '../../src/models/pretrained-model.ts';
import { relativeL2 } from '../../test/support/close.ts';
import {
  type FullCall,
  fullConfig,
  hashedIds,
  hashedSafetensors,
} from '../../test/support/hashed-weights.ts';
import type { MassiveToken } from '../../test/support/massive-token.ts';
import type { Outliers } from '../../test/support/outliers.ts';
import { type Column, head, line } from '../support/table.js';
import { classes, goldenCalls, type Head } from './full-size.ts';
import type { Machine } from './harness.ts';
import type { Report } from './result.ts';

const HEADS: readonly Head[] = [
  'MobileBertForQuestionAnswering',
  'MobileBertForSequenceClassification',
];

/** A kind of checkpoint. */
interface Kind {
  readonly name: string;
  readonly outliers?: Outliers;
  readonly token?: MassiveToken;
}

const KINDS: readonly Kind[] = [
  { name: 'plain' },
  {
    name: 'outliers',
    outliers: new Map([
      [7, 70],
      [100, 600],
      [333, 4096],
      [500, 3000],
    ]),
  },
  {
    name: 'token',
    token: {
      channels: new Map([
        [5, 3e6],
        [77, -8e4],
        [300, 1.6e5],
      ]),
      reading: 0.3,
    },
  },
];

/** Lengths of the other texts, and the number of texts of each length. */
const OTHERS = [7, 16, 32, 128];
const TEXTS = 24;

const LENGTHS = [7, 32, 128];

const COLUMNS: Column[] = [
  { title: '', width: 18, isText: true },
  { title: 'weights', width: 11, isText: true },
  { title: 'logits', width: 13, isText: true },
  ...LENGTHS.map((length) => ({ title: `${length} tokens`, width: 10 })),
  { title: `${TEXTS * OTHERS.length} texts`, width: 10 },
];

/** Prints a table for every head, and the time of its calibration. */
export async function benchCalibration(_: Machine, report: Report): Promise<void> {
  for (const name of HEADS) {
    console.log(`\n${head(COLUMNS, name.slice('MobileBertFor'.length))}`);
    for (const kind of KINDS) await compareWeights(name, kind, report);
  }
}

async function compareWeights(name: Head, kind: Kind, report: Report) {
  const { outliers, token } = kind;
  const config = fullConfig(name);
  const Class = classes[name] as typeof classes.MobileBertForQuestionAnswering;
  const load = async (weights: Record<string, Blob>, dtype: string): Promise<PreTrainedModel> => {
    const model = await Class.from_pretrained({ 'config.json': config, ...weights }, { dtype });
    return model as unknown as PreTrainedModel;
  };
  const checkpoint = {
    'model.safetensors': new Blob([...hashedSafetensors(name, outliers, token)]),
  };
  const exact = await load(checkpoint, 'fp32');
  const expected = await answers(exact, token);
  const calls = token ? await callsOf(exact, token) : goldenCalls(name);
  const print = async (dtype: string, weights: string, model: PreTrainedModel) => {
    const errors = await errorsOf(model, calls, expected, token);
    for (const [logits, cells] of errors) {
      console.log(line(COLUMNS, [`${kind.name} ${dtype}`, weights, logits, ...cells]));
    }
  };
  const model = await load(checkpoint, 'q8');
  await print('q8', 'nearest', model);
  await print('q8-fast', 'nearest', await load(checkpoint, 'q8-fast'));
  const start = performance.now();
  await model.calibrate(exact, calibration());
  const seconds = (performance.now() - start) / 1000;
  await print('q8', 'calibrated', model);
  const packed = { 'model.q8.safetensors': new Blob(copies(await model.packed())) };
  await print('q8-fast', 'calibrated', await load(packed, 'q8-fast'));
  const megabytes = process.resourceUsage().maxRSS / 1e3;
  console.log(
    `${kind.name}: ${seconds.toFixed(0)} s, at most ${megabytes.toFixed(0)} MB of memory so far`,
  );
  report.addExact(`${name} ${kind.name}`, 'ms', Math.round(1000 * seconds));
}

/** A call, and what it must give. */
type Call = Pick<FullCall, 'length' | 'inputs'> & {
  readonly outputs: ReadonlyMap<string, { readonly data: ArrayLike<number> | BigInt64Array }>;
};

/** Calls of the goldens' lengths, and what the exact model gives. */
async function callsOf(exact: PreTrainedModel, token: MassiveToken): Promise<Call[]> {
  return Promise.all(
    LENGTHS.map(async (length) => {
      const ids = BigInt64Array.from(hashedIds(length), BigInt);
      const inputs: Call['inputs'] = new Map([['input_ids', { shape: [1, length], data: ids }]]);
      const found = await partsOf(exact, { input_ids: [hashedIds(length)] }, token);
      const outputs = new Map([...found].map(([key, data]) => [key, { data }]));
      return { length, inputs, outputs };
    }),
  );
}

/** Errors in percent by output, at the goldens' lengths and over the other texts. */
async function errorsOf(
  model: PreTrainedModel,
  calls: readonly Call[],
  expected: readonly Map<string, Float32Array>[],
  token: MassiveToken | undefined,
): Promise<Map<string, string[]>> {
  const rows = new Map<string, string[]>();
  for (const call of calls.filter(({ length }) => LENGTHS.includes(length))) {
    const tensors = [...call.inputs].map(([key, { data, shape }]) => [key, { data, dims: shape }]);
    const found = await partsOf(model, Object.fromEntries(tensors), token);
    for (const [output, { data }] of call.outputs) {
      const error = relativeL2(found.get(output)!, data as ArrayLike<number>);
      rows.set(output, [...(rows.get(output) ?? []), inPercent(error)]);
    }
  }
  const found = await answers(model, token);
  for (const [output, cells] of rows) {
    const only = (all: readonly Map<string, Float32Array>[]) =>
      all.map((answer) => new Map([[output, answer.get(output)!]]));
    cells.push(inPercent(largestError(only(found), only(expected))));
  }
  return rows;
}

async function answers(
  model: PreTrainedModel,
  token: MassiveToken | undefined,
): Promise<Map<string, Float32Array>[]> {
  const all: Map<string, Float32Array>[] = [];
  for (const length of OTHERS) {
    for (let i = 1; i <= TEXTS; i++) {
      const ids = hashedIds(length + 1000 * i).slice(0, length);
      const types = ids.map((_, at) => Number(2 * at >= length));
      all.push(await partsOf(model, { input_ids: [ids], token_type_ids: [types] }, token));
    }
  }
  return all;
}

/**
 * Logits of one text. With a massive token also the last hidden state's other rows, and ordinary
 * channels of its first.
 */
async function partsOf(
  model: PreTrainedModel,
  inputs: object,
  token: MassiveToken | undefined,
): Promise<Map<string, Float32Array>> {
  const outputs = await model({ ...inputs, output_hidden_states: token !== undefined } as never);
  const logits = Object.entries(outputs).filter(([key]) => key.endsWith('logits'));
  const parts = new Map(logits.map(([key, { data }]) => [key, data as Float32Array]));
  if (!token) return parts;
  const hidden = outputs.hidden_states!.at(-1)!.data as Float32Array;
  const first = hidden.slice(0, model.config.hidden_size);
  parts.set('other tokens', hidden.slice(first.length));
  parts.set(
    'first token',
    first.filter((_, channel) => !token.channels.has(channel)),
  );
  return parts;
}

function copies(chunks: Iterable<Uint8Array>): Uint8Array<ArrayBuffer>[] {
  return Array.from(chunks, (chunk) => Uint8Array.from(chunk));
}

function inPercent(error: number): string {
  return `${(100 * error).toFixed(2)} %`;
}
