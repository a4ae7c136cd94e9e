import { describe, expect, it } from 'vitest';
import {
  binaryCrossEntropy,
  crossEntropy,
  meanSquaredError,
} from '../../../../src/models/call/losses.ts';
import {
  MobileBertForMultipleChoice,
  MobileBertForSequenceClassification,
  MobileBertForTokenClassification,
} from '../../../../src/models/heads/classification.ts';
import {
  MobileBertForMaskedLM,
  MobileBertForNextSentencePrediction,
  MobileBertForPreTraining,
} from '../../../../src/models/heads/pretraining.ts';
import { MobileBertForQuestionAnswering } from '../../../../src/models/heads/question-answering.ts';
import { Tensor } from '../../../../src/tensor/tensor.ts';
import { idsOf, smallConfig } from '../../../support/models.ts';

const options = { seed: 1, variant: 'simd' } as const;
const [B, S] = [2, 3];
const input_ids = idsOf(B, S);
const small = (labels = 3) => smallConfig({ num_labels: labels });
const lossOf = async (output: Promise<{ loss?: Tensor }>) => {
  const { loss } = await output;
  expect(loss?.dims).toEqual([]);
  expect(loss?.type).toBe('float32');
  return Number(loss?.item());
};

// Values of torch.nn.functional on the same numbers, in float64.
describe('losses', () => {
  const logits = Float32Array.of(1, 2, 0.5, -1, 0.25, 3);

  it('crossEntropy() is the mean over the labels that count', () => {
    expect(crossEntropy(logits, 3, [1, 0])).toBeCloseTo(2.271_702_5, 6);
    expect(crossEntropy(logits, 3, [1, -100])).toBeCloseTo(0.464_368_8, 6);
    expect(crossEntropy(logits, 3, [-100, -100])).toBeNaN();
    expect(crossEntropy(logits, 3, [1, 3], 3)).toBeCloseTo(0.464_368_8, 6);
  });

  it('crossEntropy() does not overflow', () => {
    expect(crossEntropy(Float32Array.of(3e38, 0), 2, [0])).toBe(0);
    expect(crossEntropy(Float32Array.of(1000, 0), 2, [1])).toBe(1000);
  });

  it('meanSquaredError() and binaryCrossEntropy() are means over all elements', () => {
    expect(meanSquaredError(logits, [1, 1, 1, 1, 1, 1])).toBeCloseTo(1.635_416_7, 6);
    expect(binaryCrossEntropy(logits, [0, 1, 0, 1, 0, 1])).toBeCloseTo(0.767_009_2, 6);
    expect(binaryCrossEntropy(Float32Array.of(1000, -1000), [0, 1])).toBe(1000);
  });
});

describe('MobileBertForSequenceClassification', () => {
  const make = (labels?: number) => new MobileBertForSequenceClassification(small(labels), options);
  const target = [
    [1, 0, 1],
    [0, 0, 1],
  ];

  it.each<[string, number, unknown, string]>([
    ['one label', 1, [0.5, 2], 'regression'],
    ['int64 labels', 3, new Tensor('int64', [0, 2], [2]), 'single_label_classification'],
    ['int32 labels', 3, new Tensor('int32', [0, 2], [2]), 'single_label_classification'],
    ['whole numbers, one per text', 3, [0, 2], 'single_label_classification'],
    ['a column of bigints', 3, [[0n], [2n]], 'single_label_classification'],
    ['int32 data', 3, { data: Int32Array.of(1, 1), dims: [2] }, 'single_label_classification'],
    ['float labels', 3, new Tensor('float32', target.flat(), [2, 3]), 'multi_label_classification'],
    [
      'float data',
      3,
      { data: Float32Array.from(target.flat()), dims: [2, 3] },
      'multi_label_classification',
    ],
    ['zeros and ones, one per label', 3, target, 'multi_label_classification'],
    ['booleans', 3, target.map((row) => row.map(Boolean)), 'multi_label_classification'],
    ['bool labels', 3, new Tensor('bool', target.flat(), [2, 3]), 'multi_label_classification'],
  ])('infers the problem type for good: %s', async (_, count, labels, expected) => {
    const model = make(count);
    const first = await lossOf(model({ input_ids, labels: labels as number[] }));
    expect(first).toBeGreaterThanOrEqual(0);
    expect(model.config.problem_type).toBe(expected);
    expect(await lossOf(model({ input_ids, labels: labels as number[] }))).toBe(first);
  });

  it('keeps the problem type open when labels are refused, or absent', async () => {
    const model = make();
    await expect(model({ input_ids, labels: [0, 3] })).rejects.toThrow(
      'Cannot compute the loss: labels holds 3 at 1, expected 0 to 2, or -100',
    );
    expect(await model({ input_ids })).not.toHaveProperty('loss');
    expect(await model({ input_ids, labels: null })).not.toHaveProperty('loss');
    expect(model.config.problem_type).toBe(null);
  });

  it('takes labels of any shape, as view(-1) does', async () => {
    const model = make();
    const flat = await lossOf(model({ input_ids, labels: [2, 0] }));
    expect(await lossOf(model({ input_ids, labels: [[2], [0]] }))).toBe(flat);
    expect(await lossOf(model({ input_ids, labels: [[2, 0]] }))).toBe(flat);
    expect(await lossOf(model({ input_ids, labels: [2, -100] }))).not.toBe(flat);
    expect(await lossOf(model({ input_ids, labels: [-100, -100] }))).toBeNaN();
  });

  it.each<[string, unknown, string]>([
    ['too many', [0, 1, 2], 'labels has 3 elements, expected [2, 3]'],
    ['a class below 0', [0, -1], 'labels holds -1 at 1, expected 0 to 2, or -100'],
    ['a class past the last', [3, 0], 'labels holds 3 at 0, expected 0 to 2, or -100'],
  ])('refuses labels before any work: %s', async (_, labels, message) => {
    const model = make();
    const memory = (await model.info()).memory.total;
    const input_ids = idsOf(2, 3);
    await expect(model({ input_ids, labels: labels as number[] })).rejects.toThrow(
      `Cannot compute the loss: ${message}`,
    );
    expect((await model.info()).memory.total).toBe(memory);
  });
});

