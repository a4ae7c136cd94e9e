import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { ConfigError, InputError } from '../../../src/errors.ts';
import { MobileBertModel } from '../../../src/models/heads/mobilebert-model.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import {
  type ZeroShotClassification,
  type ZeroShotClassificationOptions,
  ZeroShotClassificationPipeline,
} from '../../../src/pipelines/zero-shot-classification.ts';
import { smallConfig } from '../../support/models.ts';
import { type CheckpointRecord, hashedCheckpoint, readGolden } from './hashed-checkpoint.ts';
import { sourceOf, texts } from './support.ts';

interface Case extends Omit<CheckpointRecord, 'shapes'> {
  readonly config: { readonly id2label: object };
  readonly texts: string | string[];
  readonly candidate_labels: string | string[];
  readonly options: ZeroShotClassificationOptions;
  readonly result: ZeroShotClassification | ZeroShotClassification[];
}

const golden = readGolden<{ shapes: Record<string, CheckpointRecord['shapes']>; cases: Case[] }>(
  'zero-shot',
);
const NLI = { id2label: { 0: 'contradiction', 1: 'neutral', 2: 'entailment' } };
const LABELS = ['money', 'card', 'rome'];

/** The golden checkpoint of seven labels, three of them those of NLI. */
const load = (config: object = { id2label: SEVEN, label2id: null }) =>
  pipeline('zero-shot-classification', sourceOf('sequence-single', config));
const SEVEN = { ...NLI.id2label, 3: 'a', 4: 'b', 5: 'c', 6: 'd' };

afterEach(() => void vi.restoreAllMocks());

describe('zero-shot-classification against Python', () => {
  it.each(golden.cases.map((one, i) => ({ ...one, i })))(
    'call $i: $candidate_labels, $options',
    async ({ result, ...call }) => {
      vi.spyOn(console, 'warn').mockImplementation(() => {});
      const shapes = golden.shapes[Object.keys(call.config.id2label).length]!;
      const classify = await pipeline(
        'zero-shot-classification',
        hashedCheckpoint({ ...call, shapes }),
      );
      const found = await classify(call.texts, call.candidate_labels, call.options);
      expect(Array.isArray(found)).toBe(Array.isArray(result));
      const expected = [result].flat();
      [found].flat().forEach(({ sequence, labels, scores }, i) => {
        expect({ sequence, labels }).toEqual({
          sequence: expected[i]!.sequence,
          labels: expected[i]!.labels,
        });
        // float32 against float64; some scores lie closer together than 1e-4.
        scores.forEach((score, n) => {
          expect(Math.abs(score - expected[i]!.scores[n]!)).toBeLessThan(2e-6);
        });
      });
      expect([found].flat()).toHaveLength(expected.length);
    },
  );
});

