/**
 * Results of Python's pipelines with the bundled models, test/golden/bundled: equal offsets, close
 * scores.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import { expectClose } from '../../support/close.ts';
import { apart } from './golden-pipelines.ts';

/** float32 against float64 through four layers and a softmax; scores are at most 1. */
const SCORE = { absolute: 1e-4 };

interface Call {
  readonly text: string;
  readonly context: string;
  readonly options: object;
  readonly expected: object[];
}

interface Golden {
  readonly model: string;
  readonly calls: readonly Call[];
}

const read = (task: string): Golden =>
  JSON.parse(readFileSync(`test/golden/bundled/${task}.json`, 'utf8'));

function expectSame(found: unknown, { text, options, expected }: Call) {
  const [actual, wanted] = [apart(found), apart(expected)];
  expect(actual.rest, `${JSON.stringify(options)} ${text}`).toEqual(wanted.rest);
  if (wanted.scores.length > 0) expectClose(actual.scores, wanted.scores, SCORE);
}

describe('bundled models as in Python', () => {
  it('restaurant8k-slots tags with every strategy, and a long text in windows', async () => {
    const { model, calls } = read('token-classification');
    const tag = await pipeline('token-classification', `models/${model}`);
    for (const call of calls) {
      expectSame(await tag(call.text, { ...call.options, offset_unit: 'codepoint' }), call);
    }
    await tag.dispose();
  });

  it('restaurant8k-answers answers or does not, and reads a long text in windows', async () => {
    const { model, calls } = read('question-answering');
    const answer = await pipeline('question-answering', `models/${model}`);
    for (const call of calls) {
      const options = { ...call.options, offset_unit: 'codepoint' } as const;
      const found = [await answer(call.text, call.context, options)].flat();
      const plain = found.map(({ answer, score, start, end }) => ({ answer, score, start, end }));
      expectSame(plain, call);
    }
    await answer.dispose();
  });
});
