/** Small models with massive numbers in one row and small weights that read them: what is kept in f32. */
import { describe, expect, it } from 'vitest';
import { WeightsError } from '../../../../src/errors.ts';
import { MobileBertModel } from '../../../../src/models/heads/mobilebert-model.ts';
import type { PreTrainedModel } from '../../../../src/models/pretrained-model.ts';
import { runTwin } from '../../../reference/heads.ts';
import { checkpointOf, type Format, type StoredTensor } from '../../../support/checkpoints.ts';
import { relativeL2 } from '../../../support/close.ts';
import { type GoldenCase, loadCase } from '../../../support/golden.ts';
import { carryMassiveToken, type MassiveToken } from '../../../support/massive-token.ts';
import { classes, inputsOf, named } from '../../../support/models.ts';

const TOKEN: MassiveToken = {
  channels: new Map([
    [2, 3e6],
    [7, -1.6e5],
  ]),
  reading: 0.3,
};

/** Configurations without LayerNorm, in which bottlenecks, values and heads read the stream. */
const CASES = [
  'base-odd',
  'bottleneck-attention',
  'act-gelu',
  'masked-lm',
  'question',
  'sequence-single',
];

/** As in small-weights.test.ts: a wrong path is off by a whole. */
const BOUNDS = { fp16: 0.008, q8: 0.18, 'q8-fast': 0.25 } as const;
const DTYPES = Object.keys(BOUNDS) as (keyof typeof BOUNDS)[];

describe.each(CASES)('%s with a massive token', (name) => {
  const golden = massive(loadCase(name));
  const expected = runTwin(golden);

  it.each(DTYPES)('%s stays near the reference in every row', async (dtype) => {
    const model = await load(golden, dtype);
    const found = named(await model(inputsOf(golden) as never));
    for (const [output, { shape, data }] of expected) {
      if (!golden.outputs.has(output) || output === 'loss') continue;
      const actual = Array.from(found.get(output)!.data as Float32Array);
      const width = shape.at(-1)!;
      const isStream = /hidden_state/.test(output);
      const keep = (_: number, i: number) => !isStream || !TOKEN.channels.has(i % width);
      const ordinary = Array.from(data as ArrayLike<number>).filter(keep);
      expect(relativeL2(actual.filter(keep), ordinary), output).toBeLessThanOrEqual(BOUNDS[dtype]);
    }
  });
});

