import { describe, expect, it, vi } from 'vitest';
import { FilesError, TokenizerError } from '../../../src/errors.ts';
import {
  AutoTokenizer,
  BertTokenizer,
  MobileBertTokenizer,
  MobileBertTokenizerFast,
  PreTrainedTokenizer,
} from '../../../src/tokenizer/api/tokenizer.ts';
import type { TokenizerFiles } from '../../../src/tokenizer/files/read-files.ts';
import { makeTokenizer, vocabulary } from './golden.ts';

const tokenizer = makeTokenizer({ model_max_length: 512 });
const bare = { return_tensor: false } as const;

describe('tokenizer()', () => {
  it('gives int64 Tensors with two dims, for one text too', () => {
    const { input_ids, attention_mask, token_type_ids } = tokenizer('I love transformers!');
    expect(input_ids.type).toBe('int64');
    expect(input_ids.dims).toEqual([1, 6]);
    expect(Array.from(input_ids.data)).toEqual([101n, 1045n, 2293n, 19081n, 999n, 102n]);
    expect(Array.from(attention_mask.data)).toEqual(Array(6).fill(1n));
    expect(Array.from(token_type_ids.data)).toEqual(Array(6).fill(0n));
  });

  it('gives plain arrays without return_tensor, flat for one text', () => {
    expect({ ...tokenizer('a', bare) }).toEqual({
      input_ids: [101, 1037, 102],
      attention_mask: [1, 1, 1],
      token_type_ids: [0, 0, 0],
    });
    const batch = tokenizer(['a', 'b c'], { ...bare, padding: true });
    expect(batch.input_ids).toEqual([
      [101, 1037, 102, 0],
      [101, 1038, 1039, 102],
    ]);
  });

  it('leaves fields out and adds fields as asked', () => {
    const call = tokenizer('a', {
      ...bare,
      return_attention_mask: false,
      return_token_type_ids: false,
      return_special_tokens_mask: true,
      return_length: true,
      return_offsets_mapping: true,
    });
    expect({ ...call }).toEqual({
      input_ids: [101, 1037, 102],
      special_tokens_mask: [1, 0, 1],
      length: 3,
      offset_mapping: [
        [0, 0],
        [0, 1],
        [0, 0],
      ],
    });
  });

  it('takes an empty second text of a single pair for none, as Python does', () => {
    expect(tokenizer('a', { ...bare, text_pair: '' }).input_ids).toEqual([101, 1037, 102]);
    const batch = tokenizer(['a'], { ...bare, text_pair: [''] });
    expect(batch.input_ids).toEqual([[101, 1037, 102, 102]]);
  });

  it('cuts to model_max_length, and to nothing where that is Infinity', () => {
    const long = 'a '.repeat(600);
    expect(tokenizer(long, { truncation: true }).input_ids.dims).toEqual([1, 512]);
    expect(makeTokenizer()(long, { truncation: true }).input_ids.dims).toEqual([1, 602]);
    expect(makeTokenizer()('a', { padding: 'max_length' }).input_ids.dims).toEqual([1, 3]);
  });

  it('reads special tokens as text with split_special_tokens', () => {
    expect(tokenizer.tokenize('x [SEP]', { split_special_tokens: true })).toEqual(
      'x [ sep ]'.split(' '),
    );
  });

  it('reads a lone surrogate as U+FFFD', () => {
    const [lone, replaced] = ['a\ud800b\udc00', 'a\ufffdb\ufffd'];
    for (const clean_text of [true, false]) {
      const cleaning = makeTokenizer({ clean_text });
      expect(cleaning.encode(lone)).toEqual(cleaning.encode(replaced));
    }
  });

  it('takes a 10 MB text and a word of a million letters', () => {
    const text = 'How do I locate my card? '.repeat(400_000);
    expect(tokenizer(text, bare).input_ids.length).toBe(7 * 400_000 + 2);
    expect(tokenizer.encode('a'.repeat(1_000_000))).toEqual([101, 100, 102]);
    expect(tokenizer.encode(`\u1b44${'\u0301'.repeat(100_000)}`).length).toBe(3);
  });

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

  it('refuses to pad without a padding token', () => {
    const other = makeTokenizer({ pad_token: null });
    expect(other('a', bare).input_ids).toEqual([101, 1037, 102]);
    expect(() => other(['a'], { padding: true })).toThrow('tokenizer has no pad_token');
  });
});

