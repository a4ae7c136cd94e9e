import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { MobileBertModel } from '../../../src/models/heads/mobilebert-model.ts';
import {
  FeatureExtractionPipeline,
  type Pooling,
} from '../../../src/pipelines/feature-extraction.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import { quantize_embeddings } from '../../../src/tensor/operations.ts';
import { mean_pooling } from '../../../src/tensor/statistics.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { expectClose } from '../../support/close.ts';
import { type CheckpointRecord, hashedCheckpoint, readGolden } from './hashed-checkpoint.ts';
import { sourceOf, texts } from './support.ts';

interface Case {
  readonly text: string;
  /** [S,H] */
  readonly none: number[][];
  readonly mean: number[];
  readonly cls: number[];
  readonly last_token: number[];
  readonly normalized_mean: number[];
  readonly ubinary_mean: number[];
  readonly binary_mean: number[];
}

const golden = readGolden<CheckpointRecord & { cases: Case[] }>('feature-extraction');
/** float32 against float64, as relative L2. */
const close = { relative: 1e-5 };

const load = () => pipeline('feature-extraction', sourceOf('base-odd'));
const loadGolden = () => pipeline('feature-extraction', hashedCheckpoint(golden));

const allOf = (tensor: Tensor) => Array.from(tensor.data, Number);

describe('feature-extraction against Python', () => {
  it.each(golden.cases)('gives hidden states and poolings: $text', async (one) => {
    const extract = await loadGolden();
    const states = await extract(one.text);
    expect(states.dims).toEqual([1, one.none.length, 32]);
    expectClose(allOf(states), one.none.flat(), close);
    for (const pooling of ['mean', 'cls', 'last_token'] as const) {
      const vectors = await extract(one.text, { pooling });
      expect(vectors.dims).toEqual([1, 32]);
      expectClose(allOf(vectors), one[pooling], close);
    }
    const normalized = await extract(one.text, { pooling: 'mean', normalize: true });
    expectClose(allOf(normalized), one.normalized_mean, close);
  });

  it('packs bits', async () => {
    const extract = await loadGolden();
    const all = golden.cases.map(({ text }) => text);
    const binary = await extract(all, { pooling: 'mean', quantize: true });
    expect({ type: binary.type, dims: binary.dims }).toEqual({ type: 'int8', dims: [6, 4] });
    expect(binary.tolist()).toEqual(golden.cases.map(({ binary_mean }) => binary_mean));
    const options = { pooling: 'mean', quantize: true, precision: 'ubinary' } as const;
    const ubinary = await extract(all, options);
    expect(ubinary.type).toBe('uint8');
    expect(ubinary.tolist()).toEqual(golden.cases.map(({ ubinary_mean }) => ubinary_mean));
  });
});

