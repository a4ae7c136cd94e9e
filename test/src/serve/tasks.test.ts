import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MobileBertModel } from '../../../src/models/heads/mobilebert-model.ts';
import { pipeline, type TaskName } from '../../../src/pipelines/pipeline.ts';
import * as serve from '../../../src/serve/serve.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { classes } from '../../support/models.ts';
import { vocabulary } from '../pipelines/support.ts';

/** Two small layers. The vocabulary is that of the pipelines' tests. */
const CONFIG = {
  vocab_size: 40,
  num_hidden_layers: 2,
  hidden_size: 32,
  embedding_size: 16,
  intermediate_size: 32,
  intra_bottleneck_size: 16,
  num_attention_heads: 2,
  max_position_embeddings: 64,
};

type Maker = (setup: serve.TaskSetup<unknown, object>) => serve.Route;

interface Case {
  readonly task: TaskName;
  readonly head: string;
  readonly make: Maker;
  readonly body: Readonly<Record<string, unknown>>;
  /** The arguments of the equivalent call of the pipeline. */
  readonly call: readonly unknown[];
  /** How `results` differ from the pipeline's: one shape, whatever `top_k` is. */
  readonly shape?: (found: never) => unknown;
  /** Bodies that are refused, with the error message. */
  readonly refused: readonly (readonly [body: unknown, says: RegExp])[];
}

const text = 'where is my card ?';
const other = 'lost money';

/** Refused bodies of all tasks with texts. */
const texts: Case['refused'] = [
  [{}, /texts is undefined, expected 1 to 4 strings/],
  [{ texts: text }, /texts is a string, expected 1 to 4/],
  [{ texts: [] }, /texts has 0 entries, expected 1 to 4/],
  [{ texts: [text, text, text, text, text] }, /texts has 5 entries, expected 1 to 4/],
  [{ texts: [text, 1] }, /texts\[1\] is a number/],
  [{ texts: [null] }, /texts\[0\] is null/],
  [{ texts: [[text]] }, /texts\[0\] is an array/],
  [{ texts: { 0: text, length: 1 } }, /texts is an object/],
  [{ texts: [text], top_k: 9 }, /found "top_k", expected "texts"/],
  [{ texts: [text], constructor: 1 }, /found "constructor"/],
  ['{ "__proto__": { "texts": ["a"] } }', /found "__proto__"/],
];