describe('PreTrainedTokenizer', () => {
  it('tokenize(), encode() and decode() are as in Python', () => {
    expect(tokenizer.tokenize('Hello wörld', { pair: 'x' })).toEqual(['hello', 'world', 'x']);
    expect(tokenizer.tokenize('a', { add_special_tokens: true })).toEqual(['[CLS]', 'a', '[SEP]']);
    expect(tokenizer.encode('Hello', { text_pair: 'there' })).toEqual([101, 7592, 102, 2045, 102]);
    const ids = [101, 7592, 1010, 2088, 999, 2123, 1005, 1056, 2079, 2025, 102];
    expect(tokenizer.decode(ids)).toBe("[CLS] hello, world! don ' t do not [SEP]");
    const options = { clean_up_tokenization_spaces: true, skip_special_tokens: true };
    expect(tokenizer.decode(ids, options)).toBe("hello, world! don't do not");
  });

  it('decode() takes an id, Tensors, typed arrays and batches', () => {
    expect(tokenizer.decode(7592)).toBe('hello');
    expect(tokenizer.decode(tokenizer('hello').input_ids)).toBe('[CLS] hello [SEP]');
    expect(tokenizer.decode(BigInt64Array.of(7592n, 2088n))).toBe('hello world');
    expect(tokenizer.decode([[7592], [2088]])).toEqual(['hello', 'world']);
    expect(tokenizer.decode([])).toBe('');
    const { input_ids } = tokenizer(['hello', 'world']);
    const plain = { skip_special_tokens: true };
    expect(tokenizer.batch_decode(input_ids, plain)).toEqual(['hello', 'world']);
    expect(tokenizer.decode_single([7592n])).toBe('hello');
  });

  it.each([-1, 30522, 1.5, Number.NaN, 2n ** 40n])('decode() refuses the id %s', (id) => {
    expect(() => tokenizer.decode([id])).toThrow(RangeError);
    expect(() => tokenizer.convert_ids_to_tokens(id)).toThrow(
      'expected a whole number below 30522',
    );
  });

  it('converts between tokens and ids', () => {
    expect(tokenizer.convert_tokens_to_ids(['hello', 'nope!', '[SEP]'])).toEqual([7592, 100, 102]);
    expect(tokenizer.convert_tokens_to_ids('hello')).toBe(7592);
    expect(tokenizer.convert_ids_to_tokens(7592)).toBe('hello');
    const ids = [7592, 102, 100];
    expect(tokenizer.convert_ids_to_tokens(ids)).toEqual(['hello', '[SEP]', '[UNK]']);
    expect(tokenizer.convert_ids_to_tokens(ids, { skip_special_tokens: true })).toEqual(['hello']);
    const tokens = ['un', '##aff', '##able', '.', '##s', 'x', ',', "'", 't'];
    expect(tokenizer.convert_tokens_to_string(tokens)).toBe("unaffable.s x, ' t");
  });

  it('names its special tokens in the order of Python', () => {
    expect(tokenizer.all_special_tokens).toEqual(['[UNK]', '[SEP]', '[PAD]', '[CLS]', '[MASK]']);
    expect(tokenizer.all_special_ids).toEqual([100, 102, 0, 101, 103]);
    expect([tokenizer.mask_token, tokenizer.mask_token_id]).toEqual(['[MASK]', 103]);
    expect([tokenizer.bos_token, tokenizer.bos_token_id]).toEqual([null, null]);
    expect(tokenizer.special_tokens_map.cls_token).toBe('[CLS]');
  });

  it('takes other special tokens as Python does', () => {
    const other = makeTokenizer({
      ...{ unk_token: '[unused1]', sep_token: '[unused2]', pad_token: '[unused3]' },
      ...{ cls_token: '[unused4]', mask_token: '[unused5]' },
    });
    const { input_ids } = other(['card 😀 [unused5]', 'a [MASK] card'], { ...bare, padding: true });
    expect(input_ids).toEqual([
      [5, 4003, 2, 6, 3, 4, 4],
      [5, 1037, 1031, 7308, 1033, 4003, 3],
    ]);
    expect(other.decode(input_ids[0]!, { skip_special_tokens: true })).toBe('card');
    const added = [2, 3, 4, 5, 6].map((id) => [`[unused${id - 1}]`, id] as const);
    expect(other.get_added_vocab()).toEqual(new Map(added));
    expect([...other.added_tokens_decoder].map(([id, { content }]) => [content, id])).toEqual(
      added,
    );
  });

  it('gives the fields of model_input_names and pads with pad_token_type_id', () => {
    const model_input_names = ['input_ids', 'attention_mask'];
    const other = makeTokenizer({ model_input_names });
    other.pad_token_type_id = 7;
    expect(Object.keys(other('a'))).toEqual(model_input_names);
    const { token_type_ids } = other(['a', 'a b'], {
      ...bare,
      padding: true,
      return_token_type_ids: true,
    });
    expect(token_type_ids).toEqual([
      [0, 0, 0, 7],
      [0, 0, 0, 0],
    ]);
    other.model_input_names = ['input_ids'];
    expect(Object.keys(other('a'))).toEqual(['input_ids']);
  });

  it('obeys its settings from the next call on', () => {
    const other = makeTokenizer();
    const cut = { ...bare, truncation: true, padding: 'max_length' } as const;
    other.model_max_length = 4;
    expect(other.encode('a b c', cut)).toEqual([101, 1037, 1038, 102]);
    other.truncation_side = 'left';
    expect(other.encode('a b c', cut)).toEqual([101, 1038, 1039, 102]);
    other.padding_side = 'left';
    expect(other.encode('a', cut)).toEqual([0, 101, 1037, 102]);
    other.split_special_tokens = true;
    expect(other.tokenize('[SEP]')).toEqual(['[', 'sep', ']']);
    const { model_max_length, truncation_side, padding_side, split_special_tokens } = other;
    expect({ model_max_length, truncation_side, padding_side, split_special_tokens }).toEqual({
      ...{ model_max_length: 4, truncation_side: 'left', padding_side: 'left' },
      split_special_tokens: true,
    });
  });

  it('knows its vocabulary', () => {
    const vocab = tokenizer.get_vocab();
    expect(vocab.size).toBe(30522);
    expect(vocab.get('##ing')).toBe(2075);
    expect([tokenizer.vocab_size, tokenizer.length]).toEqual([30522, 30522]);
    expect(tokenizer.model_max_length).toBe(512);
    expect([tokenizer.max_len_single_sentence, tokenizer.max_len_sentences_pair]).toEqual([
      510, 509,
    ]);
    expect(tokenizer.num_special_tokens_to_add(true)).toBe(3);
  });

  it('add_tokens() and add_special_tokens() count and number as Python does', () => {
    const grown = makeTokenizer();
    expect(grown.add_tokens(['hello', 'newtok', 'newtok', ''])).toBe(2);
    expect([grown.length, grown.vocab_size]).toEqual([30523, 30522]);
    const added = { bos_token: '<s>', extra_special_tokens: ['<x>', '[MASK]'] };
    expect(grown.add_special_tokens(added)).toBe(2);
    expect(grown.all_special_ids).toEqual([30523, 100, 102, 0, 101, 103, 30524]);
    expect(grown.encode('newtok <s> <x>')).toEqual([101, 30522, 30523, 30524, 102]);
    expect(() => grown.add_special_tokens({ end: '<e>' } as never)).toThrow('name is "end"');
    expect(() => grown.add_tokens([1] as never)).toThrow(TokenizerError);
  });

  it('get_special_tokens_mask() and its kin lay out [CLS] A [SEP] B [SEP]', () => {
    expect(tokenizer.get_special_tokens_mask([5, 6], [7])).toEqual([1, 0, 0, 1, 0, 1]);
    expect(tokenizer.get_special_tokens_mask([101, 7592, 102], null, true)).toEqual([1, 0, 1]);
    expect(() => tokenizer.get_special_tokens_mask([1], [2], true)).toThrow(TypeError);
    expect(tokenizer.build_inputs_with_special_tokens([5], [6])).toEqual([101, 5, 102, 6, 102]);
    expect(tokenizer.create_token_type_ids_from_sequences([5], [6])).toEqual([0, 0, 0, 1, 1]);
  });

  it('pad() pads arrays and Tensors, single ones and batches', () => {
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
  ])('pad() refuses fields that do not fit, as Tensors too: %j', (inputs, message) => {
    for (const return_tensor of [false, true]) {
      const call = () => tokenizer.pad(inputs as object, { padding: false, return_tensor });
      expect(call).toThrow(message);
    }
  });
});

