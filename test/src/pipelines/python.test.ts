/**
 * Results of Python's pipelines, test/golden/pipelines: equal texts, labels and offsets, close
 * scores.
 */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { TokenEntity } from '../../../src/pipelines/entities.ts';
import { type PipelineOf, pipeline, type TaskName } from '../../../src/pipelines/pipeline.ts';
import { expectClose } from '../../support/close.ts';
import { apart, goldenCalls, goldenSource } from './golden-pipelines.ts';

/** float32 against float64 through two layers; scores are at most 1. */
const SCORE = { absolute: 1e-5 };

interface Call {
  text: string | string[];
  options: object;
  expected: object[];
}

interface QuestionCall {
  /** The question. */
  text: string;
  context: string;
  options: { top_k?: number };
  expected: object[];
}

const titled = <C extends { options: object }>(task: string) =>
  goldenCalls<C>(task).map((call, i) => ({
    ...call,
    title: `${i}: ${JSON.stringify(call.options)}`,
  }));

function expectSame(found: unknown, expected: unknown) {
  const [actual, wanted] = [apart(found), apart(expected)];
  expect(actual.rest).toEqual(wanted.rest);
  if (wanted.scores.length > 0) expectClose(actual.scores, wanted.scores, SCORE);
}

function loaded<T extends TaskName>(task: T): { get(): PipelineOf<T> } {
  let pipe: PipelineOf<T> | undefined;
  beforeAll(async () => {
    pipe = await pipeline(task, goldenSource(task));
  });
  return { get: () => pipe! };
}

describe('token-classification as in Python', () => {
  const tag = loaded('token-classification');
  const calls = titled<Call>('token-classification');

  it.each(calls)('call $title', async ({ text, options, expected }) => {
    const found = await tag.get()(text, { ...options, offset_unit: 'codepoint' });
    expectSame(found, expected);
  });

  it('gives UTF-16 offsets that slice the source', async () => {
    const { text, expected } = calls[1]! as { text: string; expected: TokenEntity[] };
    const found = await tag.get()(text);
    const points = [...text];
    const units = (count: number) => points.slice(0, count).join('').length;
    expect(found.map(({ start }) => start)).toEqual(expected.map(({ start }) => units(start)));
    for (const { word, start, end } of found) {
      const source = text.slice(start, end).toLowerCase();
      if (/^[a-z]+$/.test(source)) expect(word.replace('##', '')).toBe(source);
    }
  });
});

describe('fill-mask as in Python', () => {
  const fill = loaded('fill-mask');

  it.each(titled<Call & { text: string }>('fill-mask'))(
    'call $title',
    async ({ text, options, expected }) => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
      expectSame(await fill.get()(text, options), expected);
      warn.mockRestore();
    },
  );
});

describe('question-answering as in Python 4', () => {
  const answer = loaded('question-answering');

  it.each(titled<QuestionCall>('question-answering'))(
    'call $title',
    async ({ text, context, options, expected }) => {
      const found = [
        await answer.get()(text, context, { ...options, offset_unit: 'codepoint' }),
      ].flat();
      expectSame(
        found.map(({ answer, score, start, end }) => ({ answer, score, start, end })),
        expected,
      );
    },
  );
});
