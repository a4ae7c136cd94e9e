import { describe, expect, it } from 'vitest';
import type { CallOptions } from '../../../../src/tokenizer/batch/arguments.ts';
import { keepWarnings } from '../../../support/warnings.ts';
import { makeTokenizer } from '../golden.ts';

const tokenizer = makeTokenizer({ model_max_length: 512 });
const bare = { return_tensor: false } as const;
const warnings = keepWarnings();

/** [CLS] a [SEP] b [SEP] */
const pair = [101, 1037, 102, 1038, 102];

describe('tokenizer() with two texts', () => {
  it('takes a second text as an argument, as Python and transformers.js do', () => {
    const { input_ids, token_type_ids } = tokenizer('a', 'b', bare);
    expect([input_ids, token_type_ids]).toEqual([pair, [0, 0, 0, 1, 1]]);
    expect(tokenizer('a', 'b').input_ids.tolist()).toEqual([pair.map(BigInt)]);
    expect(tokenizer('a', 'b c d e', { ...bare, max_length: 5 }).input_ids).toEqual(pair);
    expect(tokenizer('a', null, bare).input_ids).toEqual([101, 1037, 102]);
    expect(tokenizer('a', undefined, bare).input_ids).toEqual([101, 1037, 102]);
    expect(tokenizer('a', '', bare).input_ids).toEqual([101, 1037, 102]);
    expect(tokenizer('a', 'b', { ...bare, text_pair: null }).input_ids).toEqual(pair);
    expect(tokenizer.encode('a', 'b')).toEqual(pair);
    expect(tokenizer.encode('a', 'b', { add_special_tokens: false })).toEqual([1037, 1038]);
    expect(tokenizer.tokenize('a', 'b', { add_special_tokens: true })).toEqual([
      '[CLS]',
      'a',
      '[SEP]',
      'b',
      '[SEP]',
    ]);
  });

  it('takes the second texts of a batch as an argument', () => {
    const { input_ids } = tokenizer(['a', 'b'], ['b', 'a'], bare);
    expect(input_ids).toEqual([pair, [101, 1038, 102, 1037, 102]]);
    const words = tokenizer(['a'], ['b'], { ...bare, is_split_into_words: true });
    expect(words.input_ids).toEqual(pair);
  });

  it('takes a list of pairs, as Python does', () => {
    const found = tokenizer(
      [
        ['a', 'b'],
        ['a', ''],
      ],
      bare,
    );
    expect(found.input_ids).toEqual([pair, [101, 1037, 102, 102]]);
    expect(found.token_type_ids).toEqual([
      [0, 0, 0, 1, 1],
      [0, 0, 0, 1],
    ]);
    expect(found.sequence_ids(0)).toEqual([null, 0, null, 1, null]);
    // Python takes texts and pairs in one list.
    expect(tokenizer(['a', ['a', 'b']], bare).input_ids).toEqual([[101, 1037, 102], pair]);
    const words = [
      [['a'], ['b']],
      [['a'], []],
    ];
    const split = tokenizer(words, { ...bare, is_split_into_words: true });
    expect(split.input_ids).toEqual([pair, [101, 1037, 102, 102]]);
    const cut = tokenizer([['a b c d', 'a']], { ...bare, truncation: 'only_first', max_length: 5 });
    expect(cut.input_ids).toEqual([[101, 1037, 102, 1037, 102]]);
    expect(
      tokenizer(
        [
          ['a', 'b'],
          ['c', 'd'],
        ],
        { ...bare, is_split_into_words: true },
      ).input_ids,
    ).toEqual([
      [101, 1037, 1038, 102],
      [101, 1039, 1040, 102],
    ]);
  });

  it.each([
    [
      'two second texts',
      ['a', 'b', { text_pair: 'c' }],
      'text_pair as an argument and as an option',
    ],
    ['options before the second text', ['a', {}, 'b'], 'expected text, text_pair and options'],
    ['four arguments', ['a', 'b', {}, {}], 'expected text, text_pair and options'],
    ['a number for the second text', ['a', 5], 'found 5 after the text'],
    ['a boolean for options', ['a', true], 'found true after the text'],
    ['a text for options', ['a', 'b', 'c'], 'options is a string, expected an object'],
    ['a list for options', ['a', 'b', []], 'options is an array, expected an object'],
    [
      'a list of three texts',
      [[['a', 'b', 'c']]],
      'text is an array, expected a string, or in a batch a pair',
    ],
    [
      'a list of pairs beside second texts',
      [[['a', 'b']], ['c']],
      'text is an array, expected a string',
    ],
    ['a pair that is none', [[['a', 5]]], 'text_pair is number, expected a string'],
    ['a text inside an object', [{ text: 'a' }], 'text is object, expected a string'],
  ])('refuses %s', (_, given, message) => {
    const call = () => (tokenizer as unknown as (...all: unknown[]) => unknown)(...given);
    expect(call).toThrow(TypeError);
    expect(call).toThrow(message);
  });
});