describe('MobileBertTokenizer()', () => {
  const json = (lowercase: boolean) => ({
    added_tokens: [{ id: 0, content: '[PAD]', special: true }],
    normalizer: { type: 'BertNormalizer', lowercase, strip_accents: null },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    truncation: { max_length: 3, strategy: 'LongestFirst', stride: 0, direction: 'Right' },
    padding: { strategy: { Fixed: 3 }, direction: 'Right' },
    model: {
      type: 'WordPiece',
      vocab: { '[PAD]': 0, '[UNK]': 1, '[CLS]': 2, '[SEP]': 3, '[MASK]': 4, a: 5, A: 6, '##b': 7 },
    },
  });

  it('reads a tokenizer.json, without the truncation and padding stored in it', () => {
    const small = new MobileBertTokenizer(json(true));
    expect(small.encode('A ab B á')).toEqual([2, 5, 5, 7, 1, 5, 3]);
  });

  it('lets options go before tokenizer_config.json, and that before tokenizer.json', () => {
    const files = (config: object): TokenizerFiles => ({
      'tokenizer.json': JSON.stringify(json(false)),
      'tokenizer_config.json': config,
    });
    const first = (config: object, options = {}) =>
      new MobileBertTokenizer(files(config), options).encode('A')[1];
    expect(first({})).toBe(6);
    expect(first({ do_lower_case: true })).toBe(5);
    expect(first({ do_lower_case: true }, { do_lower_case: false })).toBe(6);
  });

  it('takes tokenizer.json and tokenizer_config.json as transformers.js does', () => {
    const config = { do_lower_case: false, padding_side: 'left', model_max_length: 9 } as const;
    const small = new MobileBertTokenizer(json(true), config);
    expect(small.padding_side).toBe('left');
    expect(small.model_max_length).toBe(9);
    expect(small.encode('A')).toEqual([2, 6, 3]);
  });

  it('gives special tokens that the vocabulary lacks the next ids', () => {
    const own = new MobileBertTokenizer('[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n', {
      mask_token: '<mask>',
    });
    expect([own.mask_token_id, own.length, own.vocab_size]).toEqual([5, 6, 5]);
    expect(own.encode('a<mask>')).toEqual([2, 4, 5, 3]);
  });

  it('reads special_tokens_map.json and added_tokens.json of old checkpoints', () => {
    const old = new MobileBertTokenizer({
      'vocab.txt': '<p>\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\na\r\n',
      'special_tokens_map.json': {
        pad_token: '<p>',
        mask_token: { content: '[MASK]', lstrip: true },
      },
      'added_tokens.json': { second: 7, first: 6 },
    });
    expect(old.pad_token_id).toBe(0);
    expect(old.encode('first second')).toEqual([2, 6, 7, 3]);
    expect(old('a  [MASK]').tokens()).toEqual(['[CLS]', 'a', '  [MASK]', '[SEP]']);
  });

  it('has the options of the vocabulary and its pieces', () => {
    const vocab = '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nab\n@c\n';
    const own = new MobileBertTokenizer(vocab, {
      wordpieces_prefix: '@',
      max_input_chars_per_word: 3,
    });
    expect(own.encode('abc abcc')).toEqual([2, 5, 6, 1, 3]);
    expect(own.decode([5, 6])).toBe('abc');
  });

  it('keeps the last id of a token that a vocab.txt has twice', () => {
    const own = new MobileBertTokenizer('[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\na\n');
    expect([own.vocab_size, own.convert_tokens_to_ids('a')]).toEqual([6, 6]);
  });

  it.each([
    ['no files', {}, 'found neither tokenizer.json nor vocab.txt'],
    ['an empty vocabulary', '', 'found no tokens'],
    [
      'another model',
      { model: { type: 'BPE', vocab: {} } },
      'model is "BPE", expected "WordPiece"',
    ],
    [
      'another normalizer',
      { model: { vocab: { a: 0 } }, normalizer: { type: 'NFKC' } },
      'normalizer is "NFKC"',
    ],
    ['no vocabulary', { model: {} }, 'found no model.vocab'],
    ['an id that is none', { model: { vocab: { a: -1 } } }, 'token "a" has id -1'],
    ['an absurd id', { model: { vocab: { a: 1e9 } } }, 'token "a" has id 1000000000'],
    [
      'a file that is no object',
      { 'vocab.txt': 'a', 'tokenizer_config.json': '[]' },
      'expected an object',
    ],
    [
      'an option of a wrong kind',
      { 'vocab.txt': 'a', 'tokenizer_config.json': { do_lower_case: 'yes' } },
      'do_lower_case is "yes", expected a boolean',
    ],
    [
      'a list that is none',
      { 'vocab.txt': 'a', 'tokenizer_config.json': { never_split: 5 } },
      'never_split is 5',
    ],
    [
      'a limit that is none',
      { 'vocab.txt': 'a', 'tokenizer_config.json': { model_max_length: 'x' } },
      'model_max_length is "x"',
    ],
    [
      'no separator',
      { 'vocab.txt': 'a', 'tokenizer_config.json': { sep_token: null } },
      'sep_token is null',
    ],
  ])('refuses %s', (_, content, message) => {
    expect(() => new MobileBertTokenizer(content)).toThrow(TokenizerError);
    expect(() => new MobileBertTokenizer(content)).toThrow(message);
  });

  it('refuses broken JSON by the name of the file', () => {
    const files = { 'vocab.txt': 'a', 'tokenizer_config.json': '{' };
    expect(() => new MobileBertTokenizer(files)).toThrow(/^Cannot read tokenizer_config.json: /);
  });

  it('is not fooled by __proto__ among tokens and configs', () => {
    const vocab = JSON.parse('{"[UNK]":0,"[CLS]":1,"[SEP]":2,"__proto__":3,"constructor":4}');
    const own = new MobileBertTokenizer({ model: { vocab } }, JSON.parse('{"__proto__":{"x":1}}'));
    expect(own.convert_tokens_to_ids(['__proto__', 'constructor', 'toString'])).toEqual([3, 4, 0]);
  });
});

