import { beforeAll, describe, expect, expectTypeOf, it, vi } from 'vitest';
import type { Request } from '../../../src/engine/engine.ts';
import type { Answer } from '../../../src/pipelines/answers.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import { QuestionAnsweringPipeline } from '../../../src/pipelines/question-answering.ts';
import { expectClose } from '../../support/close.ts';
import { sourceOf, texts } from './support.ts';

const QUESTION = 'where is my card ?';
const LONG = 'my card is lost . where is the new pin ? how do i pay you the money . '.repeat(20);

let answer: QuestionAnsweringPipeline;

beforeAll(async () => {
  answer = await pipeline('question-answering', sourceOf('question'));
});

/** The rows that a call ran, as lists of ids. */
async function rowsOf(work: () => Promise<unknown>): Promise<number[][]> {
  const run = vi.spyOn(answer.model, 'run');
  await work();
  const requests = run.mock.calls as [Request][];
  run.mockRestore();
  return requests.flatMap(([{ lengths, inputIds }]) => {
    let at = 0;
    return Array.from(lengths, (length) => {
      at += length;
      return [...inputIds!.slice(at - length, at)];
    });
  });
}

describe('QuestionAnsweringPipeline', () => {
  it("answers with exact slices of the source, scored by the model's own logits", async () => {
    const context = 'My  CARD is\tlost, Where?';
    const found = await answer(QUESTION, context, { top_k: 3, align_to_words: false });
    const inputs = answer.tokenizer(QUESTION, { text_pair: context });
    const { start_logits, end_logits } = await answer.model({ ...inputs });
    const isContext = inputs.sequence_ids().map((sequence, i) => sequence === 1 || i === 0);
    const share = (logits: ArrayLike<number>) => {
      const exps = Array.from(logits, (x, i) => (isContext[i] ? Math.exp(x) : 0));
      const sum = exps.reduce((a, b) => a + b);
      return exps.map((x) => x / sum);
    };
    const [starts, ends] = [share(start_logits.data), share(end_logits.data)];
    for (const { answer: text, start, end, score } of found) {
      expect(text).toBe(context.slice(start, end));
      const [s, e] = [inputs.char_to_token(0, start, 1)!, inputs.char_to_token(0, end - 1, 1)!];
      expectClose([score], [starts[s]! * ends[e]!], { relative: 1e-6 });
    }
    expect(found.map(({ score }) => score)).toEqual(
      found.map(({ score }) => score).sort((a, b) => b - a),
    );
  });

  it('gives a batch, in its order, exactly what each pair gives alone', async () => {
    const questions = Array.from({ length: 60 }, (_, i) => texts[(i * i) % texts.length]!);
    const contexts = questions.map((_, i) => `${texts[i % 5]!} ${texts[(i + 3) % 7]}`);
    const alone: Answer[] = [];
    for (const [i, question] of questions.entries()) {
      alone.push(await answer(question, contexts[i]!, { max_seq_len: 30, doc_stride: 3 }));
    }
    expect(await answer(questions, contexts, { max_seq_len: 30, doc_stride: 3 })).toEqual(alone);
  });

  it('takes one context for many questions and one question for many contexts', async () => {
    const many = ['pin ?', 'card ?'];
    const singly = [await answer(many[0]!, texts[0]!), await answer(many[1]!, texts[0]!)];
    expect(await answer(many, texts[0]!)).toEqual(singly);
    expect(await answer(QUESTION, [texts[0]!, texts[6]!])).toEqual([
      await answer(QUESTION, texts[0]!),
      await answer(QUESTION, texts[6]!),
    ]);
  });

  it('tokenizes each text once', async () => {
    const call = vi.spyOn(answer.tokenizer, '_call');
    await answer(['pin ?', 'card ?', 'pin ?'], LONG);
    expect(call.mock.calls.map(([text]) => [text].flat()[0])).toEqual(['pin ?', LONG, 'card ?']);
    call.mockRestore();
  });

  it('reads all of a long context in windows that share doc_stride tokens, without padding', async () => {
    const rows = await rowsOf(() => answer('pin', LONG, { max_seq_len: 24, doc_stride: 6 }));
    const { cls_token_id: cls, sep_token_id: sep, pad_token_id: pad } = answer.tokenizer;
    const parts = rows.map((ids) => {
      expect(ids.slice(0, 3)).toEqual([cls, answer.tokenizer.encode('pin')[1], sep]);
      expect(ids.at(-1)).toBe(sep);
      expect(ids).not.toContain(pad);
      expect(ids.length).toBeLessThanOrEqual(24);
      return ids.slice(3, -1);
    });
    const whole = answer.tokenizer.encode(LONG, { add_special_tokens: false });
    const joined = parts[0]!;
    for (const part of parts.slice(1)) {
      expect(joined.slice(-6)).toEqual(part.slice(0, 6));
      joined.push(...part.slice(6));
    }
    expect(joined).toEqual(whole);
  });

  it('merges equal answers of windows: first offsets, sum of scores', async () => {
    const options = { max_seq_len: 24, doc_stride: 6, top_k: 40 } as const;
    const found = await answer('pin', LONG, options);
    const lower = found.map((one) => one.answer.toLowerCase());
    expect(new Set(lower).size).toBe(lower.length);
    for (const one of found) expect(LONG.indexOf(one.answer)).toBeLessThanOrEqual(one.start);
  });

  it('reads no more than max_windows, and marks answers as truncated', async () => {
    const options = { max_seq_len: 24, max_windows: 2 };
    expect(await rowsOf(() => answer('pin', LONG, options))).toHaveLength(2);
    const found = await answer('pin', LONG, { ...options, top_k: 3 });
    for (const one of found) expect(one.truncated).toBe(true);
    expect(await answer('pin', texts[0]!, options)).not.toHaveProperty('truncated');
  });

  it('cuts questions at max_question_len only, and marks answers as truncated', async () => {
    const options = { max_question_len: 2 };
    const [ids] = (await rowsOf(() => answer(QUESTION, 'pin', options))) as [number[]];
    expect(ids).toHaveLength(2 + 1 + 3);
    expect(await answer(QUESTION, 'pin', options)).toHaveProperty('truncated', true);
    const [whole] = (await rowsOf(() => answer(QUESTION, 'pin'))) as [number[]];
    expect(whole).toHaveLength(5 + 1 + 3);
  });

  it('keeps to max_answer_len', async () => {
    for (const max_answer_len of [1, 2, 5]) {
      const found = await answer(QUESTION, texts[2]!, { top_k: 50, max_answer_len });
      const most = Math.max(...found.map((one) => one.answer.split(' ').length));
      expect(most).toBeLessThanOrEqual(max_answer_len);
    }
  });

  it('extends answers to whole words unless align_to_words is false', async () => {
    const options = { top_k: 100, max_answer_len: 1 } as const;
    const words = await answer('pin', 'lost cards', options);
    expect(words.map((one) => one.answer).sort()).toEqual(['cards', 'lost']);
    const pieces = await answer('pin', 'lost cards', { ...options, align_to_words: false });
    expect(pieces.map((one) => one.answer).sort()).toEqual(['card', 'lost', 's']);
  });

  it('ranks no answer by its probability', async () => {
    const found = await answer(QUESTION, texts[6]!, { top_k: 99, handle_impossible_answer: true });
    const none = found.filter((one) => one.answer === '');
    expect(none).toEqual([
      { answer: '', start: 0, end: 0, score: none[0]!.score, null_score: none[0]!.score },
    ]);
    const plain = await answer(QUESTION, texts[6]!, { top_k: 99 });
    expect(plain.some((one) => one.answer === '')).toBe(false);
  });

  it('decides about no answer by a threshold of logits', async () => {
    const plain = await answer(QUESTION, LONG, { top_k: 3, max_seq_len: 24 });
    const with_ = (null_score_diff_threshold: number) =>
      answer(QUESTION, LONG, { top_k: 3, max_seq_len: 24, null_score_diff_threshold });
    const difference = (await with_(0))[0]!.null_score_diff!;
    const [none, ...rest] = await with_(difference - 1e-9);
    expect(none).toMatchObject({ answer: '', start: 0, end: 0, score: none!.null_score });
    expect(rest).toMatchObject(plain.slice(0, 2));
    expect(await with_(difference)).toMatchObject(plain);
    expect(await with_(Infinity)).toMatchObject(plain);
  });

  it('gives offsets in code points with that offset_unit', async () => {
    const context = '🙂🙂 pin';
    const found = await answer(QUESTION, context, { top_k: 9, offset_unit: 'codepoint' });
    expect(found.find((one) => one.answer === 'pin')).toMatchObject({ start: 3, end: 6 });
  });

  it('finds nothing in a context without tokens', async () => {
    expect(await answer(QUESTION, ' \n')).toEqual({ answer: '', score: 0, start: 0, end: 0 });
  });

  it('reports how many of all windows it has read', async () => {
    const seen: { done: number; total: number }[] = [];
    const rows = await rowsOf(() =>
      answer(['pin', 'card'], LONG, { progress_callback: (event) => seen.push(event) }),
    );
    expect(seen.at(-1)).toEqual({ done: rows.length, total: rows.length });
  });

  it.each([
    ['', 'pin', {}, RangeError, 'Cannot answer: question 0 is empty, expected text'],
    ['pin', ['a', ''], {}, RangeError, 'Cannot answer: context 1 is empty, expected text'],
    [[], 'pin', {}, RangeError, 'question is an empty array, expected at least one'],
    ['pin', null, {}, TypeError, 'Cannot answer: context is null, expected a string'],
    [
      ['a', 'b'],
      ['a', 'b', 'c'],
      {},
      RangeError,
      'found 2 questions and 3 contexts, expected equal numbers',
    ],
    [
      'pin',
      'pin',
      { top_k: 0 },
      RangeError,
      'Cannot answer: top_k is 0, expected an integer from 1 on',
    ],
    ['pin', 'pin', { max_answer_len: 0 }, RangeError, 'max_answer_len is 0'],
    [
      'pin',
      'pin',
      { max_seq_len: 36 },
      RangeError,
      'max_seq_len is 36, expected an integer from 1 to 35',
    ],
    ['pin', 'pin', { max_seq_len: 4 }, RangeError, 'question has 1 tokens, expected to leave room'],
    [
      'pin',
      LONG,
      { max_seq_len: 20, doc_stride: 16 },
      RangeError,
      'doc_stride is 16, expected less than the 16',
    ],
    ['pin', 'pin', { max_windows: 1.5 }, RangeError, 'max_windows is 1.5'],
    [
      'pin',
      'pin',
      { null_score_diff_threshold: '1' },
      RangeError,
      'null_score_diff_threshold is "1"',
    ],
    ['pin', 'pin', { offset_unit: 'bytes' }, RangeError, 'offset_unit is "bytes"'],
  ] as [unknown, unknown, object, ErrorConstructor, string][])(
    'refuses %j on %j with %j, and works on',
    async (question, context, options, kind, message) => {
      const call = answer(question as string, context as string, options);
      await expect(call).rejects.toThrow(message);
      await expect(call).rejects.toBeInstanceOf(kind);
      expect((await answer('pin', 'pin')).answer).toBe('pin');
    },
  );

  it('refuses a model of another task', async () => {
    const { model } = await pipeline('text-classification', sourceOf('sequence-single'));
    const parts = { task: 'qa', model: model as never, tokenizer: answer.tokenizer };
    expect(() => new QuestionAnsweringPipeline(parts)).toThrow('model is of another class');
  });

  it('stops between windows when it is aborted, and works on afterwards', async () => {
    const abort = new AbortController();
    const { signal } = abort;
    const options = { max_seq_len: 16, doc_stride: 8, signal };
    setTimeout(() => abort.abort(new Error('enough')));
    await expect(answer('pin', LONG.repeat(20), options)).rejects.toThrow('enough');
    await expect(answer('pin', 'pin', { signal })).rejects.toThrow('enough');
    expect((await answer('pin', 'pin')).answer).toBe('pin');
  });

  it('works on after a pass has failed', async () => {
    vi.spyOn(answer.model, 'run').mockRejectedValueOnce(new RangeError('no memory'));
    await expect(answer('pin', 'pin')).rejects.toThrow('no memory');
    expect((await answer('pin', 'pin')).answer).toBe('pin');
  });

  it('types results by what is asked', async () => {
    const k: number = 2;
    expectTypeOf(await answer('pin', 'pin')).toEqualTypeOf<Answer>();
    expectTypeOf(await answer('pin', 'pin', { top_k: 2 })).toEqualTypeOf<Answer[]>();
    expectTypeOf(await answer(['pin'], 'pin')).toEqualTypeOf<Answer[]>();
    expectTypeOf(await answer('pin', ['pin'], { top_k: 2 })).toEqualTypeOf<Answer[][]>();
    expectTypeOf(await answer('pin', 'pin', { top_k: k })).toEqualTypeOf<Answer | Answer[]>();
  });
});
