/** The full-size model with small weights: accuracy with and without outliers, bits, memory. */
import { describe, expect, it } from 'vitest';
import type { Variant } from '../../../../src/engine/build.ts';
import { MobileBertForSequenceClassification } from '../../../../src/models/heads/classification.ts';
import { MobileBertForQuestionAnswering } from '../../../../src/models/heads/question-answering.ts';
import type { Tensor } from '../../../../src/tensor/tensor.ts';
import { relativeL2 } from '../../../support/close.ts';
import {
  type FullCall,
  type FullHead,
  fullConfig,
  hashedSafetensors,
  loadFull,
} from '../../../support/hashed-weights.ts';
import type { Outliers } from '../../../support/outliers.ts';

const classes = { MobileBertForQuestionAnswering, MobileBertForSequenceClassification };
const heads = Object.keys(classes) as (keyof typeof classes)[];
const { calls } = loadFull();

const PLAIN: Outliers = new Map();
/**
 * Powers of two change no digit of a weight or an activation, so no bit of an answer may change.
 */
const POWERS: Outliers = new Map([
  [7, 64],
  [100, 512],
  [333, 4096],
]);
const OTHERS: Outliers = new Map([
  [7, 70],
  [100, 600],
  [333, 4096],
  [500, 3000],
]);

/**
 * Largest relative L2 of logits at 7, 32 and 128 tokens. Rounding all of these weights to eight
 * bits per output channel costs 0.8 to 2.5 % in exact arithmetic (docs/accuracy.md).
 */
const BOUNDS = { q8: 0.018, 'q8-fast': 0.03, fp16: 0.002 } as const;

/**
 * FNV-1a over the bits of q8's start and end logits at 7 and 32 tokens: the same on every engine.
 */
const CHECKSUM = 1_846_858_350;

describe.each(heads)('%s with small weights', (head) => {
  it.each([
    ['q8', 'no outliers', PLAIN],
    ['q8', 'four outliers', OTHERS],
    ['q8-fast', 'no outliers', PLAIN],
    ['q8-fast', 'four outliers', OTHERS],
    ['fp16', 'no outliers', PLAIN],
    ['fp16', 'four outliers', OTHERS],
  ] as const)('%s keeps its bound with %s', async (dtype, _, outliers) => {
    for (const { error, label } of errors(await answers(head, dtype, outliers))) {
      expect(error, label).toBeLessThanOrEqual(BOUNDS[dtype]);
    }
  });
});

describe('q8', () => {
  it('gives the same bits with outliers that are powers of two, and on every engine', async () => {
    const plain = await answers('MobileBertForQuestionAnswering', 'q8', PLAIN);
    const carried = await answers('MobileBertForQuestionAnswering', 'q8', POWERS);
    expect(checksum(carried)).toBe(checksum(plain));
    expect(checksum(plain)).toBe(CHECKSUM);
    // Whichever build that was, the baseline gives the same.
    const baseline = await answers('MobileBertForQuestionAnswering', 'q8', PLAIN, 'simd');
    expect(checksum(baseline)).toBe(CHECKSUM);
  });

  it.each(heads)('takes at most 27 MB for weights and 40 MB for 384 tokens: %s', async (head) => {
    const model = await load(head, 'q8', PLAIN);
    await model({ input_ids: [Array.from({ length: 384 }, (_, i) => 1000 + i)] });
    const { memory } = await model.info();
    expect(memory.weights).toBeLessThanOrEqual(27e6);
    expect(memory.total).toBeLessThanOrEqual(40e6);
  });

  it('is a file of at most 26 MB, pooler included', async () => {
    const model = await load('MobileBertForSequenceClassification', 'q8', PLAIN);
    let bytes = 0;
    for (const chunk of await model.packed()) bytes += chunk.length;
    expect(bytes).toBeLessThanOrEqual(26e6);
  });
});

interface Answer {
  readonly call: FullCall;
  readonly outputs: Map<string, Tensor>;
}

function load(head: keyof typeof classes, dtype: string, outliers: Outliers, variant?: Variant) {
  const weights = streamOf(hashedSafetensors(head, outliers));
  const files = { 'config.json': fullConfig(head as FullHead), 'model.safetensors': weights };
  const Class = classes[head] as typeof MobileBertForQuestionAnswering;
  return Class.from_pretrained(files, { dtype, variant });
}

async function answers(
  head: keyof typeof classes,
  dtype: string,
  outliers: Outliers,
  variant?: Variant,
) {
  const model = await load(head, dtype, outliers, variant);
  const all: Answer[] = [];
  for (const call of calls.filter((own) => own.head === head && own.length <= 128)) {
    const tensors = [...call.inputs].map(([name, { data, shape }]) => [
      name,
      { data, dims: shape },
    ]);
    const outputs = await model(Object.fromEntries(tensors));
    all.push({ call, outputs: new Map(Object.entries(outputs) as [string, Tensor][]) });
  }
  await model.dispose();
  return all;
}

function errors(all: readonly Answer[]): { error: number; label: string }[] {
  return all.flatMap(({ call, outputs }) =>
    [...call.outputs].map(([name, { data }]) => ({
      error: relativeL2(outputs.get(name)!.data as Float32Array, data as Float64Array),
      label: `${name} at ${call.length} tokens`,
    })),
  );
}

function checksum(all: readonly Answer[]): number {
  let hash = 0x811c9dc5;
  for (const { call, outputs } of all) {
    for (const name of call.outputs.keys()) {
      const bits = new Uint8Array((outputs.get(name)!.data as Float32Array).slice().buffer);
      for (const byte of bits) hash = Math.imul(hash ^ byte, 0x01000193);
    }
  }
  return hash >>> 0;
}

function streamOf(chunks: Iterator<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const { value, done } = chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}
