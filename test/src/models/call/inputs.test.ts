import { describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/errors.ts';
import type { EncoderInputs } from '../../../../src/models/call/inputs.ts';
import { MobileBertForMultipleChoice } from '../../../../src/models/heads/classification.ts';
import { MobileBertModel } from '../../../../src/models/heads/mobilebert-model.ts';
import { Tensor } from '../../../../src/tensor/tensor.ts';
import { idsOf, named, smallConfig } from '../../../support/models.ts';

const config = smallConfig();
const model = new MobileBertModel(config, { seed: 1, variant: 'simd' });
const [B, S] = [2, 3];
const ids = idsOf(B, S);
const flat = ids.flat();
const E = config.embedding_size;
const embeds = Float32Array.from({ length: B * S * E }, (_, i) => Math.sin(i));

const answer = async (inputs: EncoderInputs) =>
  Object.fromEntries([...named(await model(inputs))].map(([name, { data }]) => [name, data]));
const cyclic: unknown[] = [];
cyclic.push(cyclic);

describe('a model call takes', () => {
  it.each<[string, EncoderInputs]>([
    ['bigints', { input_ids: ids.map((row) => row.map(BigInt)) }],
    ['an int64 tensor', { input_ids: new Tensor('int64', flat, [B, S]) }],
    ['an int32 tensor', { input_ids: new Tensor('int32', flat, [B, S]) }],
    ['a float32 tensor of whole numbers', { input_ids: new Tensor('float32', flat, [B, S]) }],
    ['bytes with dims', { input_ids: { data: Uint8Array.from(flat), dims: [B, S] } }],
    ['Int32Array with dims', { input_ids: { data: Int32Array.from(flat), dims: [B, S] } }],
    ['a flat array with dims', { input_ids: { data: flat, dims: [B, S] } }],
    [
      'an all-ones mask',
      { input_ids: ids, attention_mask: idsOf(B, S).map((r) => r.map(() => 1)) },
    ],
    [
      'a bool mask',
      { input_ids: ids, attention_mask: new Tensor('bool', [1, 1, 1, 1, 1, 1], [B, S]) },
    ],
    ['true as mask', { input_ids: ids, attention_mask: ids.map((row) => row.map(() => true)) }],
    [
      'null arguments',
      { input_ids: ids, attention_mask: null, position_ids: null, inputs_embeds: null },
    ],
    ['[1,S] positions', { input_ids: ids, position_ids: [[0, 1, 2]] }],
    ['[S] positions', { input_ids: ids, position_ids: [0, 1, 2] }],
    ['[B,S] types', { input_ids: ids, token_type_ids: ids.map((row) => row.map(() => 0)) }],
    ['[1,S] types', { input_ids: ids, token_type_ids: [[0, 0, 0]] }],
  ])('%s', async (_, inputs) => {
    expect(await answer(inputs)).toEqual(await answer({ input_ids: ids }));
  });

  it('[1,S] types and positions for every sequence', async () => {
    const one = await answer({
      input_ids: ids,
      token_type_ids: [[0, 1, 1]],
      position_ids: [[9, 8, 7]],
    });
    const all = await answer({
      input_ids: ids,
      token_type_ids: ids.map(() => [0, 1, 1]),
      position_ids: ids.map(() => [9, 8, 7]),
    });
    expect(one).toEqual(all);
    expect(one).not.toEqual(await answer({ input_ids: ids }));
  });

  it('masks by zero or not, as Python does', async () => {
    const masked = (row: number[]) => answer({ input_ids: ids, attention_mask: [row, row] });
    expect(await masked([1, 0.5, -2])).toEqual(await masked([1, 1, 1]));
    expect(await masked([1, 0, 7])).toEqual(await masked([1, 0, 1]));
    expect(await masked([1, 0, 1])).not.toEqual(await masked([1, 1, 1]));
  });

  it('sequences past max_position_embeddings with positions of their own', async () => {
    const input_ids = idsOf(1, 40);
    const { last_hidden_state } = await model({ input_ids, position_ids: idsOf(1, 40) });
    expect(last_hidden_state.dims).toEqual([1, 40, 19]);
  });

  it('embeddings that the caller changes after the call', async () => {
    const data = embeds.slice();
    const pending = model({ inputs_embeds: { data, dims: [B, S, E] } });
    data.fill(0);
    const { last_hidden_state } = await pending;
    const again = await model({ inputs_embeds: { data: embeds, dims: [B, S, E] } });
    expect(last_hidden_state.data).toEqual(again.last_hidden_state.data);
  });
});

const wholes = (name: string, found: unknown, at: number, most: number) =>
  `${name} holds ${found} at ${at}, expected whole numbers from 0 to ${most}`;
const ONE = [[1, 2, 3]];

describe('a model call refuses', () => {
  it.each<[string, unknown, string]>([
    ['ids past the vocabulary', { input_ids: [[0, 31]] }, wholes('input_ids', 31, 1, 30)],
    ['negative ids', { input_ids: [[-1]] }, wholes('input_ids', -1, 0, 30)],
    ['fractional ids', { input_ids: [[0, 0.5]] }, wholes('input_ids', 0.5, 1, 30)],
    ['NaN ids', { input_ids: [[Number.NaN]] }, wholes('input_ids', Number.NaN, 0, 30)],
    ['infinite ids', { input_ids: [[Infinity]] }, wholes('input_ids', Infinity, 0, 30)],
    [
      'int64 ids past 2^53',
      { input_ids: { data: BigInt64Array.of(2n ** 53n + 1n), dims: [1, 1] } },
      wholes('input_ids', '9007199254740993', 0, 30),
    ],
    [
      'ids that wrap to small ones',
      { input_ids: [[2n ** 64n]] },
      wholes('input_ids', 2n ** 64n, 0, 30),
    ],
    [
      'token types',
      { input_ids: ONE, token_type_ids: [[0, 2, 0]] },
      wholes('token_type_ids', 2, 1, 1),
    ],
    [
      'positions',
      { input_ids: ONE, position_ids: [[0, 1, 35]] },
      wholes('position_ids', 35, 2, 34),
    ],
    [
      'negative positions',
      { input_ids: ONE, position_ids: [[0, -1, 1]] },
      wholes('position_ids', -1, 1, 34),
    ],
    [
      'long sequences',
      { input_ids: idsOf(1, 36) },
      'sequences have 36 tokens, expected at most max_position_embeddings (35); truncate the text, or pass position_ids',
    ],
    [
      'ragged arrays',
      { input_ids: [[1, 2], [3]] },
      'input_ids is ragged at depth 1, expected nested arrays of equal lengths [2, 2]',
    ],
    [
      'numbers among arrays',
      { input_ids: [[1], 2] },
      'input_ids is ragged at depth 1, expected nested arrays of equal lengths [2, 1]',
    ],
    [
      'arrays among numbers',
      { input_ids: [[1, [2]]] },
      'input_ids holds an array, expected numbers',
    ],
    ['words', { input_ids: [['7']] }, 'input_ids holds a string, expected numbers'],
    [
      'an array within itself',
      { input_ids: cyclic },
      'input_ids is nested deeper than 8 arrays, expected 1 to 4',
    ],
    ['1-D ids', { input_ids: [1, 2, 3] }, 'input_ids has dims [3], expected [B, S]'],
    ['3-D ids', { input_ids: [ONE] }, 'input_ids has dims [1, 1, 3], expected [B, S]'],
    ['an empty batch', { input_ids: [] }, 'input_ids has dims [0], expected [B, S]'],
    ['empty sequences', { input_ids: [[], []] }, 'batch has dims [2, 0], expected at least 1'],
    [
      'no sequences',
      { input_ids: new Tensor('int64', [], [0, 3]) },
      'batch has dims [0, 3], expected at least 1',
    ],
    [
      'neither words',
      { attention_mask: ONE },
      'found neither of input_ids and inputs_embeds, expected exactly one',
    ],
    [
      'both words',
      { input_ids: ONE, inputs_embeds: [[[1]]] },
      'found both of input_ids and inputs_embeds, expected exactly one',
    ],
    [
      'narrow embeddings',
      { inputs_embeds: [[[1, 2]]] },
      'inputs_embeds has dims [1, 1, 2], expected [B, S, 11]',
    ],
    [
      '2-D embeddings',
      { inputs_embeds: ONE },
      'inputs_embeds has dims [1, 3], expected [B, S, 11]',
    ],
    [
      'a short mask',
      { input_ids: ONE, attention_mask: [[1, 1]] },
      'attention_mask has dims [1, 2], expected [1, 3]',
    ],
    [
      'a 1-D mask',
      { input_ids: ONE, attention_mask: [1, 1, 1] },
      'attention_mask has dims [3], expected [1, 3]',
    ],
    [
      'short types',
      { input_ids: ONE, token_type_ids: [[1]] },
      'token_type_ids has dims [1, 1], expected [1, 3]',
    ],
    [
      'positions of other batches',
      { input_ids: ids, position_ids: idsOf(3, S) },
      'position_ids has dims [3, 3], expected [2, 3]',
    ],
    [
      'dims that do not fit',
      { input_ids: { data: new Int32Array(4), dims: [1, 3] } },
      'input_ids has 4 elements, dims [1, 3] expect 3',
    ],
    [
      'negative dims',
      { input_ids: { data: new Int32Array(1), dims: [-1, -1] } },
      'input_ids has 1 elements, dims [-1, -1] expect NaN',
    ],
    [
      'fractional dims',
      { input_ids: { data: new Int32Array(1), dims: [0.5, 2] } },
      'input_ids has 1 elements, dims [0.5, 2] expect NaN',
    ],
    [
      'words in flat arrays',
      { input_ids: { data: ['1'], dims: [1, 1] } },
      'input_ids holds a string, expected numbers',
    ],
    [
      'views without elements',
      { input_ids: { data: new DataView(new ArrayBuffer(4)), dims: [1, 4] } },
      'input_ids is an object, expected a Tensor, nested arrays or { data, dims }',
    ],
    [
      'typed arrays without dims',
      { input_ids: Int32Array.of(1) },
      'input_ids is an object, expected a Tensor, nested arrays or { data, dims }',
    ],
    [
      'text',
      { input_ids: 'hello' },
      'input_ids is a string, expected a Tensor, nested arrays or { data, dims }',
    ],
    [
      'no inputs',
      undefined,
      'inputs are of type undefined, expected an object such as { input_ids }',
    ],
    ['null', null, 'inputs are null, expected an object such as { input_ids }'],
  ])('%s, and stays usable', async (_, inputs, message) => {
    const before = await answer({ input_ids: ids });
    await expect(model(inputs as EncoderInputs)).rejects.toThrow(
      `Cannot run the model: ${message}`,
    );
    expect(await answer({ input_ids: ids })).toEqual(before);
  });

  it('an aborted call', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(model({ input_ids: ids, signal })).rejects.toThrow('enough');
  });
});

