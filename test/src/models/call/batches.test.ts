/** Batches of many shapes: each sequence is answered as it is alone, bit for bit. */
import { describe, expect, it } from 'vitest';
import type { OutputName } from '../../../../src/engine/engine.ts';
import { MobileBertForTokenClassification } from '../../../../src/models/heads/classification.ts';
import { MobileBertModel } from '../../../../src/models/heads/mobilebert-model.ts';
import { MobileBertForPreTraining } from '../../../../src/models/heads/pretraining.ts';
import { idsOf, named, optionsOf, smallConfig } from '../../../support/models.ts';
import { floatRuns } from '../../../support/variants.ts';

// Small weights, so that no softmax is all zeros and a one.
const config = smallConfig({ initializer_range: 0.15 });
const [H, L, A, V] = [19, 2, 3, 31];
const everything = { output_hidden_states: true, output_attentions: true };

/** The bits of numbers as text, which `expect` compares a hundred times faster than an array. */
const bitsOf = (data: ArrayLike<number>) =>
  Buffer.from(Float32Array.from(data).buffer).toString('base64');

/** The bits of rows `b` of tensors [B,..] by name. */
function rowsOf(outputs: object, b: number, of: number): Record<string, string> {
  const rows = [...named(outputs)].map(([name, { data, dims }]) => {
    expect(dims[0], name).toBe(of);
    const size = data.length / of;
    return [name, bitsOf(data.slice(b * size, (b + 1) * size) as Float32Array)];
  });
  return Object.fromEntries(rows);
}

describe.each(floatRuns)('a batch on $title', ({ name, threads }) => {
  const options = { seed: 3, ...optionsOf(name, threads) };

  // 512 rows go through the model at a time: 15 sequences of 33, then 15, then 10.
  it.each([
    ['40 x 33', 40, 33],
    ['200 x 3', 200, 3],
    ['600 x 1', 600, 1],
    ['16 x 32, one chunk', 16, 32],
    ['17 x 32, one more', 17, 32],
  ])('equals its sequences one by one: %s', async (_, B, S) => {
    const model = new MobileBertForPreTraining(config, options);
    const base = new MobileBertModel(config, options);
    const ids = idsOf(B, S);
    const mask = idsOf(B, S).map((row) => row.map((id, s) => (s === 0 || id % 4 ? 1 : 0)));
    for (const run of [model, base]) {
      const all = await run({ input_ids: ids, attention_mask: mask, ...everything });
      for (const b of [0, 1, 14, 15, 16, 29, 30, B - 1].filter((i) => i < B)) {
        const [input_ids, attention_mask] = [[ids[b]!], [mask[b]!]];
        const one = await run({ input_ids, attention_mask, ...everything });
        expect(rowsOf(all, b, B), `sequence ${b}`).toEqual(rowsOf(one, 0, 1));
      }
    }
  });

  it('of one sequence longer than a chunk gives attentions that sum to 1', async () => {
    const model = new MobileBertModel(config, options);
    const position_ids = idsOf(3, 601);
    const { attentions } = await model({ input_ids: idsOf(3, 601), position_ids, ...everything });
    for (const { data, dims } of attentions!) {
      expect(dims).toEqual([3, A, 601, 601]);
      for (const row of [0, 600, 601, 3 * A * 601 - 1]) {
        const sum = data.subarray(row * 601, (row + 1) * 601).reduce((total, p) => total + p, 0);
        expect(sum).toBeCloseTo(1, 5);
      }
    }
  });

  it('of different lengths equals its sequences alone: run()', async () => {
    const model = new MobileBertForPreTraining(config, options);
    const outputs: OutputName[] = [
      'VocabularyLogits',
      'SequenceLogits',
      'HiddenStates',
      'Attentions',
    ];
    const lengths = [7, 1, 35, 2, 33, 8, ...new Array(30).fill(31), 5, 16];
    const request = (sequences: readonly number[]) => {
      const ids = sequences.map((b) => idsOf(sequences.length + 40, lengths[b]!)[b]!);
      return {
        lengths: Int32Array.from(sequences, (b) => lengths[b]!),
        inputIds: Int32Array.from(ids.flat()),
        tokenTypeIds: Int32Array.from(ids.flat(), (id) => id % 2),
        positionIds: Int32Array.from(ids.flatMap((row) => row.map((_, s) => s))),
        attentionMask: Int32Array.from(ids.flatMap((row) => row.map((id, s) => (s ? id % 3 : 1)))),
        outputs,
      };
    };
    const all = await model.run(request(lengths.map((_, b) => b)));
    const M = lengths.reduce((sum, S) => sum + S, 0);
    const scores = lengths.reduce((sum, S) => sum + S * S, 0);
    let [row, score] = [0, 0];
    for (const [b, S] of lengths.entries()) {
      const one = await model.run(request([b]));
      const expectPart = (name: OutputName, from: number, first: number, size: number) =>
        expect(bitsOf(one[name]!.slice(from, from + size)), `${name} of sequence ${b}`).toBe(
          bitsOf(all[name]!.slice(first, first + size)),
        );
      expectPart('VocabularyLogits', 0, row * V, S * V);
      expectPart('SequenceLogits', 0, 2 * b, 2);
      for (let l = 0; l <= L; l++) expectPart('HiddenStates', l * S * H, (l * M + row) * H, S * H);
      for (let l = 0; l < L; l++) {
        expectPart('Attentions', l * A * S * S, (l * scores + score) * A, A * S * S);
      }
      row += S;
      score += S * S;
    }
  });

  it('gives the same answers in any order, and all at once', async () => {
    const model = new MobileBertForTokenClassification(config, options);
    const shapes = [
      [1, 5],
      [3, 33],
      [20, 35],
      [1, 1],
      [2, 8],
    ] as const;
    const inputs = shapes.map(([B, S], i) => ({
      input_ids: idsOf(B, S),
      output_attentions: i % 2 === 0,
      output_hidden_states: i % 3 === 0,
    }));
    const atOnce = await Promise.all(inputs.map((input) => model(input)));
    for (const i of [4, 2, 0, 1, 3, 0]) {
      const B = shapes[i]![0];
      expect(rowsOf(await model(inputs[i]!), 0, B)).toEqual(rowsOf(atOnce[i]!, 0, B));
      expect(rowsOf(await model(inputs[i]!), B - 1, B)).toEqual(rowsOf(atOnce[i]!, B - 1, B));
    }
  });
});

describe('a batch', () => {
  it('is refused by run() for an id outside of the vocabulary', async () => {
    const model = new MobileBertModel(config, { variant: 'simd' });
    const one = Int32Array.of(0);
    const request = { tokenTypeIds: one, positionIds: one, attentionMask: one };
    const lengths = Int32Array.of(1);
    const inputIds = Int32Array.of(31);
    await expect(model.run({ ...request, lengths, inputIds, outputs: ['Pooled'] })).rejects.toThrow(
      'Cannot run the model: inputIds holds 31 at 0, expected whole numbers from 0 to 30',
    );
  });
});
