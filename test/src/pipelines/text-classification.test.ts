import { describe, expect, it, vi } from 'vitest';
import type { Request } from '../../../src/engine/engine.ts';
import { InputError } from '../../../src/errors.ts';
import { MobileBertForSequenceClassification } from '../../../src/models/heads/classification.ts';
import { MobileBertConfig } from '../../../src/models/pretrained-config.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import {
  defaultScoreFunction,
  TextClassificationPipeline,
} from '../../../src/pipelines/text-classification.ts';
import type { PreTrainedTokenizer } from '../../../src/tokenizer/api/tokenizer.ts';
import { expectClose } from '../../support/close.ts';
import { type GoldenCase, loadCase, tolerance } from '../../support/golden.ts';
import { sourceOf, texts } from './support.ts';

const load = (name = 'sequence-single', config = {}) =>
  pipeline('text-classification', sourceOf(name, config));

/** The model's own logits of one text, through its call and the tokenizer's. */
async function logitsOf({ model, tokenizer }: TextClassificationPipeline, text: string) {
  const { logits } = await model({ ...tokenizer(text) });
  return [...logits.data];
}

function softmax(logits: readonly number[]): number[] {
  const exps = logits.map((x) => Math.exp(x));
  const sum = exps.reduce((a, b) => a + b);
  return exps.map((x) => x / sum);
}

const rankOf = (scores: readonly number[]) =>
  scores.map((score, i) => ({ label: `LABEL_${i}`, score })).sort((a, b) => b.score - a.score);

describe('text-classification against Hugging Face', () => {
  /** A tokenizer for golden inputs, which are ids: its texts are lists of ids, '5 6 7/0 0 1'. */
  const idTokenizer = Object.assign(
    (text: string) => {
      const [input_ids, token_type_ids] = text.split('/').map((ids) => ids.split(' ').map(Number));
      return { input_ids, token_type_ids };
    },
    { model_max_length: Number.POSITIVE_INFINITY },
  ) as unknown as PreTrainedTokenizer;

  /** The rows of a case that have no padding; a pipeline never pads. */
  function wholeRows(golden: GoldenCase) {
    const { data: ids, shape } = golden.inputs.get('input_ids')!;
    const [B, S] = shape as [number, number];
    const rows = Array.from({ length: B }, (_, b) => b).filter((b) => {
      const mask = golden.inputs.get('attention_mask')?.data.slice(b * S, (b + 1) * S);
      return !mask || [...mask].every(Boolean);
    });
    const types = golden.inputs.get('token_type_ids')?.data ?? new BigInt64Array(B * S);
    const cut = (data: ArrayLike<bigint | number>, b: number) =>
      Array.from(data, String)
        .slice(b * S, (b + 1) * S)
        .join(' ');
    return rows.map((b) => ({ b, text: `${cut(ids, b)}/${cut(types, b)}` }));
  }

  it.each([
    'sequence-single',
    'sequence-single-2',
    'sequence-multi',
    'sequence-multi-3',
    'sequence-regression',
    'sequence-regression-3',
  ])('gives the logits of its float64: %s', async (name) => {
    const golden = loadCase(name);
    const model = await MobileBertForSequenceClassification.from_pretrained(golden.folder);
    const classify = new TextClassificationPipeline({
      task: 'text-classification',
      model,
      tokenizer: idTokenizer,
    });
    const rows = wholeRows(golden);
    expect(rows.length).toBeGreaterThan(0);
    const found = await classify(
      rows.map(({ text }) => text),
      { top_k: null, function_to_apply: 'none' },
    );
    const { data, shape } = golden.outputs.get('logits')!;
    const C = shape[1]!;
    rows.forEach(({ b }, i) => {
      const scores = new Array<number>(C);
      const byLabel = [found[i]!].flat();
      for (const { label, score } of byLabel) scores[model.config.label2id[label]!] = score;
      // The tolerance is relative to the norm of all rows; here each row by itself has to meet it.
      expectClose(scores, data.slice(b * C, (b + 1) * C), {
        relative: tolerance(golden, 'logits'),
      });
    });
  });
});

