import { describe, expect, it } from 'vitest';
import { TokenizerError } from '../../../../src/errors.ts';
import { makeTokenizer } from '../golden.ts';

const tokenizer = makeTokenizer({ model_max_length: 512 });
const bare = { return_tensor: false } as const;

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

  it('takes special tokens by content or id, as Python does', () => {
    const other = makeTokenizer();
    other.pad_token_id = 5;
    expect([other.pad_token, other.pad_token_id]).toEqual(['[unused4]', 5]);
    expect(other(['a', 'a b'], { ...bare, padding: true }).input_ids[0]).toEqual([
      101, 1037, 102, 5,
    ]);
    other.pad_token = '[unused5]';
    expect(other.pad_token_id).toBe(6);
    other.mask_token = { content: 'hello' } as never;
    expect([other.mask_token, other.mask_token_id]).toEqual(['hello', 7592]);
    other.eos_token_id = 102;
    other.bos_token = other.cls_token;
    expect(other.special_tokens_map).toEqual({
      ...{ bos_token: '[CLS]', eos_token: '[SEP]', unk_token: '[UNK]', sep_token: '[SEP]' },
      ...{ pad_token: '[unused5]', cls_token: '[CLS]', mask_token: 'hello' },
    });
    for (const name of ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'] as const) {
      other[`${name}_token_id`] = 2000;
      expect(other[`${name}_token`]).toBe('to');
      other[`${name}_token`] = null;
      expect(other[`${name}_token_id`]).toBeNull();
    }
    // As in Python, what is put around texts stays as it was.
    expect(other.encode('a')).toEqual([101, 1037, 102]);
    expect(() => other(['a'], { padding: true })).toThrow('tokenizer has no pad_token');
  });

  it.each([
    [
      'pad_token',
      '<pad>',
      'Cannot set pad_token: found "<pad>", expected a token of the vocabulary; add_special_tokens() adds others',
    ],
    ['pad_token', '', 'Cannot set pad_token: found "", expected a token of the vocabulary'],
    ['pad_token', 5, 'Cannot set pad_token: found 5, expected a token or null'],
    ['mask_token', undefined, 'Cannot set mask_token: found undefined, expected a token or null'],
    ['cls_token', ['[CLS]'], 'Cannot set cls_token: found a list, expected a token or null'],
    ['pad_token_id', 30522, 'found 30522, expected a whole number below 30522'],
    ['pad_token_id', -1, 'found -1, expected a whole number below 30522'],
    ['pad_token_id', '5', 'found "5", expected a whole number below 30522'],
    ['sep_token_id', undefined, 'found undefined, expected a whole number below 30522'],
    ['model_max_length', '5', 'Cannot set model_max_length: found "5", expected a number'],
    [
      'model_input_names',
      'input_ids',
      'Cannot set model_input_names: found "input_ids", expected a list',
    ],
    ['clean_up_tokenization_spaces', 1, 'found 1, expected a boolean'],
  ])('refuses to set %s to %j', (name, value, message) => {
    const other = makeTokenizer();
    const before = Reflect.get(other, name);
    expect(() => {
      (other as unknown as Record<string, unknown>)[name] = value;
    }).toThrow(message);
    expect(Reflect.get(other, name)).toEqual(before);
  });

  it('knows its added tokens by id and by content, in order of ids', () => {
    const other = makeTokenizer();
    other.add_tokens(['zzz', 'hello']);
    expect([...other.added_tokens_encoder]).toEqual([
      ...[
        ['[PAD]', 0],
        ['[UNK]', 100],
        ['[CLS]', 101],
        ['[SEP]', 102],
        ['[MASK]', 103],
      ],
      ...[
        ['hello', 7592],
        ['zzz', 30522],
      ],
    ]);
    const byId = [...other.added_tokens_decoder].map(([id, { content }]) => [content, id]);
    expect(byId).toEqual([...other.added_tokens_encoder]);
    for (const name of ['mask', 'pad', 'cls', 'sep', 'unk'] as const) {
      expect(other[`${name}_token_id`]).toBeTypeOf('number');
    }
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
});