describe('tokenizer() options', () => {
  it.each([
    ['topk', 'option "topk" is unknown'],
    ['maxLength', 'option "maxLength" is unknown, expected "max_length"'],
    ['return_tensros', 'expected "return_tensor'],
    ['text_target', 'option "text_target" is unknown'],
    ['pair', 'option "pair" is unknown'],
    ['constructor', 'option "constructor" is unknown'],
  ])('refuses the unknown option %s', (name, message) => {
    for (const call of [
      () => tokenizer('a', { [name]: 1 } as CallOptions),
      () => tokenizer('a', 'b', { [name]: 1 } as object),
      () => tokenizer.encode('a', { [name]: 1 } as CallOptions),
    ]) {
      expect(call).toThrow(TypeError);
      expect(call).toThrow(message);
    }
    // As in Python, undefined is no option.
    expect(tokenizer('a', { ...bare, [name]: undefined }).input_ids).toEqual([101, 1037, 102]);
  });

  it('takes return_tensors of Python, for which any library means Tensors', () => {
    for (const return_tensors of ['pt', 'np', null] as const) {
      expect(tokenizer('a', { return_tensors }).input_ids.dims).toEqual([1, 3]);
    }
    for (const return_tensors of [true, false, 'xx']) {
      expect(() => tokenizer('a', { return_tensors } as never)).toThrow(
        'return_tensor: false gives',
      );
    }
    const both = { return_tensors: 'pt', return_tensor: false } as const;
    expect(() => tokenizer('a', both)).toThrow('return_tensors and return_tensor: false');
    const padded = tokenizer.pad({ input_ids: [1] }, { return_tensors: 'pt' });
    expect((padded.input_ids as unknown as { dims: number[] }).dims).toEqual([1, 1]);
  });

  it('encode() and tokenize() refuse what would only change fields', () => {
    for (const name of [
      'return_overflowing_tokens',
      'return_offsets_mapping',
      'return_special_tokens_mask',
      'return_length',
      'return_tensor',
      'return_tensors',
    ]) {
      const options = { [name]: name === 'return_tensors' ? 'pt' : true };
      expect(() => tokenizer.encode('a', options)).toThrow(`option ${name} for encode()`);
      expect(() => tokenizer.tokenize('a', options)).toThrow(`option ${name} for tokenize()`);
    }
    const plain = { return_tensor: false, return_token_type_ids: null };
    expect(tokenizer.encode('a', plain)).toEqual([101, 1037, 102]);
    expect(() => tokenizer.tokenize(['a', 'b'])).toThrow(
      'found a batch, expected one text or pair',
    );
    expect(() => tokenizer.tokenize('a', 'b', { pair: 'c' } as never)).toThrow('two second texts');
    expect(tokenizer.tokenize(['a', 'b'], { is_split_into_words: true })).toEqual(['a', 'b']);
  });

  it('warns once of a text that is longer than the model takes, as Python does', () => {
    const other = makeTokenizer({ model_max_length: 4 });
    other('a b', bare);
    other('a b c', { ...bare, max_length: 9 });
    other('a b c', { ...bare, truncation: true });
    other('a b c', { ...bare, verbose: false });
    expect(warnings).toEqual([]);
    other('a b c', bare);
    other('a b c d', bare);
    expect(warnings).toEqual([
      'mobilebert-wasm: Token indices sequence length is longer than the specified maximum ' +
        'sequence length for this model (5 > 4). Running this sequence through the model will ' +
        'result in indexing errors',
    ]);
  });

  it('warns once of options that do nothing because nothing limits the length, as Python does', () => {
    const other = makeTokenizer();
    for (let i = 0; i < 2; i++) {
      other('a', { truncation: true, max_length: 9 });
      expect(other('a', { truncation: true, padding: 'max_length' }).input_ids.dims).toEqual([
        1, 3,
      ]);
    }
    const none = 'to max_length but no maximum length is provided and the model has no predefined';
    expect(warnings).toEqual([
      `mobilebert-wasm: Asking to pad ${none} maximum length. Default to no padding.`,
      `mobilebert-wasm: Asking to truncate ${none} maximum length. Default to no truncation.`,
    ]);
  });

  it('are refused by TypeScript, too', () => {
    const typed = () => {
      // @ts-expect-error an option that does not exist
      tokenizer('a', { maxLength: 3 });
      // @ts-expect-error an option that does not exist
      tokenizer('a', 'b', { topk: 3 });
      // @ts-expect-error an option that does not exist
      tokenizer.encode('a', { topk: 3 });
      // @ts-expect-error an option that does not exist
      tokenizer.decode([1], { skip_special: true });
      // @ts-expect-error an option that does not exist
      tokenizer.pad({ input_ids: [1] }, { truncation: true });
      // @ts-expect-error the second text twice
      tokenizer('a', 'b', { text_pair: 'c' });
      // @ts-expect-error a token is no number
      tokenizer.pad_token = 5;
    };
    expect(typed).toBeTypeOf('function');
  });
});