const CASES: readonly Case[] = [
  {
    task: 'text-classification',
    head: 'MobileBertForSequenceClassification',
    make: serve.textClassification as Maker,
    body: { texts: [text, ''] },
    call: [[text, ''], {}],
    shape: (labels: unknown[]) => labels.map((label) => [label]),
    refused: texts,
  },
  {
    task: 'token-classification',
    head: 'MobileBertForTokenClassification',
    make: serve.tokenClassification as Maker,
    body: { texts: [text, other] },
    call: [[text, other], {}],
    refused: texts,
  },
  {
    task: 'question-answering',
    head: 'MobileBertForQuestionAnswering',
    make: serve.questionAnswering as Maker,
    body: { question: text, context: other },
    call: [text, other, {}],
    shape: (answer: unknown) => [answer],
    refused: [
      [{ texts: [text] }, /found "texts", expected "question" and "context" only/],
      [{ top_k: 1 }, /found "top_k", expected "question" and "context" only/],
      [{ questions: text, context: other }, /found "questions", expected "question"/],
      [{ question: text }, /context is undefined, expected a string/],
      [{ question: '', context: other }, /question is empty/],
      [{ question: text, context: '' }, /context is empty/],
      [{ question: [text], context: other }, /question is an array/],
      [{ question: text, context: other, top_k: 2 }, /found "top_k"/],
      [{ question: text.repeat(20), context: other }, /question has \d+ tokens/],
      ['{ "context": "a", "__proto__": { "question": "a" } }', /found "__proto__"/],
    ],
  },
  {
    task: 'fill-mask',
    head: 'MobileBertForMaskedLM',
    make: serve.fillMask as Maker,
    body: { texts: ['my [MASK] is lost', '[MASK] [MASK] [MASK]'] },
    call: [['my [MASK] is lost', '[MASK] [MASK] [MASK]'], {}],
    refused: [
      ...texts,
      [{ texts: [text] }, /text 0 has no \[MASK\]/],
      [{ texts: ['[MASK][MASK]', '[MASK] [MASK] [MASK]'] }, /found 5 masks, expected at most 4/],
    ],
  },
  {
    task: 'zero-shot-classification',
    head: 'MobileBertForSequenceClassification',
    make: serve.zeroShotClassification as Maker,
    body: { texts: [text, other], candidate_labels: ['card', 'money'] },
    call: [[text, other], ['card', 'money'], {}],
    refused: [
      [{ texts: [text] }, /candidate_labels is undefined, expected 1 to 4/],
      [{ texts: [text], candidate_labels: 'card' }, /candidate_labels is a string/],
      [{ texts: [text], candidate_labels: [] }, /candidate_labels has 0/],
      [{ texts: [text, other, text], candidate_labels: ['a', 'b'] }, /found 6 pairs of text/],
      [{ texts: [text], candidate_labels: ['a'], multi_label: true }, /found "multi_label"/],
    ],
  },
  {
    task: 'feature-extraction',
    head: 'MobileBertModel',
    make: serve.featureExtraction as Maker,
    body: { texts: [text, other] },
    call: [[text, other], { pooling: 'mean', normalize: true }],
    refused: texts,
  },
  {
    task: 'next-sentence-prediction',
    head: 'MobileBertForNextSentencePrediction',
    make: serve.nextSentencePrediction as Maker,
    body: { texts: [text, other], next: [other, text] },
    call: [[text, other], [other, text], {}],
    refused: [
      [{ texts: [text] }, /next is undefined/],
      [{ texts: [text, other], next: [other] }, /found 2 texts and 1 next ones/],
      [{ texts: [text], next: other }, /next is a string/],
    ],
  },
  {
    task: 'multiple-choice',
    head: 'MobileBertForMultipleChoice',
    make: serve.multipleChoice as Maker,
    body: { text, choices: [other, 'pin'] },
    call: [text, [other, 'pin'], {}],
    refused: [
      [{ text }, /choices is undefined/],
      [{ text, choices: [] }, /choices has 0 entries/],
      [{ text, choices: new Array(5).fill('a') }, /choices has 5 entries, expected 1 to 4/],
      [{ texts: [text], choices: [other] }, /found "texts"/],
      [{ text: 1, choices: [other] }, /text is a number/],
    ],
  },
];

beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

describe.each(CASES)('$task', ({ task, head, make, body, call, shape, refused }) => {
  const source = sourceOf(head);
  let handle: serve.Handler;

  beforeAll(async () => {
    handle = serve.createHandler({ '/ask': make({ model: await source }) }, { maxTexts: 4 });
  });

  it('answers with the results of the pipeline', async () => {
    const response = await handle(request(body));
    expect(response.status).toBe(200);
    const pipe = await pipeline(task, await source);
    const found = await (pipe as unknown as (...args: unknown[]) => Promise<unknown>)(...call);
    const plain = found instanceof Tensor ? found.tolist() : found;
    const expected = shape ? shape(plain as never) : plain;
    expect(await response.json()).toEqual({ results: JSON.parse(JSON.stringify(expected)) });
    await pipe.dispose();
  });

  it.each(refused)('refuses %j with 400 and a message', async (sent, says) => {
    const response = await handle(request(sent));
    const { error } = (await response.json()) as { error: string };
    expect([response.status, error]).toEqual([400, expect.stringMatching(says)]);
  });

  it.each([
    ['a NUL', '\u0000'],
    ['half a surrogate pair', '\ud800'],
    ['too much to read whole', '\u{1f600}'.repeat(400)],
    ['blanks', ' \n'],
  ])('answers texts with %s by 200 or 400', async (_, part) => {
    const longer = (value: unknown): unknown =>
      Array.isArray(value) ? value.map(longer) : `${value}${part}`;
    const fields = Object.entries(body).map(([name, value]) => [name, longer(value)]);
    expect([200, 400]).toContain((await handle(request(Object.fromEntries(fields)))).status);
  });
});

