import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { MobileBertForQuestionAnswering } from '../../../src/models/heads/question-answering.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import { load, type QuestionAndAnswer } from '../../../src/qna/qna.ts';
import {
  type CheckpointRecord,
  hashedCheckpoint,
  readGolden,
} from '../pipelines/hashed-checkpoint.ts';
import { sourceOf } from '../pipelines/support.ts';

const source = sourceOf('question');
const QUESTION = 'where is my card';
/** With blanks around it, and long enough for several windows of the model's 35 positions. */
const CONTEXT =
  '  Rome is old. my NEW card is lost, where the money is not ? Rome is old . my pin is old. ';

let model: QuestionAndAnswer;

beforeAll(async () => {
  model = await load({ modelUrl: source, noAnswerThreshold: Number.POSITIVE_INFINITY });
});

/** A checkpoint with 128 positions. */
function wideSource() {
  const { config, shapes } = readGolden<CheckpointRecord>('feature-extraction');
  return hashedCheckpoint({
    config: { ...config, max_position_embeddings: 128 },
    shapes: {
      ...shapes,
      'embeddings.position_embeddings.weight': [128, 32],
      'qa_outputs.weight': [2, 32],
      'qa_outputs.bias': [2],
    },
    model_max_length: 128,
  });
}

/** Makes the model return [start, end] logits for the tokens of each sequence, once. */
function sayOnce(logitsOf: (ids: readonly number[]) => (readonly [number, number])[]) {
  const run = vi.spyOn(MobileBertForQuestionAnswering.prototype, 'run');
  run.mockImplementationOnce(async ({ lengths, inputIds }) => {
    let at = 0;
    const all = Array.from(lengths, (length) => {
      at += length;
      return logitsOf([...inputIds!.subarray(at - length, at)]);
    });
    return { TokenLogits: Float32Array.from(all.flat(2)) };
  });
  return run;
}

/** High logits at the given tokens of a row, -9 elsewhere. */
const peaks =
  (starts: Record<number, number>, ends: Record<number, number>) => (ids: readonly number[]) =>
    ids.map((_, i) => [starts[i] ?? -9, ends[i] ?? -9] as const);

afterEach(() => void vi.restoreAllMocks());

describe('findAnswers()', () => {
  it('returns up to five answers of the pipeline in the format of qna, as slices of the context', async () => {
    const answer = await pipeline('question-answering', source);
    const expected = await answer(QUESTION, CONTEXT, { top_k: 5, max_answer_len: 31 });
    const found = await model.findAnswers(QUESTION, CONTEXT);
    expect(found).toHaveLength(5);
    expect(found).toEqual(
      expected.map(({ answer, start, end, score }) => ({
        text: answer,
        startIndex: start,
        endIndex: end,
        score,
      })),
    );
    for (const { text, startIndex, endIndex } of found) {
      expect(CONTEXT.slice(startIndex, endIndex)).toBe(text);
      expect(text.trim()).toBe(text);
    }
    expect(new Set(found.map(({ text }) => text.toLowerCase())).size).toBe(5);
  });

  it('finds an answer at the first word, with its index in the untrimmed context', async () => {
    // [CLS] pin [SEP] rome is old [SEP]
    sayOnce(peaks({ 3: 9 }, { 3: 9 }));
    const [best] = await model.findAnswers('pin', '  Rome is old');
    expect(best).toMatchObject({ text: 'Rome', startIndex: 2, endIndex: 6 });
    expect(best!.score).toBeCloseTo(1, 5);
  });

  it('does not add a question mark', async () => {
    const run = vi.spyOn(MobileBertForQuestionAnswering.prototype, 'run');
    await model.findAnswers('where is it', 'Rome');
    // [CLS] where is it [SEP] rome [SEP]
    expect(run.mock.lastCall![0].inputIds).toHaveLength(7);
  });

  it('accepts a question of more than 64 tokens', async () => {
    const long = await load({
      modelUrl: wideSource(),
      noAnswerThreshold: Number.POSITIVE_INFINITY,
    });
    const found = await long.findAnswers(`${'who is it and '.repeat(20)}why`, 'Rome is old');
    expect(found[0]!.text).not.toBe('');
  });

  it('returns nothing if the logits of no answer exceed the best by the threshold', async () => {
    const strict = await load({ modelUrl: source });
    const lenient = await load({ modelUrl: source, noAnswerThreshold: 3 });
    for (const [none, ofStrict, ofLenient] of [
      [4, 1, 1],
      [5, 0, 1],
      [6.6, 0, 0],
    ] as const) {
      const say = peaks({ 0: none, 3: 4.5 }, { 0: none, 3: 4.5 });
      sayOnce(say);
      expect((await strict.findAnswers('pin', 'Rome')).length, `${none}`).toBe(ofStrict);
      sayOnce(say);
      expect((await lenient.findAnswers('pin', 'Rome')).length, `${none}`).toBe(ofLenient);
    }
  });

  it('returns nothing for an empty or blank context', async () => {
    expect(await model.findAnswers('pin', '')).toEqual([]);
    expect(await model.findAnswers('pin', ' \n')).toEqual([]);
  });

  it.each([
    [null, 'x', 'question is null, expected a string'],
    ['x', undefined, 'context is undefined'],
    ['x', 5, 'context is a number'],
    ['', 'x', 'is empty'],
  ])('refuses %j on %j', async (question, context, message) => {
    await expect(model.findAnswers(question as string, context as string)).rejects.toThrow(message);
  });

  it('is stopped by a signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(model.findAnswers('pin', CONTEXT, { signal })).rejects.toThrow('enough');
  });
});

describe('load()', () => {
  it.each([
    [undefined, 'found no modelUrl'],
    [{}, 'found no modelUrl'],
    [{ modelUrl: 'https://tfhub.dev/x', fromTFHub: true }, 'found fromTFHub'],
    [{ modelUrl: source, noAnswerThreshold: Number.NaN }, 'noAnswerThreshold is NaN'],
  ])('refuses %j', async (config, message) => {
    await expect(load(config as never)).rejects.toThrow(message);
  });

  it('passes options on, and frees memory with dispose()', async () => {
    const events: string[] = [];
    const config = {
      progress_callback: ({ status }: { status: string }) => void events.push(status),
    };
    const one = await load({ modelUrl: source, fromTFHub: false, ...config });
    expect(events.at(-1)).toBe('ready');
    await one.dispose();
    await expect(one.findAnswers('pin', 'Rome')).rejects.toThrow('disposed');
  });
});
