import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { type Choice, MultipleChoicePipeline } from '../../../src/pipelines/multiple-choice.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import { type CheckpointRecord, hashedCheckpoint, readGolden } from './hashed-checkpoint.ts';
import { sourceOf, texts } from './support.ts';

interface Case {
  readonly text: string;
  readonly choices: string[];
  readonly scores: number[];
}

const golden = readGolden<CheckpointRecord & { cases: Case[] }>('multiple-choice');
const load = () => pipeline('multiple-choice', sourceOf('choice'));
/** All of the same token count, so that the model's own call needs no padding. */
const CHOICES = ['my card', 'the money', 'rome ?', 'where is'];

describe('multiple-choice against Python', () => {
  it("ranks by softmax of its model's logits", async () => {
    const choose = await pipeline('multiple-choice', hashedCheckpoint(golden));
    const found = await choose(
      golden.cases.map(({ text }) => text),
      golden.cases.map(({ choices }) => choices),
    );
    golden.cases.forEach(({ choices, scores }, i) => {
      const order = scores.map((_, n) => n).sort((a, b) => scores[b]! - scores[a]!);
      expect(found[i]!.map(({ index }) => index)).toEqual(order);
      for (const { choice, index, score } of found[i]!) {
        expect(choice).toBe(choices[index]);
        // float32 against float64.
        expect(Math.abs(score - scores[index]!)).toBeLessThan(2e-6);
      }
    });
  });
});

describe('MultipleChoicePipeline', () => {
  it('gives what the model gives for [1,N,S], all choices in one pass', async () => {
    const choose = await load();
    const run = vi.spyOn(choose.model, 'run');
    const found = await choose('pin', CHOICES);
    expect(run).toHaveBeenCalledTimes(1);
    const { input_ids, token_type_ids, attention_mask } = choose.tokenizer(
      CHOICES.map(() => 'pin'),
      { text_pair: CHOICES, padding: true },
    );
    const { logits } = await choose.model({
      input_ids: input_ids.unsqueeze(0),
      token_type_ids: token_type_ids.unsqueeze(0),
      attention_mask: attention_mask.unsqueeze(0),
    });
    const exps = Array.from(logits.data, Math.exp);
    const sum = exps.reduce((a, b) => a + b);
    expect(found.map(({ score }) => score)).toEqual(
      found.map(({ index }) => expect.closeTo(exps[index]! / sum, 6)),
    );
    expect(found.map(({ choice }) => choice)).toEqual(found.map(({ index }) => CHOICES[index]));
    expect(found.reduce((total, { score }) => total + score, 0)).toBeCloseTo(1, 6);
  });

  it('gives a batch in its order, with shared choices or a list for each text', async () => {
    const choose = await load();
    const alone = [];
    for (const text of texts) alone.push(await choose(text, CHOICES));
    expect(await choose(texts, CHOICES)).toEqual(alone);
    expect(
      await choose(
        texts,
        texts.map(() => CHOICES),
      ),
    ).toEqual(alone);
    const ragged = [CHOICES.slice(0, 1), CHOICES, CHOICES.slice(2)];
    const found = await choose(texts.slice(0, 3), ragged);
    expect(found.map(({ length }) => length)).toEqual([1, 4, 2]);
    expect(found[1]).toEqual(alone[1]);
    expect(found[0]).toEqual([{ choice: 'my card', index: 0, score: 1 }]);
  });

  it('gives the best top_k, equal ones as they came', async () => {
    const choose = await load();
    const all = await choose('pin', CHOICES, { top_k: null });
    expect(await choose('pin', CHOICES, { top_k: 2 })).toEqual(all.slice(0, 2));
    expect(await choose('pin', CHOICES, { top_k: 9 })).toEqual(all);
    const same = await choose('pin', ['rome', 'rome', 'rome']);
    expect(same.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it('refuses what makes no sense', async () => {
    const choose = await load();
    const refused: [() => Promise<unknown>, typeof Error, string][] = [
      [() => choose([], CHOICES), RangeError, 'texts is an empty array'],
      [() => choose('a', 'b' as never), TypeError, 'choices is a string, expected an array'],
      [() => choose('a', []), RangeError, 'choices is an empty array'],
      [() => choose('a', [CHOICES] as never), TypeError, 'choices[0] is an array'],
      [() => choose(['a', 'b'], [CHOICES]), RangeError, 'found 2 texts and 1 lists of choices'],
      [() => choose(['a'], [[]]), RangeError, 'choices[0] is an empty array'],
      [() => choose(['a', 'b'], [CHOICES, 'c'] as never), TypeError, 'choices[1] is a string'],
      [() => choose('a', CHOICES, { top_k: 0 }), RangeError, 'top_k is 0, expected an integer'],
    ];
    for (const [call, Class, message] of refused) {
      await expect(call()).rejects.toThrow(Class);
      await expect(call()).rejects.toThrow(message);
    }
    expect(() => new MultipleChoicePipeline({ ...choose, model: {} } as unknown as never)).toThrow(
      'expected a MobileBertForMultipleChoice',
    );
  });

  it('stops between passes when it is aborted, and works on afterwards', async () => {
    const choose = await load();
    const abort = new AbortController();
    const run = vi.spyOn(choose.model, 'run');
    run.mockImplementationOnce(async (request) => {
      abort.abort(new Error('enough'));
      return choose.model.run(request);
    });
    const many = new Array<string>(200).fill('my card is lost');
    const call = choose(many, CHOICES, { signal: abort.signal });
    await expect(call).rejects.toThrow('enough');
    expect(run).toHaveBeenCalledTimes(2);
    expect(await choose(many, CHOICES)).toHaveLength(200);
  });

  it('works on after a pass has failed', async () => {
    const choose = await load();
    vi.spyOn(choose.model, 'run').mockRejectedValueOnce(new RangeError('no memory'));
    await expect(choose('pin', CHOICES)).rejects.toThrow('no memory');
    expect(await choose(['pin'], CHOICES)).toHaveLength(1);
  });

  it('types results by what is given', async () => {
    const choose = await load();
    const batch: string[] = ['pin'];
    expectTypeOf(await choose('a', CHOICES)).toEqualTypeOf<Choice[]>();
    expectTypeOf(await choose(batch, CHOICES)).toEqualTypeOf<Choice[][]>();
    expectTypeOf(await choose(batch, [CHOICES])).toEqualTypeOf<Choice[][]>();
  });
});