describe('from_pretrained()', () => {
  const files = { 'vocab.txt': new TextEncoder().encode(vocabulary) };

  it('makes the class it is called on, from vocab.txt alone', async () => {
    const fast = await MobileBertTokenizerFast.from_pretrained(files, { do_lower_case: false });
    expect(fast).toBeInstanceOf(MobileBertTokenizerFast);
    expect(fast.encode('I')).toEqual([101, 100, 102]);
  });

  it('of AutoTokenizer chooses the class that the config names', async () => {
    const make = (tokenizer_class?: string) =>
      AutoTokenizer.from_pretrained({ ...files, 'tokenizer_config.json': { tokenizer_class } });
    expect(await make()).toBeInstanceOf(MobileBertTokenizer);
    const bert = await make('BertTokenizerFast');
    expect(bert).toBeInstanceOf(BertTokenizer);
    expect(bert).not.toBeInstanceOf(MobileBertTokenizer);
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect(await make('MyTokenizer')).toBeInstanceOf(PreTrainedTokenizer);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });

  it('refuses a source without a vocabulary', async () => {
    const source = { 'tokenizer_config.json': {} };
    await expect(AutoTokenizer.from_pretrained(source)).rejects.toThrow(FilesError);
  });
});

describe('save_pretrained()', () => {
  it('writes files that make the same tokenizer', async () => {
    const options = { do_lower_case: false, strip_accents: true, model_max_length: 77 };
    const saved = makeTokenizer(options);
    saved.add_tokens([{ content: 'Ünew', lstrip: true }]);
    saved.add_special_tokens({ bos_token: '<s>', extra_special_tokens: ['<x>'] });
    const files: Record<string, string> = {};
    const paths = await saved.save_pretrained('dir/', {
      write: (path, content) => {
        files[path.slice(4)] = content;
      },
    });
    expect(paths).toContain('dir/tokenizer.json');
    expect(files['vocab.txt']).toBe(vocabulary);
    const { 'tokenizer.json': json, ...legacy } = files;
    const text = 'É a  Ünew <s><x> [MASK] Über';
    for (const set of [{ ...files, 'vocab.txt': undefined }, legacy, { 'tokenizer.json': json }]) {
      const loaded = await MobileBertTokenizer.from_pretrained(
        Object.fromEntries(
          Object.entries(set).flatMap(([name, content]) =>
            content ? [[name, new TextEncoder().encode(content)]] : [],
          ),
        ),
      );
      expect(loaded(text, bare).input_ids).toEqual(saved(text, bare).input_ids);
      expect(loaded.length).toBe(saved.length);
    }
  });

  it.each([
    [true, 'BertPreTokenizer', ['don', "'", 't', 'card', '.']],
    [false, 'WhitespaceSplit', ["don't", 'card.']],
  ])('writes do_basic_tokenize %s as the splitter %s', async (isBasic, type, tokens) => {
    const small = { 'vocab.txt': "[UNK]\n[CLS]\n[SEP]\ndon\n'\nt\ncard\n.\ndon't\ncard." };
    const saved = new MobileBertTokenizer(small, { do_basic_tokenize: isBasic });
    const json = JSON.parse((await saved.save_files())['tokenizer.json']!);
    expect(json.pre_tokenizer).toEqual({ type });
    for (const one of [saved, new MobileBertTokenizer(json)]) {
      expect(one.tokenize("don't card.")).toEqual(tokens);
    }
  });

  it('takes a prefix and a format', async () => {
    const plain = await tokenizer.save_files({ filename_prefix: 'x', legacy_format: false });
    expect(Object.keys(plain).sort()).toEqual(['x-tokenizer.json', 'x-tokenizer_config.json']);
    const write = () => {};
    expect(await tokenizer.save_vocabulary('d', { write })).toEqual(['d/vocab.txt']);
    await expect(tokenizer.save_pretrained('d', {} as never)).rejects.toThrow('write is undefined');
  });
});
