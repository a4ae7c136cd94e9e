/** resize_token_embeddings() and the embeddings' access, against what transformers' own do. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MobileBertModel } from '../../../../src/models/heads/mobilebert-model.ts';
import { MobileBertForMaskedLM } from '../../../../src/models/heads/pretraining.ts';
import type { PreTrainedModel } from '../../../../src/models/pretrained-model.ts';
import type { Tensor } from '../../../../src/tensor/tensor.ts';
import { MobileBertTokenizer } from '../../../../src/tokenizer/api/tokenizer.ts';
import { loadCase } from '../../../support/golden.ts';
import {
  classes,
  idsOf,
  inputsOf,
  loadModel,
  named,
  smallConfig,
} from '../../../support/models.ts';
import { floatVariants } from '../../../support/variants.ts';

interface Resized {
  readonly name: string;
  readonly source: string;
  readonly words: number;
  readonly shapes: Record<string, number[]>;
  readonly lastBias: number | null;
  readonly before: { parameters: number; withoutEmbeddings: number };
  readonly after: { parameters: number; withoutEmbeddings: number };
}

const { cases, spread } = JSON.parse(readFileSync('test/golden/surgery/resized.json', 'utf8')) as {
  cases: Resized[];
  spread: { source: string; words: number; mean: number[]; deviation: number[] };
};

const simd = { variant: 'simd', seed: 3 } as const;

describe.each(cases)('resize_token_embeddings() as in $name', (python) => {
  const golden = loadCase(python.source);
  const inputs = withoutLabels(inputsOf(golden));
  const kept = Math.min(Number(golden.config.vocab_size), python.words);

  it.each(floatVariants)(
    'keeps the old words and their answers on $name',
    async ({ name: build }) => {
      const model = await loadModel(golden, build);
      const words = await model.get_input_embeddings();
      const ids = clamped(inputs, kept);
      const before = named(await model(ids));
      const { weight, num_embeddings } = await model.resize_token_embeddings(python.words);
      expect([num_embeddings, model.config.vocab_size]).toEqual([python.words, python.words]);
      const bits = (tensor: Tensor<'float32'>) => tensor.data.subarray(0, kept * 11);
      expect(bits(weight)).toEqual(bits(words.weight));
      for (const [output, tensor] of named(await model(ids))) {
        const old = before.get(output)!;
        // Of logits over words, those of the old ones.
        const width = old.dims.at(-1) === golden.config.vocab_size ? kept : old.dims.at(-1)!;
        expect(columns(tensor, width), output).toEqual(columns(old, width));
      }
    },
  );

  it('has the shapes, the new bias and the number of weights that Python has', async () => {
    const model = await loadModel(golden, 'simd');
    expect(countsOf(model)).toEqual(python.before);
    await model.resize_token_embeddings(python.words);
    // Resizing an untied decoder, Python makes the unread cls.predictions.bias its bias: counted once.
    const unread = golden.config.tie_word_embeddings === false ? python.words : 0;
    const { parameters, withoutEmbeddings } = countsOf(model);
    expect(parameters - unread).toBe(python.after.parameters);
    expect(withoutEmbeddings - unread).toBe(python.after.withoutEmbeddings);
    const files = await model.save_files();
    const saved = new Map(Object.entries(headerOf(files['model.safetensors']!)));
    for (const [name, shape] of Object.entries(python.shapes)) {
      // Python's state_dict has a tied decoder twice, its files once.
      const isTied = golden.config.tie_word_embeddings && name.includes('predictions.decoder');
      if (isTied) expect(saved.has(name)).toBe(false);
      else expect(saved.get(name)?.shape, name).toEqual(shape);
    }
    if (python.lastBias !== null && python.words > kept) {
      const key = golden.config.tie_word_embeddings ? 'bias' : 'decoder.bias';
      const bias = floatsOf(files['model.safetensors']!, `cls.predictions.${key}`);
      // Python adds noise of 1e-9 of the biases' deviation.
      expect(bias.at(-1)! - python.lastBias).toBeCloseTo(0, 6);
    }
    const again = await classes[golden.head]!.from_pretrained(files, simd);
    const ids = clamped(inputs, kept);
    expect(named(await again(ids))).toEqual(named(await model(ids)));
  });
});

describe('resize_token_embeddings()', () => {
  it('draws new words around the mean of the old ones, as far off as Python', async () => {
    const model = await loadModel(loadCase(spread.source), 'simd');
    const V = model.config.vocab_size;
    const { weight } = await model.resize_token_embeddings(spread.words);
    const E = spread.mean.length;
    const rows = weight.data.subarray(V * E);
    const count = rows.length / E;
    spread.mean.forEach((mean, column) => {
      const values = Array.from({ length: count }, (_, i) => rows[i * E + column]!);
      const found = values.reduce((sum, x) => sum + x, 0) / count;
      const variance = values.reduce((sum, x) => sum + (x - found) ** 2, 0) / (count - 1);
      // Means of 4,000 draws, twice: 5 standard errors. Deviations: 5 of 1 / sqrt(2 * 4000).
      const deviation = spread.deviation[column]!;
      expect(Math.abs(found - mean)).toBeLessThan((7 * deviation) / Math.sqrt(count));
      expect(Math.abs(Math.sqrt(variance) / deviation - 1)).toBeLessThan(0.08);
    });
  });

  it('takes the mean itself where there are fewer words than dimensions', async () => {
    const model = new MobileBertModel(smallConfig({ vocab_size: 4 }), simd);
    const before = (await model.get_input_embeddings()).weight.tolist() as number[][];
    const { weight } = await model.resize_token_embeddings(6);
    const [, , , , ...fresh] = weight.tolist() as number[][];
    const mean = before[0]!.map((_, i) => before.reduce((sum, row) => sum + row[i]!, 0) / 4);
    for (const row of fresh) row.forEach((x, i) => void expect(x).toBeCloseTo(mean[i]!, 3));
  });

  it('draws with initializer_range where mean_resizing is off', async () => {
    const model = new MobileBertModel(smallConfig({ initializer_range: 0.25 }), simd);
    const { weight } = await model.resize_token_embeddings(4031, { mean_resizing: false });
    const rows = weight.data.subarray(31 * 11);
    const mean = rows.reduce((sum, x) => sum + x, 0) / rows.length;
    const deviation = Math.sqrt(rows.reduce((sum, x) => sum + x * x, 0) / rows.length);
    // 44,000 draws: 5 standard errors.
    expect(Math.abs(mean)).toBeLessThan(0.006);
    expect(deviation).toBeGreaterThan(0.2455);
    expect(deviation).toBeLessThan(0.2545);
  });

  it('pads to a multiple, and does nothing for the number it has', async () => {
    const model = new MobileBertModel(smallConfig(), simd);
    const before = (await model.get_input_embeddings()).weight.data;
    expect((await model.resize_token_embeddings()).weight.data).toEqual(before);
    expect((await model.resize_token_embeddings(31)).weight.data).toEqual(before);
    const options = { pad_to_multiple_of: 8 };
    expect((await model.resize_token_embeddings(null, options)).num_embeddings).toBe(32);
    expect((await model.resize_token_embeddings(33, options)).num_embeddings).toBe(40);
  });

  it('makes room for the tokens that a tokenizer was given', async () => {
    const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b'];
    const files = { 'vocab.txt': new TextEncoder().encode(vocabulary.join('\n')) };
    const tokenizer = await MobileBertTokenizer.from_pretrained(files);
    const model = new MobileBertModel(smallConfig({ vocab_size: tokenizer.length }), simd);
    const old = tokenizer('a b');
    const before = named(await model(old));
    expect(tokenizer.add_tokens(['tram', 'b'])).toBe(2);
    expect(tokenizer.add_special_tokens({ additional_special_tokens: ['[CITY]'] })).toBe(1);
    expect([tokenizer.length, tokenizer.vocab_size]).toEqual([9, 7]);
    const given = tokenizer('a tram [CITY]');
    expect(given.input_ids.tolist()).toEqual([[2n, 5n, 7n, 8n, 3n]]);
    await expect(async () => model(given)).rejects.toThrow('input_ids');
    expect((await model.resize_token_embeddings(tokenizer.length)).num_embeddings).toBe(9);
    expect((await model(given)).last_hidden_state.dims).toEqual([1, 5, smallConfig().hidden_size]);
    expect(named(await model(old))).toEqual(before);
  });

  it('gives new words an answer of their own', async () => {
    const model = new MobileBertForMaskedLM(smallConfig(), simd);
    await model.resize_token_embeddings(33);
    const { logits } = await model({ input_ids: [[5, 32, 31]] });
    expect(logits.dims).toEqual([1, 3, 33]);
    expect([...logits.data].every(Number.isFinite)).toBe(true);
  });

  it.each([
    [0, /"vocab_size" is 0, expected an integer from 1/],
    [2.5, /found 2.5 words in multiples of 1, expected integers/],
    [Number.NaN, /found NaN words/],
    [2 ** 40, /"vocab_size" is 1099511627776, expected an integer/],
  ])('refuses %s words and leaves the model as it was', async (words, message) => {
    const model = new MobileBertModel(smallConfig(), simd);
    const inputs = { input_ids: idsOf(1, 5) };
    const before = await model(inputs);
    await expect(model.resize_token_embeddings(words)).rejects.toThrow(message);
    expect(model.config.vocab_size).toBe(31);
    expect(await model(inputs)).toEqual(before);
  });

  it('survives other surgery and calls that come in between', async () => {
    const model = new MobileBertModel(smallConfig(), simd);
    const inputs = { input_ids: idsOf(1, 5), output_attentions: true };
    const before = await model(inputs);
    const [, during] = await Promise.all([
      model.resize_token_embeddings(40),
      model(inputs),
      model.resize_token_embeddings(36),
      model.prune_heads({ 0: [1] }),
      expect(model.resize_token_embeddings(0)).rejects.toThrow('"vocab_size" is 0'),
      model.resize_token_embeddings(38),
    ]);
    expect(model.config.vocab_size).toBe(38);
    expect(during.last_hidden_state.dims).toEqual(before.last_hidden_state.dims);
    const weight = (await model.get_input_embeddings()).weight;
    expect(weight.dims).toEqual([38, 11]);
    const after = await model(inputs);
    expect(after.attentions![0]!.dims).toEqual([1, 2, 5, 5]);
    expect(after.attentions![0]!.data).not.toEqual(before.attentions![0]!.data);
  });
});

describe('resize_token_embeddings() of small weights', () => {
  it.each([
    ['base-odd', 'q8'],
    ['base-odd', 'fp16'],
    ['masked-lm', 'fp16'],
    ['masked-lm-untied', 'fp16'],
  ])('keeps the answers of %s in %s', async (name, dtype) => {
    const golden = loadCase(name);
    const inputs = clamped(withoutLabels(inputsOf(golden)), 40);
    const model = await classes[golden.head]!.from_pretrained(golden.folder, { dtype });
    const before = named(await model(inputs));
    for (const words of [50, 40]) {
      await model.resize_token_embeddings(words);
      for (const [output, tensor] of named(await model(inputs))) {
        const old = before.get(output)!;
        const width = old.dims.at(-1) === golden.config.vocab_size ? 40 : old.dims.at(-1)!;
        expect(columns(tensor, width), output).toEqual(columns(old, width));
      }
    }
  });

  it('refuses a q8 decoder, whose words share scales', async () => {
    const { folder } = loadCase('masked-lm');
    const model = await MobileBertForMaskedLM.from_pretrained(folder, { dtype: 'q8' });
    await expect(model.resize_token_embeddings(50)).rejects.toThrow(
      'the decoder of the masked language model is kept as q8, expected a model loaded with',
    );
    expect(model.config.vocab_size).toBe(43);
  });
});

describe('set_input_embeddings()', () => {
  it('takes another table, and a tied decoder takes it too', async () => {
    const model = new MobileBertForMaskedLM(smallConfig(), simd);
    const other = new MobileBertForMaskedLM(smallConfig(), { ...simd, seed: 9 });
    const theirs = await other.get_input_embeddings();
    const inputs = { input_ids: idsOf(1, 5) };
    const before = await model(inputs);
    await model.set_input_embeddings(theirs);
    expect((await model.get_input_embeddings()).weight.data).toEqual(theirs.weight.data);
    expect((await model(inputs)).logits.data).not.toEqual(before.logits.data);
    const files = await model.save_files();
    expect(Object.keys(headerOf(files['model.safetensors']!))).not.toContain(
      'cls.predictions.decoder.weight',
    );
  });

  it.each(['fp16', 'q8'])('rounds what a %s model takes', async (dtype) => {
    const model = new MobileBertModel(smallConfig(), { ...simd, dtype });
    const row = Array.from({ length: 11 }, (_, i) => i - 5);
    await model.set_input_embeddings({ weight: Array.from({ length: 31 }, () => row) });
    const { weight } = await model.get_input_embeddings();
    const nearest = (weight.tolist() as number[][])[30]!;
    // A q8 row has 127 steps up to its largest number, 5.
    nearest.forEach((x, i) => void expect(Math.abs(x - row[i]!)).toBeLessThan(5 / 127 / 1.9));
  });

  it.each([
    ['fp32', [[1, 2]], 'weight has dims [1, 2], expected [31, 11]; resize_token_embeddings'],
    ['fp16', Array.from({ length: 31 }, () => new Array(11).fill(1e5)), 'weight holds 100000'],
  ])('refuses in %s what does not fit and leaves the table', async (dtype, weight, message) => {
    const model = new MobileBertModel(smallConfig(), { ...simd, dtype });
    const before = await model.get_input_embeddings();
    await expect(model.set_input_embeddings({ weight })).rejects.toThrow(message);
    expect(await model.get_input_embeddings()).toEqual(before);
  });
});

/** Ids of words that are there before and after. */
function clamped(inputs: Record<string, unknown>, words: number): Record<string, never> {
  const ids = inputs.input_ids as { data: BigInt64Array; dims: readonly number[] };
  const data = ids.data.map((id) => (id < words ? id : id % BigInt(words)));
  return { ...inputs, input_ids: { data, dims: ids.dims } } as never;
}

function withoutLabels(inputs: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => !name.includes('label')));
}

/** The first `width` numbers of every row. */
function columns({ data, dims }: Tensor, width: number): number[] {
  const size = dims.at(-1)!;
  return Array.from(data as Float32Array).filter((_, i) => i % size < width);
}

function countsOf(model: PreTrainedModel) {
  return {
    parameters: model.num_parameters({ only_trainable: true }),
    withoutEmbeddings: model.num_parameters({ exclude_embeddings: true }),
  };
}

function headerOf(file: Uint8Array): Record<string, { shape: number[]; data_offsets: number[] }> {
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  return JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
}

function floatsOf(file: Uint8Array, name: string): Float32Array {
  const base = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  const [start, end] = headerOf(file)[name]!.data_offsets as [number, number];
  return new Float32Array(file.slice(base + start, base + end).buffer);
}