describe('labels', () => {
  const lm = new MobileBertForMaskedLM(small(), options);
  const both = new MobileBertForPreTraining(small(), options);
  const next = new MobileBertForNextSentencePrediction(small(), options);
  const choice = new MobileBertForMultipleChoice(small(), options);
  const token = new MobileBertForTokenClassification(small(), options);
  const question = new MobileBertForQuestionAnswering(small(2), options);
  const ignored = input_ids.map((row) => row.map(() => -100));
  const choices = [input_ids, idsOf(B, S, 13)];

  it('give NaN as loss when all are ignored', async () => {
    expect(await lossOf(lm({ input_ids, labels: ignored }))).toBeNaN();
    expect(await lossOf(token({ input_ids, labels: ignored }))).toBeNaN();
    expect(await lossOf(next({ input_ids, labels: [-100, -100] }))).toBeNaN();
    expect(await lossOf(choice({ input_ids: choices, labels: [-100, -100] }))).toBeNaN();
    expect(
      await lossOf(both({ input_ids, labels: ignored, next_sentence_label: [0, 1] })),
    ).toBeNaN();
    const past = { start_positions: [S, 99], end_positions: [S, S + 1] };
    expect(await lossOf(question({ input_ids, ...past }))).toBeNaN();
  });

  it.each([
    [
      'MobileBertForMaskedLM',
      () =>
        lm({
          input_ids,
          labels: [
            [0, 1, 31],
            [0, 0, 0],
          ],
        }),
      'labels holds 31 at 2, expected 0 to 30, or -100',
    ],
    [
      'MobileBertForMaskedLM',
      () => lm({ input_ids, labels: [0, 1] }),
      'labels has 2 elements, expected [2, 3]',
    ],
    [
      'MobileBertForTokenClassification',
      () =>
        token({
          input_ids,
          labels: [
            [0, 1, 3],
            [0, 0, 0],
          ],
        }),
      'labels holds 3 at 2, expected 0 to 2, or -100',
    ],
    [
      'MobileBertForNextSentencePrediction',
      () => next({ input_ids, labels: [0, 2] }),
      'labels holds 2 at 1, expected 0 to 1, or -100',
    ],
    [
      'MobileBertForMultipleChoice',
      () => choice({ input_ids: choices, labels: [0, 2] }),
      'labels holds 2 at 1, expected 0 to 1, or -100',
    ],
    [
      'MobileBertForPreTraining',
      () => both({ input_ids, next_sentence_label: [0, -1] }),
      'next_sentence_label holds -1 at 1, expected 0 to 1, or -100',
    ],
  ])('are refused by %s', async (_, call, message) => {
    await expect(call()).rejects.toThrow(`Cannot compute the loss: ${message}`);
  });

  it.each<[string, unknown, string]>([
    ['of other dims', [[0, 1]], 'start_positions has dims [1, 2], expected [2]'],
    ['with fractions', [0, 0.5], 'start_positions holds 0.5 at 1'],
    ['past 2^53', [0n, 2n ** 60n], 'start_positions holds 1152921504606846976 at 1'],
  ])('as positions %s are refused', async (_, start_positions, message) => {
    const call = question({ input_ids, start_positions: start_positions as number[] });
    await expect(call).rejects.toThrow(`Cannot run the model: ${message}`);
  });

  it('as positions below 0 count as 0, as Python clamps', async () => {
    const at = (start: number) =>
      question({ input_ids, start_positions: [start, 1], end_positions: [2, 2] });
    expect(await lossOf(at(-7))).toBe(await lossOf(at(0)));
    expect(await lossOf(at(0))).not.toBe(await lossOf(at(1)));
  });

  it('give a loss only where all labels that it needs are given', async () => {
    expect(await both({ input_ids, labels: ignored })).not.toHaveProperty('loss');
    expect(await both({ input_ids, next_sentence_label: [0, 1] })).not.toHaveProperty('loss');
    expect(await question({ input_ids, start_positions: [0, 1] })).not.toHaveProperty('loss');
  });

  it('may change after the call', async () => {
    const labels = { data: Float32Array.of(1, 1), dims: [2] };
    const model = new MobileBertForSequenceClassification(small(1), options);
    const pending = lossOf(model({ input_ids, labels }));
    labels.data.fill(100);
    expect(await pending).not.toBe(await lossOf(model({ input_ids, labels })));
  });
});
