/** The entry `mobilebert-wasm/tokenizer`: the same tokenizer, with DataTensors in its results. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { DataTensor } from '../../../../src/tensor/data-tensor.ts';
import { Tensor } from '../../../../src/tensor/tensor.ts';
import * as small from '../../../../src/tokenizer/api/entry.ts';
import * as main from '../../../../src/tokenizer/api/tokenizer.ts';
import { vocabulary } from '../golden.ts';

const text = ['Where is my card?', 'Lost it.'];
const vocab = { 'vocab.txt': new TextEncoder().encode(vocabulary) };
const tokenizer = await small.MobileBertTokenizer.from_pretrained(vocab);

describe('entry.ts', () => {
  it('has the classes of the main entry', () => {
    expect(Object.keys(small).sort()).toEqual(Object.keys(main).sort());
  });

  it('gives DataTensors, which hold what Tensors do', () => {
    const { input_ids } = tokenizer(text, { padding: true });
    expectTypeOf(input_ids).toEqualTypeOf<DataTensor<'int64'>>();
    const other = new main.MobileBertTokenizer(vocabulary)(text, { padding: true });
    expectTypeOf(other.input_ids).toEqualTypeOf<Tensor<'int64'>>();
    expect([input_ids.constructor, other.input_ids.constructor]).toEqual([DataTensor, Tensor]);
    expect(other.input_ids).toBeInstanceOf(DataTensor);
    expect({ ...input_ids }).toEqual({ ...other.input_ids });
    expect(input_ids.tolist()).toEqual(other.input_ids.tolist());
    expect(tokenizer.decode(input_ids.at(1), { skip_special_tokens: true })).toBe('lost it.');
    expect([...input_ids].map((row) => (row as DataTensor).dims)).toEqual([[7], [7]]);
    expect(other.input_ids.at(0)).toBeInstanceOf(Tensor);
  });

  it('pads the Tensors of either entry', () => {
    const other = new main.MobileBertTokenizer(vocabulary);
    const calls = [tokenizer('a'), other('a b')];
    const expected = { dims: [2, 4], type: 'int64' };
    expect(tokenizer.pad(calls).input_ids).toMatchObject(expected);
    expect(other.pad(calls).input_ids).toMatchObject(expected);
  });

  it('is made by from_pretrained(), with options', async () => {
    const options = { do_lower_case: false };
    const plain = await small.BertTokenizer.from_pretrained(vocab, options);
    expect(plain.encode('I')[1]).toBe(100);
    const json = { model: { vocab: { '[UNK]': 0, '[CLS]': 1, '[SEP]': 2, A: 3 } } };
    const read = await small.BertTokenizer.from_pretrained({ 'tokenizer.json': json }, options);
    expect(read.encode('A')).toEqual([1, 3, 2]);
    for (const content of [vocabulary, json, undefined, null]) {
      expect(() => new small.BertTokenizer(content as never)).toThrow(
        /^Cannot make a tokenizer: found (string|object|undefined), expected settings; from_pretrained/,
      );
    }
  });

  it('makes the class that the config names', async () => {
    const { AutoTokenizer, BertTokenizer, MobileBertTokenizer, PreTrainedTokenizer } = small;
    const config = { tokenizer_class: 'BertTokenizerFast' };
    const named = await AutoTokenizer.from_pretrained({
      ...vocab,
      'tokenizer_config.json': config,
    });
    expect(named).toBeInstanceOf(BertTokenizer);
    expect(named).not.toBeInstanceOf(MobileBertTokenizer);
    expect(await AutoTokenizer.from_pretrained(vocab)).toBeInstanceOf(MobileBertTokenizer);
    expect(named).toBeInstanceOf(PreTrainedTokenizer);
    expect((await MobileBertTokenizer.from_pretrained(vocab)).tokenizer_class).toBe(
      'MobileBertTokenizer',
    );
  });
});