describe('results', () => {
  it.each([
    ['text-classification', { texts: [text] }],
    ['question-answering', { question: text, context: text }],
    ['multiple-choice', { text, choices: [other, text] }],
  ])('of %s have one shape whatever top_k is', async (name, body) => {
    const { head, make } = CASES.find(({ task }) => task === name)!;
    const model = await sourceOf(head);
    const found = async (top_k: number) => {
      const route = make({ model, options: { top_k } });
      const response = await serve.createHandler({ '/ask': route })(request(body));
      const { results } = (await response.json()) as { results: unknown[] };
      return name === 'text-classification' ? (results[0] as unknown[]) : results;
    };
    const [one, two] = [await found(1), await found(2)];
    expect([one.length, two.length]).toEqual([1, 2]);
    expect(one[0]).toEqual(two[0]);
  });
});

describe('TaskSetup', () => {
  it.each([
    [{ modle: 'x' }, 'option "modle" is unknown, expected "model"'],
    [{ model: 'x', option: {} }, 'option "option" is unknown, expected "options"'],
    [
      { model: 'x', top_k: 3 },
      'option "top_k" is unknown, expected one of "model", "load", "options"',
    ],
    [{}, 'found no model, expected one'],
    [undefined, 'found no model, expected one'],
  ])('refuses %j when the route is made', (setup, message) => {
    for (const make of CASES.map(({ make }) => make)) {
      expect(() => make(setup as unknown as serve.TaskSetup)).toThrow(TypeError);
      expect(() => make(setup as unknown as serve.TaskSetup)).toThrow(message);
    }
  });

  const ask = (handle: serve.Handler<string>, place?: string) =>
    handle(request({ texts: ['my card'] }), place);

  it('finds the model in the place, and uses the options in every call', async () => {
    const source = await sourceOf('MobileBertForSequenceClassification');
    const model = vi.fn(async (_: string) => source);
    const load = { dtype: 'q8' } as const;
    const options = { top_k: 2 };
    const route = serve.textClassification({ model, load, options });
    const handle = serve.createHandler({ '/ask': route });
    const { results } = await (await ask(handle, 'here')).json();
    expect(results).toEqual([[expect.anything(), expect.anything()]]);
    await ask(handle, 'there');
    expect(model).toHaveBeenCalledExactlyOnceWith('here');
  });

  it('makes a route whose read() can be replaced', async () => {
    const model = await sourceOf('MobileBertForSequenceClassification');
    const read = (body: serve.Body) => [String(body.q)];
    const route = { ...serve.textClassification({ model }), read };
    const response = await serve.createHandler({ '/ask': route })(request({ q: 'my card' }));
    expect(await response.json()).toEqual({
      results: [[expect.objectContaining({ score: expect.any(Number) })]],
    });
  });

  it('answers 500 if the model cannot be loaded, and tries again', async () => {
    const source = await sourceOf('MobileBertForSequenceClassification');
    const model = vi.fn(async (_: string): Promise<typeof source> => source);
    model.mockResolvedValueOnce({});
    const onError = vi.fn();
    const handle = serve.createHandler(
      { '/ask': serve.textClassification({ model }) },
      { onError },
    );
    expect((await ask(handle, 'here')).status).toBe(500);
    expect((await ask(handle, 'here')).status).toBe(200);
    expect(onError).toHaveBeenCalledOnce();
  });

  it('answers 500 for invalid options of the server', async () => {
    const model = await sourceOf('MobileBertForSequenceClassification');
    const route = serve.textClassification({ model, options: { top_k: 0 } });
    const onError = vi.fn();
    expect((await ask(serve.createHandler({ '/ask': route }, { onError }))).status).toBe(500);
    expect(onError.mock.calls[0]![0]).toBeInstanceOf(RangeError);
  });
});

/** A request with a body of JSON, or with a text as it is. */
function request(body: unknown): Request {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new Request('http://localhost/ask', { method: 'POST', body: text });
}

/** A checkpoint with random weights and a vocabulary, as a map of files. */
async function sourceOf(head: string): Promise<Record<string, Uint8Array | object>> {
  const Class = classes[head] as unknown as new (
    config: object,
    options: object,
  ) => MobileBertModel;
  const model = new Class(CONFIG, { seed: 1 });
  const files = await model.save_files();
  await model.dispose();
  return { ...files, 'vocab.txt': new TextEncoder().encode(vocabulary) } as Record<
    string,
    Uint8Array | object
  >;
}