describe('FeatureExtractionPipeline', () => {
  it('gives a batch as [B,S,H], zeros behind shorter texts', async () => {
    const extract = await load();
    const found = await extract(texts);
    const alone = [];
    for (const text of texts) alone.push(await extract(text));
    const [S, H] = [Math.max(...alone.map(({ dims }) => dims[1]!)), 19];
    expect(found.dims).toEqual([texts.length, S, H]);
    alone.forEach(({ data }, i) => {
      const row = Array.from(found.data.subarray(i * S * H, (i + 1) * S * H));
      expect(row).toEqual([...data, ...new Array(S * H - data.length).fill(0)]);
    });
  });

  it.each([...['mean', 'cls', 'first_token', 'eos', 'last_token']] as Pooling[])(
    'pools a batch in its order as each text alone: %s',
    async (pooling) => {
      const extract = await load();
      const many = Array.from({ length: 300 }, (_, i) => texts[(i * i) % texts.length]!);
      const found = await extract(many, { pooling });
      expect(found.dims).toEqual([300, 19]);
      const alone = new Map<string, number[]>();
      for (const text of texts) alone.set(text, allOf(await extract(text, { pooling })));
      expect(found.tolist()).toEqual(many.map((text) => alone.get(text)));
    },
  );

  it('pools as mean_pooling does, and takes the first and last states', async () => {
    const source = sourceOf('base-odd');
    const extract = await pipeline('feature-extraction', source);
    const model = await MobileBertModel.from_pretrained(source);
    for (const text of texts) {
      const inputs = extract.tokenizer(text);
      const { last_hidden_state } = await model({ ...inputs });
      expect(await extract(text)).toEqual(last_hidden_state);
      expect(await extract(text, { pooling: 'mean' })).toEqual(
        mean_pooling(last_hidden_state, inputs.attention_mask),
      );
      const states = last_hidden_state.tolist() as number[][][];
      for (const pooling of ['cls', 'first_token', 'eos', 'last_token'] as const) {
        const state = states[0]!.at(pooling === 'cls' || pooling === 'first_token' ? 0 : -1);
        expect((await extract(text, { pooling })).tolist()).toEqual([state]);
      }
    }
  });

  it('computes only the selected rows past the last block', async () => {
    const extract = await load();
    const run = vi.spyOn(extract.model, 'run');
    await extract(['pin', 'my card'], { pooling: 'cls' });
    expect(Array.from(run.mock.lastCall![0].rows!)).toEqual([0, 4]);
    await extract(['pin', 'my card'], { pooling: 'eos' });
    expect(Array.from(run.mock.lastCall![0].rows!)).toEqual([3, 6]);
    await extract(['pin', 'my card'], { pooling: 'mean' });
    expect(run.mock.lastCall![0].rows).toBeUndefined();
  });

  it('brings every vector to length 1, token by token without pooling, and leaves zeros', async () => {
    const extract = await load();
    const { data, dims } = await extract(['pin', texts[2]!], { normalize: true });
    const H = dims[2]!;
    const lengths = Array.from({ length: data.length / H }, (_, i) =>
      Math.hypot(...data.subarray(i * H, (i + 1) * H)),
    );
    const S = dims[1]!;
    expectClose(lengths, [...[1, 1, 1, ...new Array(S - 3).fill(0)], ...new Array(S).fill(1)], {
      relative: 1e-6,
    });
  });

  it('quantizes the vectors that it gives otherwise', async () => {
    const extract = await pipeline('embeddings', hashedCheckpoint(golden));
    const options = { pooling: 'cls', normalize: true } as const;
    const whole = await extract(['pin', 'Rome'], options);
    const found = await extract(['pin', 'Rome'], { ...options, quantize: true });
    expect(found).toEqual(quantize_embeddings(whole, 'binary'));
  });

  it("takes a classifier's encoder as well", async () => {
    const source = sourceOf('sequence-single');
    const { model, tokenizer } = await pipeline('text-classification', source);
    const extract = new FeatureExtractionPipeline({ task: 'embeddings', model, tokenizer });
    const expected = await (await pipeline('feature-extraction', source))(texts);
    expect(await extract(texts)).toEqual(expected);
  });

  it('refuses what makes no sense', async () => {
    const extract = await load();
    const refused: [() => Promise<unknown>, new (message: string) => Error, string][] = [
      [() => extract([]), RangeError, 'texts is an empty array, expected at least one string'],
      [() => extract({} as never), TypeError, 'texts is an object, expected a string or an array'],
      [() => extract(['a', 1 as never]), TypeError, 'texts[1] is a number'],
      [() => extract('a', { pooling: 'max' as never }), RangeError, 'pooling is "max", expected'],
      [() => extract('a', { quantize: true }), RangeError, 'pooling is "none"'],
      [
        () => extract('a', { quantize: true, pooling: 'mean', precision: 'int4' as never }),
        RangeError,
        'precision is "int4", expected one of "binary", "ubinary"',
      ],
      [() => extract('a', { quantize: true, pooling: 'cls' }), RangeError, 'hidden_size is 19'],
      [() => extract('my '.repeat(99), { truncation: false }), InputError, 'text has 101 tokens'],
    ];
    for (const [call, Class, message] of refused) {
      await expect(call()).rejects.toThrow(Class);
      await expect(call()).rejects.toThrow(message);
    }
    expect(
      () => new FeatureExtractionPipeline({ ...extract, model: {} } as unknown as never),
    ).toThrow('expected a PreTrainedModel');
  });

  it('stops between passes when it is aborted, and works on afterwards', async () => {
    const extract = await load();
    const abort = new AbortController();
    const run = vi.spyOn(extract.model, 'run');
    run.mockImplementationOnce(async (request) => {
      abort.abort(new Error('enough'));
      return extract.model.run(request);
    });
    const many = new Array<string>(2000).fill(texts[2]!);
    const { signal } = abort;
    await expect(extract(many, { signal, pooling: 'cls' })).rejects.toThrow('enough');
    expect(run).toHaveBeenCalledTimes(2);
    run.mockRejectedValueOnce(new RangeError('no memory'));
    await expect(extract('pin')).rejects.toThrow('no memory');
    expect((await extract('pin')).dims).toEqual([1, 3, 19]);
  });

  it('types results by what is asked', async () => {
    const extract = await pipeline('feature-extraction', hashedCheckpoint(golden));
    const pooling = 'mean';
    const quantize = texts.length > 3;
    expectTypeOf(await extract('a')).toEqualTypeOf<Tensor<'float32'>>();
    expectTypeOf(await extract(['a'], { pooling })).toEqualTypeOf<Tensor<'float32'>>();
    expectTypeOf(await extract('a', { pooling, quantize: true })).toEqualTypeOf<
      Tensor<'int8' | 'uint8'>
    >();
    expectTypeOf(await extract('a', { pooling, quantize })).toEqualTypeOf<
      Tensor<'float32' | 'int8' | 'uint8'>
    >();
  });
});