describe('other methods', () => {
  const call = (method: string, ...given: unknown[]) => {
    const methods = tokenizer as unknown as Record<string, (...all: unknown[]) => unknown>;
    return () => methods[method]!(...given);
  };
  const deep = JSON.parse(`${'['.repeat(100_000)}1${']'.repeat(100_000)}`);

  it.each([
    [
      'decode',
      [[1], { skip_special: true }],
      'option "skip_special" is unknown, expected one of "skip_special_tokens"',
    ],
    ['decode', [[1], true], 'options is a boolean'],
    ['batch_decode', [[[1]], { spaces: true }], 'option "spaces" is unknown'],
    ['convert_ids_to_tokens', [[1], true], 'options is a boolean'],
    ['pad', [{ input_ids: [1] }, { truncation: true }], 'option "truncation" is unknown'],
    [
      'add_tokens',
      [['x'], { special: true }],
      'option "special" is unknown, expected one of "special_tokens"',
    ],
    ['decode', [undefined], 'found undefined, expected ids'],

    ['decode', [['5']], 'found "5", expected ids'],
    ['decode', [[[1], ['5']]], 'found "5", expected ids'],
    ['batch_decode', [undefined], 'found undefined, expected ids'],
    ['decode_single', [undefined], 'found undefined, expected ids'],
    ['decode_single', [5], 'expected ids of one text'],
    ['convert_ids_to_tokens', [null], 'found null, expected ids'],
    ['convert_ids_to_tokens', [[[1]]], 'found a list, expected ids'],
    ['convert_tokens_to_ids', [undefined], 'found undefined, expected strings in an array'],
    ['convert_tokens_to_ids', [['a', undefined]], 'found undefined, expected strings'],
    ['convert_tokens_to_string', ['abc'], 'found "abc", expected strings in an array'],
    ['build_inputs_with_special_tokens', [undefined], 'found undefined, expected ids'],
    ['create_token_type_ids_from_sequences', ['ab'], 'found "ab", expected ids'],
    ['get_special_tokens_mask', [null], 'found null, expected ids'],

    ['pad', [{ input_ids: ['5'] }], 'input_ids has a list for a row'],
    ['pad', [{ labels: [1] }], 'found no input_ids'],
    [
      'pad',
      [[{ input_ids: [1] }, { input_ids: [1], attention_mask: [1] }]],
      'attention_mask is undefined',
    ],
    ['add_special_tokens', [undefined], 'found undefined, expected them by name'],
    ['add_special_tokens', [{ extra_special_tokens: '<x>' }], 'found "<x>", expected a list'],
    ['add_special_tokens', [{ mask_tokn: '<x>' }], 'name is "mask_tokn", expected "mask_token"'],
  ] as const)('%s() refuses what it cannot read: case %$', (method, given, message) => {
    expect(call(method, ...given)).toThrow(message);
    expect(call(method, ...given)).toThrow(/^Cannot /);
  });

  it('refuse lists that nest so deeply that printing them overflows the stack', () => {
    expect(call('decode', deep)).toThrow('found a list, expected ids');
    expect(call('decode_single', deep)).toThrow('found a list, expected ids');
    expect(call('pad', { input_ids: [deep] })).toThrow('input_ids has a list for a row');
    expect(call('_call', deep)).toThrow('text is an array, expected a string');
    expect(call('_call', 'a', deep)).toThrow('text_pair is an array, expected a string');
    expect(call('convert_tokens_to_ids', deep)).toThrow('found a list, expected strings');
    expect(call('add_tokens', deep)).toThrow('found a list, expected its content');
    expect(call('_call', 'a', { padding: deep })).toThrow('padding is a list');
    expect(call('_call', 'a', { max_length: deep })).toThrow('max_length is a list');
    expect(call('_call', 'a', { padding: true, padding_side: deep })).toThrow('side is a list');
    expect(call('_call', 'a', { return_offsets_mapping: true, offset_unit: deep })).toThrow(
      'a list',
    );
    expect(call('_call', 'a', { stride: deep })).toThrow('stride is a list');
  });

  it('pad() keeps fields that it does not pad', () => {
    const encodings = [
      { input_ids: [5], labels: 1 },
      { input_ids: [5, 6], labels: 0 },
    ];
    expect({ ...tokenizer.pad(encodings) }).toEqual({
      input_ids: [
        [5, 0],
        [5, 6],
      ],
      attention_mask: [
        [1, 0],
        [1, 1],
      ],
      labels: [1, 0],
    });
    const one = tokenizer.pad({ input_ids: [[5], [5, 6]], length: [1, 2] });
    expect(one.length).toEqual([1, 2]);
  });
});
