import { describe, expect, it } from 'vitest';
import { makeTokenizer } from '../golden.ts';

const tokenizer = makeTokenizer({ model_max_length: 512 });

describe('pad()', () => {
  it('pads arrays and Tensors, single ones and batches', () => {
    const arrays = tokenizer.pad({ input_ids: [[1, 2, 3], [4]], token_type_ids: [[0, 0, 1], [0]] });
    expect({ ...arrays }).toEqual({
      input_ids: [
        [1, 2, 3],
        [4, 0, 0],
      ],
      token_type_ids: [
        [0, 0, 1],
        [0, 0, 0],
      ],
      attention_mask: [
        [1, 1, 1],
        [1, 0, 0],
      ],
    });
    const left = {
      padding: 'max_length',
      max_length: 5,
      pad_to_multiple_of: 4,
      padding_side: 'left',
    } as const;
    expect(tokenizer.pad([{ input_ids: [1, 2] }, { input_ids: [4] }], left).input_ids).toEqual([
      [0, 0, 0, 0, 0, 0, 1, 2],
      [0, 0, 0, 0, 0, 0, 0, 4],
    ]);
    const single = tokenizer.pad({ input_ids: [1, 2] }, { padding: 'max_length', max_length: 3 });
    expect({ ...single }).toEqual({ input_ids: [1, 2, 0], attention_mask: [1, 1, 0] });
    const calls = [tokenizer('a'), tokenizer('a b')];
    expect(tokenizer.pad(calls).input_ids).toMatchObject({ dims: [2, 4], type: 'int64' });
    expect(() => tokenizer.pad({})).toThrow('Cannot pad: found no input_ids');
  });

  it.each([
    [{ input_ids: [1, 2], attention_mask: [1, 1, 1] }, 'attention_mask of row 0 has 3 numbers'],
    [{ input_ids: [[1], [2]], token_type_ids: [[0]] }, 'token_type_ids of row 1 has no numbers'],
    [[{ input_ids: [1], attention_mask: [1] }, { input_ids: [1] }], 'attention_mask is undefined'],
    [{ input_ids: 7 }, 'input_ids is number, expected numbers or a Tensor'],
  ])('refuses fields that do not fit, as Tensors too: %j', (inputs, message) => {
    for (const return_tensor of [false, true]) {
      const call = () => tokenizer.pad(inputs as object, { padding: false, return_tensor });
      expect(call).toThrow(message);
    }
  });
});