describe('a model with a massive token', () => {
  const golden = massive(loadCase('base-odd'));

  it.each(['F64', 'BF16'] as Format[])('loads from %s as from F32, to the bit', async (format) => {
    // Numbers that both formats hold.
    const rounded = massive(loadCase('base-odd'));
    for (const { data } of rounded.weights.values()) {
      const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
      for (let i = 0; i < bits.length; i++) bits[i]! &= 0xffff0000;
    }
    for (const dtype of DTYPES) {
      const [plain, other] = [await load(rounded, dtype), await load(rounded, dtype, format)];
      expect(await answer(other)).toEqual(await answer(plain));
    }
  });

  it.each(DTYPES)('%s is as near whichever order tensors come in', async (dtype) => {
    const reversed = { ...golden, weights: new Map([...golden.weights].reverse()) };
    const [one, other] = [await load(golden, dtype), await load(reversed, dtype)];
    expect(relativeL2(await answer(other), await answer(one))).toBeLessThan(BOUNDS[dtype]);
  });

  it('stores layers that read the same rows as one of another shape', async () => {
    const weights = new Map(golden.weights);
    const isValue = (name: string) => name.endsWith('layer.0.attention.self.value.weight');
    const value = [...weights.keys()].find(isValue)!;
    weights.set(value, { shape: [1, 1], data: new Float32Array(1) } as never);
    const model = await MobileBertModel.from_pretrained(
      checkpointOf({ ...golden, weights }, () => {}),
      { dtype: 'q8', add_pooling_layer: golden.addPoolingLayer, ignore_mismatched_sizes: true },
    );
    expect(model.loading_info!.mismatched_keys).toHaveLength(1);
    const whole = await load(golden, 'q8');
    const [found, expected] = await Promise.all([model, whole].map(weightsOfFirstBlock));
    expect(found).toBeGreaterThan(0.9 * expected!);
  });

  it('is packed with its weights in f32, and unpacked to the bit', async () => {
    const model = await load(golden, 'q8');
    const again = await unpacked(golden, await packed(model));
    expect(await answer(again)).toEqual(await answer(model));
    expect(await packed(again)).toEqual(await packed(model));
  });

  it.each([
    ['bytes that end within a part', (bytes: Uint8Array) => bytes.fill(255, 12, 16)],
    ['places out of range', (bytes: Uint8Array) => bytes.fill(255, 16, 20)],
    ['places out of order', (bytes: Uint8Array) => bytes.copyWithin(24, 16, 20)],
  ])('is refused with %s', async (_, spoil) => {
    const file = await packed(await load(golden, 'q8'));
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
    const [begin, end] = header.Outliers.data_offsets as [number, number];
    spoil(file.subarray(8 + length + begin, 8 + length + end));
    await expect(unpacked(golden, file)).rejects.toThrow(WeightsError);
    await expect(unpacked(golden, file)).rejects.toThrow('tensor "Outliers" has');
  });

  it('is refused where its packing says that weights are in f32 and the tensor is not there', async () => {
    const text = new TextDecoder('latin1').decode(await packed(await load(golden, 'q8')));
    const file = Uint8Array.from(text.replace('"Outliers"', '"Outlierz"'), (c) => c.charCodeAt(0));
    await expect(unpacked(golden, file)).rejects.toThrow('lacks the tensor "Outliers"');
  });

  it.each(DTYPES)('%s keeps its numbers when words are added', async (dtype) => {
    const model = await load(golden, dtype);
    const before = await answer(model);
    await model.resize_token_embeddings(Number(golden.config.vocab_size) + 5);
    expect(await answer(model)).toEqual(before);
  });

  it.each(DTYPES)('%s prunes heads as fp32 does', async (dtype) => {
    const [exact, small] = [await load(golden, 'fp32'), await load(golden, dtype)];
    for (const model of [exact, small]) await model.prune_heads({ 0: [1], 1: [0, 2] });
    const error = relativeL2(await answer(small), await answer(exact));
    expect(error).toBeLessThanOrEqual(BOUNDS[dtype]);
  });

  it('takes other words, and gives them back', async () => {
    const model = await load(golden, 'q8');
    const { weight } = await model.get_input_embeddings();
    const data = weight.data.slice() as Float32Array;
    data.fill(0.25, 11, 22);
    data[13] = 1e5;
    await model.set_input_embeddings({ weight: { data, dims: weight.dims } });
    const changed = await model.get_input_embeddings();
    const row = (changed.weight.data as Float32Array).slice(11, 22);
    expect(row[2]).toBe(1e5);
    for (const [i, x] of row.entries()) if (i !== 2) expect(x).toBeCloseTo(0.25, 2);
    await model.set_input_embeddings({ weight });
    const again = await model.get_input_embeddings();
    // Numbers of 8 bits are rounded again, to the grid of a scale that is rounded up.
    const [found, expected] = [again, { weight }].map((own) => own.weight.data as Float32Array);
    expect(relativeL2(found!, expected!)).toBeLessThan(0.005);
  });
});

describe('an ordinary model', () => {
  it('has the packing of before, without weights in f32', async () => {
    const golden = loadCase('base-odd');
    const text = new TextDecoder('latin1').decode(await packed(await load(golden, 'q8')));
    expect(text).toContain('mobilebert-wasm/q8-nr8/4');
    expect(text).not.toContain('Outliers');
  });
});

/** A case with the massive token in its weights. */
function massive(golden: GoldenCase): GoldenCase {
  const weights = new Map<string, StoredTensor>();
  for (const [name, { shape, data }] of golden.weights) {
    const own = data.slice() as Float32Array;
    weights.set(name, { shape, data: carryMassiveToken(name, shape, own, TOKEN) });
  }
  return { ...golden, weights: weights as GoldenCase['weights'] };
}

function load(golden: GoldenCase, dtype: string, format?: Format): Promise<MobileBertModel> {
  const files = checkpointOf(golden, () => {}, format);
  const options = { dtype, add_pooling_layer: golden.addPoolingLayer, seed: 1 };
  return classes[golden.head]!.from_pretrained(files, options);
}

function unpacked(golden: GoldenCase, file: Uint8Array): Promise<MobileBertModel> {
  const files = { 'config.json': golden.config, 'model.q8.safetensors': file };
  return MobileBertModel.from_pretrained(files, { add_pooling_layer: golden.addPoolingLayer });
}

async function packed(model: Pick<PreTrainedModel, 'packed'>): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(Array.from(await model.packed(), (chunk) => chunk.slice())));
}

/** How many bytes of the first block's weights are not zero. */
async function weightsOfFirstBlock(model: MobileBertModel): Promise<number> {
  const file = await packed(model);
  const head = 8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, head)));
  const [start, end] = header['Block.0'].data_offsets as [number, number];
  return file.subarray(head + start, head + end).filter((byte) => byte !== 0).length;
}

async function answer(model: MobileBertModel): Promise<Float32Array> {
  const { last_hidden_state } = await model({ input_ids: [[3, 14, 15, 9, 26, 5]] });
  const width = last_hidden_state.dims.at(-1)!;
  return (last_hidden_state.data as Float32Array).filter((_, i) => !TOKEN.channels.has(i % width));
}