describe('TextClassificationPipeline', () => {
  it("gives softmax of the model's logits, computed by hand", async () => {
    const classify = await load();
    for (const text of texts) {
      const found = await classify(text, { top_k: null });
      const expected = rankOf(softmax(await logitsOf(classify, text)));
      expect(found.map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
      const scores = [found, expected].map((list) => list.map(({ score }) => score));
      // The float32 logits of both passes are equal; what differs is the float32 rounding of exp.
      expectClose(scores[0]!, scores[1]!, { relative: 1e-6 });
    }
  });

  it('gives a batch, in its order, exactly what each text gives alone', async () => {
    const classify = await load();
    const many = Array.from({ length: 40 }, (_, i) => texts[i % texts.length]!);
    const alone = [];
    for (const text of many) alone.push(await classify(text, { top_k: 3 }));
    expect(await classify(many, { top_k: 3 })).toEqual(alone);
  });

  it('answers in order when the batch takes several passes', async () => {
    const classify = await load();
    const run = vi.spyOn(classify.model, 'run');
    const many = Array.from({ length: 400 }, (_, i) => texts[(i * i) % texts.length]!);
    const found = await classify(many);
    expect(run.mock.calls.length).toBeGreaterThan(1);
    const byText = new Map<string, unknown>();
    for (const text of texts) byText.set(text, (await classify(text))[0]);
    expect(found).toEqual(many.map((text) => byText.get(text)));
  });

  it('never pads', async () => {
    const classify = await load();
    const run = vi.spyOn(classify.model, 'run');
    await classify(['pin', 'where is my card ?']);
    const [{ lengths, attentionMask, inputIds }] = run.mock.calls[0] as [Request];
    expect([...lengths]).toEqual([7, 3]);
    expect(attentionMask.every((bit) => bit === 1)).toBe(true);
    expect(inputIds).not.toContain(0);
  });

  it.each([
    { given: 'one text', input: 'pin', top_k: undefined, shape: [1] },
    { given: 'one text', input: 'pin', top_k: 1, shape: [1] },
    { given: 'one text', input: 'pin', top_k: 3, shape: [3] },
    { given: 'one text', input: 'pin', top_k: null, shape: [7] },
    { given: 'a batch', input: ['pin', 'top up'], top_k: undefined, shape: [2] },
    { given: 'a batch', input: ['pin', 'top up'], top_k: 1, shape: [2] },
    { given: 'a batch', input: ['pin', 'top up'], top_k: 2, shape: [2, 2] },
    { given: 'a batch', input: ['pin', 'top up'], top_k: 99, shape: [2, 7] },
    { given: 'a batch of one', input: ['pin'], top_k: null, shape: [1, 7] },
    { given: 'a pair', input: { text: 'pin', text_pair: 'lost' }, top_k: 1, shape: [1] },
  ])("gives $given at top_k $top_k results of transformers.js' shape", async (one) => {
    const found: unknown = await (await load())(one.input, { top_k: one.top_k });
    const shape: number[] = [];
    let value = found;
    for (; Array.isArray(value); value = value[0]) shape.push(value.length);
    expect(shape).toEqual(one.shape);
    expect(value).toEqual({ label: expect.any(String), score: expect.any(Number) });
  });

  it('sorts labels by score and names them as the configuration does', async () => {
    const id2label = Object.fromEntries('abcdefg'.split('').map((label, i) => [i, label]));
    const classify = await load('sequence-single', { id2label, label2id: undefined });
    const found = await classify('lost card', { top_k: null });
    expect(found.map(({ label }) => label).sort()).toEqual('abcdefg'.split(''));
    const scores = found.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    // Each of seven scores is rounded to float32.
    expectClose([scores.reduce((a, b) => a + b)], [1], { absolute: 7 * 2 ** -24 });
  });

  it('reads a pair as the tokenizer does, in batches too', async () => {
    const classify = await load();
    const pair = { text: 'where is my card ?', text_pair: 'it is lost .' };
    const { logits } = await classify.model({
      ...classify.tokenizer(pair.text, { text_pair: pair.text_pair }),
    });
    const options = { top_k: null, function_to_apply: 'none' } as const;
    const expected = rankOf([...logits.data]);
    expect(await classify(pair, options)).toEqual(expected);
    expect((await classify(['pin', pair], options))[1]).toEqual(expected);
    const alone = await classify(pair.text, options);
    expect(alone).not.toEqual(expected);
    expect(await classify({ text: pair.text, text_pair: null }, options)).toEqual(alone);
  });

  it.each([
    ['softmax', (logits: number[]) => softmax(logits)],
    ['sigmoid', (logits: number[]) => logits.map((x) => 1 / (1 + Math.exp(-x)))],
    ['none', (logits: number[]) => logits],
  ] as const)('applies %s when it is told to', async (function_to_apply, expected) => {
    const classify = await load();
    const found = await classify('lost', { top_k: null, function_to_apply });
    const wanted = rankOf(expected(await logitsOf(classify, 'lost')));
    expectClose(
      found.map(({ score }) => score),
      wanted.map(({ score }) => score),
      { relative: 1e-6 },
    );
  });

  it('gives the sigmoid of a single logit, not the 1.0 of its softmax', async () => {
    const classify = await load('sequence-regression');
    const [{ score, label }] = (await classify('lost card')) as [{ score: number; label: string }];
    const [logit] = (await logitsOf(classify, 'lost card')) as [number];
    expect(label).toBe('LABEL_0');
    expectClose([score], [1 / (1 + Math.exp(-logit))], { relative: 1e-6 });
  });

  it('gives plain numbers for regression', async () => {
    const classify = await load('sequence-regression', { problem_type: 'regression' });
    expect(await classify('lost card')).toEqual([
      { label: 'LABEL_0', score: (await logitsOf(classify, 'lost card'))[0] },
    ]);
  });

  it('cuts texts that are too long for the model', async () => {
    const classify = await load();
    const run = vi.spyOn(classify.model, 'run');
    await classify([`${'card '.repeat(500)}`, 'pin']);
    const [{ lengths }] = run.mock.calls[0] as [Request];
    expect([...lengths]).toEqual([35, 3]);
  });

  it('cuts at max_length, and refuses long texts where truncation is off', async () => {
    const classify = await load();
    const long = 'card '.repeat(40);
    const options = { top_k: null, function_to_apply: 'none' } as const;
    expect(await classify(long, { ...options, max_length: 4 })).toEqual(
      await classify('card card', options),
    );
    await expect(classify(long, { truncation: false })).rejects.toThrow(
      new InputError(
        'Cannot run the model: text has 42 tokens, expected 1 to max_position_embeddings (35)',
      ),
    );
  });

  it('refuses a tokenizer with more tokens than the model', async () => {
    const classify = await load();
    const words = Array.from({ length: 60 }, (_, i) => `w${i}`);
    const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words];
    const other = await pipeline('text-classification', {
      ...sourceOf('sequence-single'),
      'vocab.txt': new TextEncoder().encode(tokens.join('\n')),
    });
    await expect(other('w50')).rejects.toThrow(
      "Cannot run the model: tokenizer gives 55 in input_ids, expected less than the model's vocab_size (43)",
    );
    expect(await classify('pin')).toHaveLength(1);
  });

  it.each([
    [[], 'Cannot classify: found an empty array, expected at least one text'],
    [7, 'Cannot classify: text is a number, expected'],
    [null, 'Cannot classify: text is null, expected'],
    [['a', undefined], 'Cannot classify: text 1 is undefined, expected'],
    [[['a', 'b']], 'Cannot classify: text 0 is an array, expected'],
    [{ text: 1 }, 'text is an object with number as text and undefined as text_pair'],
    [{ text: 'a', text_pair: ['b'] }, 'an object with string as text and object as text_pair'],
  ] as [unknown, string][])('refuses %j as texts', async (input, message) => {
    const classify = await load();
    await expect(classify(input as string)).rejects.toThrow(message);
    expect(await classify('pin')).toHaveLength(1);
  });

  it.each([
    [{ top_k: 0 }, 'Cannot classify: top_k is 0, expected an integer from 1 on, or null'],
    [{ top_k: 1.5 }, 'top_k is 1.5'],
    [{ top_k: '3' }, 'top_k is "3"'],
    [
      { function_to_apply: 'tanh' },
      'Cannot classify: function_to_apply is "tanh", expected one of "softmax", "sigmoid", "none"',
    ],
    [{ function_to_apply: 'constructor' }, 'function_to_apply is "constructor"'],
    [{ max_length: -1 }, 'max_length is -1'],
  ])('refuses %j as options', async (options, message) => {
    const classify = await load();
    await expect(classify('pin', options as object)).rejects.toThrow(message);
  });

  it('stops between passes when it is aborted, and works on afterwards', async () => {
    const classify = await load();
    const abort = new AbortController();
    const { signal } = abort;
    const run = vi.spyOn(classify.model, 'run');
    run.mockImplementationOnce(async (request) => {
      abort.abort(new Error('enough'));
      return MobileBertForSequenceClassification.prototype.run.call(classify.model, request);
    });
    const many = new Array<string>(2000).fill(texts[2]!);
    await expect(classify(many, { signal })).rejects.toThrow('enough');
    expect(run).toHaveBeenCalledTimes(1);
    await expect(classify('pin', { signal })).rejects.toThrow('enough');
    expect(await classify(many)).toHaveLength(2000);
  });

  it('works on after a pass has failed', async () => {
    const classify = await load();
    vi.spyOn(classify.model, 'run').mockRejectedValueOnce(new RangeError('no memory'));
    await expect(classify('pin')).rejects.toThrow('no memory');
    expect(await classify('pin')).toHaveLength(1);
  });

  it('may be called while another call runs', async () => {
    const classify = await load();
    const many = new Array<string>(500).fill(texts[2]!);
    const [first, second] = await Promise.all([classify(many), classify('pin')]);
    expect(new Set(first.map(({ score }) => score)).size).toBe(1);
    expect(second).toEqual(await classify('pin'));
  });

  it('refuses a model of another class', () => {
    const parts = { task: 'text-classification', model: {}, tokenizer: {} };
    expect(() => new TextClassificationPipeline(parts as never)).toThrow(
      /^Cannot make a text-classification pipeline: .* expected a MobileBertForSequenceClassification$/,
    );
  });
});

describe('defaultScoreFunction()', () => {
  it.each([
    ['regression', 1, 'none'],
    ['regression', 3, 'none'],
    ['multi_label_classification', 3, 'sigmoid'],
    ['single_label_classification', 3, 'softmax'],
    [null, 1, 'sigmoid'],
    [null, 2, 'softmax'],
  ] as const)(
    'decides as Python: %s with %d labels -> %s',
    (problem_type, num_labels, expected) => {
      const config = new MobileBertConfig({ problem_type, num_labels });
      expect(defaultScoreFunction(config)).toBe(expected);
    },
  );
});
