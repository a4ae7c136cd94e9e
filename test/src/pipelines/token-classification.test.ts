import { beforeAll, describe, expect, expectTypeOf, it, vi } from 'vitest';
import type { EntityGroup, TokenEntity } from '../../../src/pipelines/entities.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import { TokenClassificationPipeline } from '../../../src/pipelines/token-classification.ts';
import {
  MobileBertTokenizer,
  MobileBertTokenizerFast,
} from '../../../src/tokenizer/api/tokenizer.ts';
import { goldenSource } from './golden-pipelines.ts';
import { sourceOf, texts, vocabulary } from './support.ts';

const all = { ignore_labels: [] };
let tag: TokenClassificationPipeline;

beforeAll(async () => {
  tag = await pipeline('ner', sourceOf('token'));
});

describe('TokenClassificationPipeline', () => {
  it('gives a batch, in its order, exactly what each text gives alone', async () => {
    const many = Array.from({ length: 500 }, (_, i) => texts[(i * i) % texts.length]!);
    const run = vi.spyOn(tag.model, 'run');
    const found = await tag(many, { aggregation_strategy: 'first' });
    expect(run.mock.calls.length).toBeGreaterThan(1);
    const alone = new Map<string, EntityGroup[]>();
    for (const text of texts) alone.set(text, await tag(text, { aggregation_strategy: 'first' }));
    expect(found).toEqual(many.map((text) => alone.get(text)));
  });

  it('labels every token except special ones', async () => {
    const found = await tag('my lost card', all);
    expect(found.map(({ word, index, start, end }) => [word, index, start, end])).toEqual([
      ['my', 1, 0, 2],
      ['lost', 2, 3, 7],
      ['card', 3, 8, 12],
    ]);
  });

  it('leaves labels out after grouping, not before', async () => {
    const groups = await tag(texts, { aggregation_strategy: 'simple', ignore_labels: [] });
    const label = groups.flat()[0]!.entity_group;
    const rest = await tag(texts, { aggregation_strategy: 'simple', ignore_labels: [label] });
    expect(rest).toEqual(groups.map((one) => one.filter((g) => g.entity_group !== label)));
    // Groups on both sides of a left-out group are not joined.
    expect(rest.flat().length).toBeLessThan(groups.flat().length);
  });

  it('cuts long texts, or with a stride reads them whole', async () => {
    const long = 'my card is lost . '.repeat(30);
    const cut = await tag(long, { ...all, aggregation_strategy: 'simple' });
    expect(Math.max(...cut.map(({ end }) => end))).toBeLessThan(long.length / 4);
    const whole = await tag(long, { ...all, aggregation_strategy: 'simple', stride: 9 });
    expect(whole.at(-1)!.end).toBe(long.trimEnd().length);
    whole.forEach(({ start, end }, i) => {
      expect(start).toBeLessThan(end);
      if (i > 0) expect(start).toBeGreaterThanOrEqual(whole[i - 1]!.end);
    });
  });

  it('gives an array of one result for one list of words, as Python does', async () => {
    const options = { ...all, is_split_into_words: true } as const;
    const [found, ...none] = await tag(['my', 'lost cards'], options);
    expect(none).toEqual([]);
    expect(found!.map(({ word, start, end }) => [word, start, end])).toEqual([
      ['my', 0, 2],
      ['lost', 3, 7],
      ['card', 8, 12],
      ['##s', 12, 13],
    ]);
    expect(await tag([['my', 'lost cards'], ['pin']], options)).toHaveLength(2);
  });

  it('gives offsets in code points with that offset_unit', async () => {
    const text = '🙂🙂 pin';
    const units = await tag(text, all);
    const points = await tag(text, { ...all, offset_unit: 'codepoint' });
    expect(units.at(-1)).toMatchObject({ word: 'pin', start: 5, end: 8 });
    expect(points.at(-1)).toMatchObject({ word: 'pin', start: 3, end: 6 });
  });

  it('gives offsets with either tokenizer class, which are one class in Python', async () => {
    const fast = new MobileBertTokenizerFast(vocabulary);
    const { model, tokenizer } = tag;
    const other = new TokenClassificationPipeline({ task: 'ner', model, tokenizer: fast });
    expect(tokenizer).toBeInstanceOf(MobileBertTokenizer);
    for (const aggregation_strategy of ['none', 'first'] as const) {
      const options = { ...all, aggregation_strategy };
      const found = await tag(texts, options);
      expect(found.flat().every(({ start, end }) => start < end)).toBe(true);
      expect(await other(texts, options)).toEqual(found);
    }
  });

  it('gives nothing for an empty text', async () => {
    expect(await tag(['', 'pin'], all)).toEqual([[], [expect.any(Object)]]);
    expect(await tag('', { aggregation_strategy: 'max' })).toEqual([]);
  });

  it.each([
    [[], {}, RangeError, 'Cannot label tokens: texts is an empty array, expected at least one'],
    [7, {}, TypeError, 'Cannot label tokens: texts is a number, expected a string'],
    [['a', null], {}, TypeError, 'texts[1] is null'],
    [
      'a',
      { is_split_into_words: true },
      TypeError,
      'text 0 is a string, expected an array of words',
    ],
    [
      [['a'], 'b'],
      { is_split_into_words: true },
      TypeError,
      'text 1 is a string, expected an array',
    ],
    [['a', 1], { is_split_into_words: true }, TypeError, 'text 0[1] is a number'],
    [
      'a',
      { aggregation_strategy: 'last' },
      RangeError,
      'aggregation_strategy is "last", expected one of "none", "simple", "first", "average", "max"',
    ],
    [
      'a',
      { stride: 2 },
      RangeError,
      'found stride with aggregation_strategy "none", expected another',
    ],
    ['a', { stride: -1, aggregation_strategy: 'max' }, RangeError, 'stride is -1, expected'],
    [
      'a',
      { stride: 33, aggregation_strategy: 'max' },
      RangeError,
      'Cannot cut texts: stride is 33, expected less than the 33 tokens that max_length (35) leaves',
    ],
    ['a', { ignore_labels: 7 }, TypeError, 'ignore_labels is a number'],
    ['a', { offset_unit: 'bytes' }, RangeError, 'offset_unit is "bytes", expected "utf16" or'],
  ] as [unknown, object, ErrorConstructor, string][])(
    'refuses %j with %j, and works on',
    async (input, options, kind, message) => {
      const call = tag(input as string, options);
      await expect(call).rejects.toThrow(message);
      await expect(call).rejects.toBeInstanceOf(kind);
      expect(await tag('pin', all)).toHaveLength(1);
    },
  );

  it('refuses a model of another task', async () => {
    const { model } = await pipeline('text-classification', sourceOf('sequence-single'));
    const parts = { task: 'ner', model: model as never, tokenizer: tag.tokenizer };
    expect(() => new TokenClassificationPipeline(parts)).toThrow(
      'Cannot make a token-classification pipeline: model is of another class',
    );
  });

  it('stops between passes when it is aborted, and works on afterwards', async () => {
    const abort = new AbortController();
    const { signal } = abort;
    const many = new Array<string>(2000).fill(texts[2]!);
    setTimeout(() => abort.abort(new Error('enough')));
    await expect(tag(many, { signal })).rejects.toThrow('enough');
    await expect(tag('pin', { signal })).rejects.toThrow('enough');
    expect(await tag('pin', all)).toHaveLength(1);
  });

  it('works on after a pass has failed', async () => {
    vi.spyOn(tag.model, 'run').mockRejectedValueOnce(new RangeError('no memory'));
    await expect(tag('pin')).rejects.toThrow('no memory');
    expect(await tag('pin', all)).toHaveLength(1);
  });

  it('reads a text of 10,000 words in windows', async () => {
    const big = await pipeline('ner', goldenSource('token-classification'));
    const text = 'Ana moved to Reykjavík. '.repeat(2500);
    const found = await big(text, { aggregation_strategy: 'simple', stride: 8, ignore_labels: [] });
    expect(found.at(-1)!.end).toBe(text.length - 1);
  });

  it('types results by what is asked', async () => {
    expectTypeOf(await tag('pin')).toEqualTypeOf<TokenEntity[]>();
    expectTypeOf(await tag(['pin'])).toEqualTypeOf<TokenEntity[][]>();
    expectTypeOf(await tag('pin', { aggregation_strategy: 'max' })).toEqualTypeOf<EntityGroup[]>();
    expectTypeOf(await tag(['pin'], { aggregation_strategy: 'simple' })).toEqualTypeOf<
      EntityGroup[][]
    >();
  });
});