describe('MobileBertForMultipleChoice', () => {
  const choice = new MobileBertForMultipleChoice(config, { seed: 1, variant: 'simd' });

  it.each<[string, EncoderInputs, string]>([
    ['2-D ids', { input_ids: ids }, 'input_ids has dims [2, 3], expected [B, N, S]'],
    [
      '2-D masks',
      { input_ids: [ids], attention_mask: ids },
      'attention_mask has dims [2, 3], expected [B, N, S]',
    ],
    [
      '3-D embeddings',
      { inputs_embeds: [[[1]]] },
      'inputs_embeds has dims [1, 1, 1], expected [B, N, S, E]',
    ],
    ['no choices', { input_ids: [[], []] }, 'input_ids has dims [2, 0], expected [B, N, S]'],
    [
      'almost whole ids',
      { input_ids: [[[1 + 2 ** -40]]] },
      wholes('input_ids', 1 + 2 ** -40, 0, 30),
    ],
    ['nothing', {}, 'found neither of input_ids and inputs_embeds, expected exactly one'],
  ])('refuses %s', async (_, inputs, message) => {
    const call = choice(inputs);
    await expect(call).rejects.toThrow(InputError);
    await expect(call).rejects.toThrow(`Cannot run the model: ${message}`);
  });

  it('takes bigints, and [1,1,S] positions for every choice', async () => {
    const input_ids = [ids, idsOf(2, 3, 17)];
    const { logits } = await choice({ input_ids });
    expect(logits.dims).toEqual([2, 2]);
    const big = input_ids.map((rows) => rows.map((row) => row.map(BigInt)));
    const same = await choice({ input_ids: big, position_ids: [[[0, 1, 2]]] });
    expect(same.logits.data).toEqual(logits.data);
  });
});
