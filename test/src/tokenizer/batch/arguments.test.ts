import { describe, expect, it } from 'vitest';
import { makeTokenizer } from '../golden.ts';

const tokenizer = makeTokenizer({ model_max_length: 512 });

describe('tokenizer()', () => {
  it.each([
    ['an empty batch', [], {}, RangeError, 'text is an empty array'],
    ['no text', undefined, {}, TypeError, 'text is undefined, expected a string'],
    ['a number in a batch', ['a', 1], {}, TypeError, 'text is number, expected a string'],
    ['an array for a pair', 'a', { text_pair: ['b'] }, TypeError, 'text_pair is an array'],
    ['a text for a batch of pairs', ['a'], { text_pair: 'b' }, TypeError, 'text_pair is a string'],
    ['fewer pairs', ['a', 'b'], { text_pair: ['c'] }, RangeError, 'has 1 texts, expected 2'],
    ['words unasked', [['a']], {}, TypeError, 'text is an array, expected a string'],
    ['text for words', 'a', { is_split_into_words: true }, TypeError, 'expected an array of words'],
    ['an unknown padding', 'a', { padding: 'left' }, RangeError, 'padding is "left"'],
    ['an unknown truncation', 'a', { truncation: 'both' }, RangeError, 'truncation is "both"'],
    ['an unknown side', 'a', { padding: true, padding_side: 'up' }, RangeError, 'side is "up"'],
    [
      'an unknown unit',
      'a',
      { return_offsets_mapping: true, offset_unit: 'byte' },
      RangeError,
      'offset_unit is "byte"',
    ],
    ['a broken max_length', 'a', { max_length: -1 }, RangeError, 'max_length is -1'],
    ['a broken stride', 'a', { stride: 0.5 }, RangeError, 'stride is 0.5'],
    [
      'no room',
      'a',
      { max_length: 1 },
      RangeError,
      'max_length is 1, expected 2 special tokens to fit',
    ],
    [
      'too large a stride',
      'a',
      { max_length: 8, stride: 6 },
      RangeError,
      'stride is 6, expected less than the room of 6',
    ],
    [
      'no second text to cut',
      'a b c',
      { truncation: 'only_second', max_length: 3 },
      RangeError,
      'expected a text_pair',
    ],
    [
      'too little to cut',
      'a b',
      { truncation: 'only_second', max_length: 5, text_pair: 'c' },
      RangeError,
      '1 tokens to cut',
    ],
    [
      'an odd length',
      'a',
      { truncation: true, padding: true, max_length: 7, pad_to_multiple_of: 4 },
      RangeError,
      'expected a multiple of 4 to pad to',
    ],
    [
      'ragged rows',
      ['a', 'a b'],
      {},
      RangeError,
      'Unable to create tensor, you should probably activate truncation and/or padding',
    ],
  ] as const)('refuses %s', (_, text, options, kind, message) => {
    const call = () => tokenizer(text as never, options as never);
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