describe('ZeroShotClassificationPipeline', () => {
  it('gives a batch, in its order, exactly what each text gives alone', async () => {
    const classify = await load();
    for (const multi_label of [false, true]) {
      const alone = [];
      for (const text of texts) alone.push(await classify(text, LABELS, { multi_label }));
      expect(await classify(texts, LABELS, { multi_label })).toEqual(alone);
    }
  });

  it('runs all texts with all labels in one pass, each tokenized once', async () => {
    const classify = await load();
    const run = vi.spyOn(classify.model, 'run');
    const encode = vi.spyOn(classify.tokenizer, 'encode');
    await classify(texts, LABELS);
    expect(run).toHaveBeenCalledTimes(1);
    expect(run.mock.calls[0]![0].lengths).toHaveLength(texts.length * LABELS.length);
    expect(encode).toHaveBeenCalledTimes(texts.length + LABELS.length);
  });

  it('gives the tokens that the tokenizer gives for the pair, premise cut at either side', async () => {
    const classify = await load();
    const run = vi.spyOn(classify.model, 'run');
    const long = 'my card is lost where is it '.repeat(8);
    for (const side of ['right', 'left'] as const) {
      classify.tokenizer.truncation_side = side;
      await classify(long, ['money'], { hypothesis_template: '{} ?', max_length: 20 });
      const pair = classify.tokenizer(long, {
        ...{ text_pair: 'money ?', truncation: 'only_first', max_length: 20, return_tensor: false },
      });
      const { inputIds, tokenTypeIds } = run.mock.lastCall![0];
      expect(Array.from(inputIds!)).toEqual(pair.input_ids);
      expect(Array.from(tokenTypeIds)).toEqual(pair.token_type_ids);
    }
  });

  it('keeps equal scores in the order of the labels', async () => {
    const { labels, scores } = await (await load())('pin', ['card', 'old', 'card']);
    const places = labels.flatMap((label, i) => (label === 'card' ? [i] : []));
    expect(places[1]! - places[0]!).toBe(1);
    expect(scores[places[0]!]).toBe(scores[places[1]!]);
  });

  it('finds the entailment label as Python does, else uses the last and warns', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect((await load()).entailment_id).toBe(2);
    expect(warn).not.toHaveBeenCalled();
    expect((await load({})).entailment_id).toBe(-1);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('refuses what makes no sense', async () => {
    const classify = await load();
    const refused: [() => Promise<unknown>, typeof Error, string][] = [
      [() => classify([], LABELS), RangeError, 'texts is an empty array'],
      [() => classify(5 as never, LABELS), TypeError, 'texts is a number, expected a string'],
      [() => classify(['a', null as never], LABELS), TypeError, 'texts[1] is null'],
      [() => classify('a', ' , '), RangeError, 'candidate_labels is " , ", expected at least one'],
      [() => classify('a', []), RangeError, 'candidate_labels is an empty array'],
      [() => classify('a', undefined as never), TypeError, 'candidate_labels is undefined'],
      [() => classify('a', ['b', 7 as never]), TypeError, 'candidate_labels[1] is a number'],
      [
        () => classify('a', 'b', { hypothesis_template: 'This is {{}}' }),
        RangeError,
        'hypothesis_template is "This is {{}}", expected "{}" where the label goes',
      ],
      [() => classify('a', 'b', { hypothesis_template: 3 as never }), TypeError, 'a number'],
      [() => classify('a', 'b', { max_length: 1.5 }), RangeError, 'max_length is 1.5'],
      [() => classify('a', 'b', { max_length: -1 }), RangeError, 'max_length is -1'],
    ];
    for (const [call, Class, message] of refused) {
      await expect(call()).rejects.toThrow(Class);
      await expect(call()).rejects.toThrow(message);
    }
  });

  it('refuses texts that are too long when truncation is false, and labels always', async () => {
    const classify = await load();
    const long = 'my card '.repeat(40);
    await expect(classify(long, LABELS, { truncation: false })).rejects.toThrow(InputError);
    await expect(classify('my card', [long])).rejects.toThrow('max_position_embeddings (35)');
    expect((await classify(long, LABELS)).labels).toHaveLength(3);
  });

  it('refuses a label beyond the logits, and multi_label with one logit', async () => {
    const label2id = { entailment: 9 };
    const outside = await load({ id2label: SEVEN, label2id });
    await expect(outside('a', 'b')).rejects.toThrow(ConfigError);
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const one = await pipeline('zero-shot-classification', sourceOf('sequence-regression'));
    await expect(one('a', LABELS, { multi_label: true })).rejects.toThrow('model has one label');
    expect((await one('a', LABELS)).labels).toHaveLength(3);
  });

  it('stops between passes when it is aborted, and works on afterwards', async () => {
    const classify = await load();
    const abort = new AbortController();
    const run = vi.spyOn(classify.model, 'run');
    run.mockImplementationOnce(async (request) => {
      abort.abort(new Error('enough'));
      return classify.model.run(request);
    });
    const many = new Array<string>(800).fill(texts[2]!);
    const { signal } = abort;
    await expect(classify(many, LABELS, { signal })).rejects.toThrow('enough');
    expect(run).toHaveBeenCalledTimes(2);
    await expect(classify('pin', LABELS, { signal })).rejects.toThrow('enough');
    expect((await classify('pin', LABELS)).labels).toHaveLength(3);
    run.mockRejectedValueOnce(new RangeError('no memory'));
    await expect(classify('pin', LABELS)).rejects.toThrow('no memory');
    expect((await classify('pin', LABELS)).labels).toHaveLength(3);
  });

  it('refuses a model of another class', () => {
    const model = new MobileBertModel(smallConfig());
    expect(
      () =>
        new ZeroShotClassificationPipeline({
          task: '',
          model,
          tokenizer: null,
        } as unknown as never),
    ).toThrow('expected a MobileBertForSequenceClassification');
  });

  it('types results by what is given', async () => {
    const classify = await load();
    const batch: string[] = ['pin'];
    expectTypeOf(await classify('pin', 'a,b')).toEqualTypeOf<ZeroShotClassification>();
    expectTypeOf(await classify(batch, LABELS)).toEqualTypeOf<ZeroShotClassification[]>();
  });
});
