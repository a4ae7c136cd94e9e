import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import {
  type NextSentencePrediction,
  NextSentencePredictionPipeline,
} from '../../../src/pipelines/next-sentence-prediction.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import { type CheckpointRecord, hashedCheckpoint, readGolden } from './hashed-checkpoint.ts';
import { sourceOf, texts } from './support.ts';

interface Case {
  readonly text: string;
  readonly next: string;
  readonly score: number;
}

const golden = readGolden<CheckpointRecord & { cases: Case[] }>('next-sentence');
const load = () => pipeline('next-sentence-prediction', sourceOf('next-sentence'));

describe('next-sentence-prediction against Python', () => {
  it("gives the probabilities of its model's first class", async () => {
    const follows = await pipeline('next-sentence-prediction', hashedCheckpoint(golden));
    const found = await follows(
      golden.cases.map(({ text }) => text),
      golden.cases.map(({ next }) => next),
    );
    found.forEach(({ is_next, score }, i) => {
      // float32 against float64.
      expect(Math.abs(score - golden.cases[i]!.score)).toBeLessThan(2e-6);
      expect(is_next).toBe(golden.cases[i]!.score >= 0.5);
    });
    expect(found).toHaveLength(golden.cases.length);
  });
});

describe('NextSentencePredictionPipeline', () => {
  it('gives softmax of the logits of a pair, computed by hand', async () => {
    const follows = await load();
    const seen = new Set<boolean>();
    for (const text of texts) {
      const { logits } = await follows.model({
        ...follows.tokenizer(text, { text_pair: texts[0]! }),
      });
      const [a, b] = [...logits.data] as [number, number];
      const { is_next, score } = await follows(text, texts[0]!);
      expect(score).toBeCloseTo(1 / (1 + Math.exp(b - a)), 6);
      expect(is_next).toBe(a >= b);
      seen.add(is_next);
    }
    expect(seen.size).toBe(2);
  });

  it('pairs two lists, or one text with a whole list on either side', async () => {
    const follows = await load();
    const one = (a: string, b: string) => follows(a, b);
    const [first, second] = [texts.slice(0, 3), texts.slice(2, 5)];
    expect(await follows(first, second)).toEqual(
      await Promise.all(first.map((text, i) => one(text, second[i]!))),
    );
    expect(await follows('pin', second)).toEqual(
      await Promise.all(second.map((next) => one('pin', next))),
    );
    expect(await follows(first, 'pin')).toEqual(
      await Promise.all(first.map((text) => one(text, 'pin'))),
    );
  });

  it('refuses what makes no sense', async () => {
    const follows = await load();
    const refused: [() => Promise<unknown>, typeof Error, string][] = [
      [() => follows(['a', 'b'], ['c']), RangeError, 'found 2 texts and 1 next ones'],
      [() => follows([], 'a'), RangeError, 'texts is an empty array'],
      [() => follows('a', []), RangeError, 'next is an empty array'],
      [() => follows('a', undefined as never), TypeError, 'next is undefined, expected a string'],
      [() => follows('a', [null as never]), TypeError, 'next[0] is null'],
    ];
    for (const [call, Class, message] of refused) {
      await expect(call()).rejects.toThrow(Class);
      await expect(call()).rejects.toThrow(message);
    }
    expect(
      () => new NextSentencePredictionPipeline({ ...follows, model: {} } as unknown as never),
    ).toThrow('expected a MobileBertForNextSentencePrediction');
  });

  it('stops between passes when it is aborted, and works on afterwards', async () => {
    const follows = await load();
    const abort = new AbortController();
    const run = vi.spyOn(follows.model, 'run');
    run.mockImplementationOnce(async (request) => {
      abort.abort(new Error('enough'));
      return follows.model.run(request);
    });
    const many = new Array<string>(800).fill('my card is lost');
    const call = follows('pin', many, { signal: abort.signal });
    await expect(call).rejects.toThrow('enough');
    expect(run).toHaveBeenCalledTimes(2);
    expect(await follows('pin', many)).toHaveLength(800);
  });

  it('works on after a pass has failed', async () => {
    const follows = await load();
    vi.spyOn(follows.model, 'run').mockRejectedValueOnce(new RangeError('no memory'));
    await expect(follows('pin', 'pin')).rejects.toThrow('no memory');
    expect(await follows(['pin'], 'pin')).toHaveLength(1);
  });

  it('types results by what is given', async () => {
    const follows = await load();
    const batch: string[] = ['pin'];
    expectTypeOf(await follows('a', 'b')).toEqualTypeOf<NextSentencePrediction>();
    expectTypeOf(await follows(batch, 'b')).toEqualTypeOf<NextSentencePrediction[]>();
    expectTypeOf(await follows('a', batch)).toEqualTypeOf<NextSentencePrediction[]>();
  });
});
