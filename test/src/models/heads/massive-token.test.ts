/**
 * The full-size model with a token of massive activations, as in released weights: every dtype
 * against the float64 reference. Rows of the other tokens, and ordinary channels of the first
 * token, are looked at by themselves: massive numbers would hide them in a common norm.
 */
import { describe, expect, it } from 'vitest';
import { MobileBertForQuestionAnswering } from '../../../../src/models/heads/question-answering.ts';
import type { Tensor } from '../../../../src/tensor/tensor.ts';
import { runTwin } from '../../../reference/heads.ts';
import { relativeL2 } from '../../../support/close.ts';
import {
  fullConfig,
  hashedIds,
  hashedSafetensors,
  hashedWeights,
} from '../../../support/hashed-weights.ts';
import type { MassiveToken } from '../../../support/massive-token.ts';

const HEAD = 'MobileBertForQuestionAnswering';
const LAYERS = 24;
const H = 512;
const ids = hashedIds(7);

const THREE = [
  [5, 3e6],
  [77, -8e4],
  [300, 1.6e5],
] as const;

const TOKENS: Readonly<Record<string, MassiveToken>> = {
  'three massive channels': { channels: new Map(THREE), reading: 0.3 },
  'eight massive channels of 1e4 to 2.4e7': {
    channels: new Map([...THREE, [9, -2.4e7], [10, 3e4], [200, 1.1e4], [401, -5e5], [511, 2e4]]),
    reading: 0.1,
  },
  'values that read ten times as much of them as bottlenecks': {
    channels: new Map(THREE),
    reading: 0.1,
    valueReading: 1,
  },
  'values that read a thirtieth of what bottlenecks read': {
    channels: new Map(THREE),
    reading: 0.3,
    valueReading: 0.01,
  },
};

/** Largest relative L2 error of any part: what ordinary checkpoints have (docs/accuracy.md). */
const BOUNDS = { fp32: 1e-5, fp16: 0.002, q8: 0.018, 'q8-fast': 0.03 } as const;
type Dtype = keyof typeof BOUNDS;

describe.each(Object.keys(TOKENS))('MobileBERT with %s', (name) => {
  const token = TOKENS[name]!;
  const exact = runTwin({
    head: HEAD,
    config: fullConfig(HEAD),
    weights: hashedWeights(HEAD, token),
    inputs: new Map([
      ['input_ids', { shape: [1, ids.length], data: ids }],
      ['output_hidden_states', { shape: [], data: [1] }],
    ]),
  });
  const expected = partsOf(
    (output) => exact.get(output)!.data,
    exact.get(`hidden_states.${LAYERS}`)!.data,
    token,
  );

  it('has a first row that is 4 to 7 orders larger than the others', () => {
    const largest = (values: number[]) => Math.max(...values.map(Math.abs));
    const ratio = largest(expected.massive!) / largest(expected['other tokens']!);
    expect(ratio).toBeGreaterThan(1e4);
    expect(ratio).toBeLessThan(1e8);
  });

  it.each(Object.keys(BOUNDS) as Dtype[])('%s is as near as without it', async (dtype) => {
    const found = await answer(token, dtype);
    for (const [part, values] of Object.entries(expected)) {
      expect(relativeL2(found[part]!, values), part).toBeLessThanOrEqual(BOUNDS[dtype]);
    }
  });
});

describe('a converted model with a massive token', () => {
  const token = TOKENS['three massive channels']!;

  it('answers as before it was packed, to the bit, and says that its packing is another', async () => {
    const model = await load(token, 'q8');
    const file = Buffer.concat(Array.from(await model.packed(), (chunk) => chunk.slice()));
    expect(file.toString('latin1', 8, 400)).toContain('"packing":"mobilebert-wasm/q8-nr8/5"');
    const files = { 'config.json': fullConfig(HEAD), 'model.q8.safetensors': new Blob([file]) };
    const again = await MobileBertForQuestionAnswering.from_pretrained(files);
    const [one, other] = [await again({ input_ids: [ids] }), await model({ input_ids: [ids] })];
    expect(one.start_logits.data).toEqual(other.start_logits.data);
    expect(one.end_logits.data).toEqual(other.end_logits.data);
    // An ordinary file has 25.4 MB.
    expect(file.length).toBeLessThanOrEqual(25.6e6);
  });

  it('keeps weights in f32 where F16 files would lose them', async () => {
    const model = await load(token, 'fp16');
    const files = await model.save_files();
    const again = await MobileBertForQuestionAnswering.from_pretrained(files, { dtype: 'fp16' });
    const [one, other] = [await again({ input_ids: [ids] }), await model({ input_ids: [ids] })];
    // Files have vectors in F16 too.
    const found = one.start_logits.data as Float32Array;
    const expected = other.start_logits.data as Float32Array;
    expect(relativeL2(found, expected)).toBeLessThanOrEqual(BOUNDS.fp16);
  });
});

function load(token: MassiveToken, dtype: string): Promise<MobileBertForQuestionAnswering> {
  const weights = new Blob([...hashedSafetensors(HEAD, new Map(), token)]);
  const files = { 'config.json': fullConfig(HEAD), 'model.safetensors': weights };
  return MobileBertForQuestionAnswering.from_pretrained(files, { dtype });
}

async function answer(token: MassiveToken, dtype: Dtype) {
  const model = await load(token, dtype);
  const outputs = await model({ input_ids: [ids], output_hidden_states: true });
  await model.dispose();
  const logits = (name: string) => (Reflect.get(outputs, name) as Tensor).data as Float32Array;
  return partsOf(logits, outputs.hidden_states![LAYERS]!.data as Float32Array, token);
}

/** Parts of an answer whose errors are measured apart. */
function partsOf(
  logits: (name: string) => ArrayLike<number>,
  hidden: ArrayLike<number>,
  { channels }: MassiveToken,
): Record<string, number[]> {
  const [first, others] = [Array.from(hidden).slice(0, H), Array.from(hidden).slice(H)];
  return {
    start_logits: Array.from(logits('start_logits')),
    end_logits: Array.from(logits('end_logits')),
    'other tokens': others,
    'first token, ordinary channels': first.filter((_, channel) => !channels.has(channel)),
    massive: first.filter((_, channel) => channels.has(channel)),
  };
}
