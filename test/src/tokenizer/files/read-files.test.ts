import { describe, expect, it } from 'vitest';
import { TokenizerError } from '../../../../src/errors.ts';
import { MobileBertTokenizer } from '../../../../src/tokenizer/api/tokenizer.ts';
import type { TokenizerFiles } from '../../../../src/tokenizer/files/read-files.ts';

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

  const pointer =
    'version https://git-lfs.github.com/spec/v1\noid sha256:0123456789abcdef\nsize 231508\n';
  const page =
    '\ufeff\n<!-- a page --><!-- <html> -->\n<!DOCTYPE html>\n<html><body>Sign in</body></html>';

  it.each([
    ['a pointer of Git LFS', pointer],
    ['an HTML page', page],
    ['an HTML page', '<html lang="en">\n<head>'],
    ['an XML page', '<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>'],
  ])('refuses %s in the place of a file', (found, text) => {
    const names = [
      ...(['vocab.txt', 'tokenizer.json', 'tokenizer_config.json'] as const),
      ...(['special_tokens_map.json', 'added_tokens.json'] as const),
    ];
    for (const name of names) {
      const make = () => new MobileBertTokenizer({ 'vocab.txt': 'a', [name]: text });
      expect(make).toThrow(TokenizerError);
      expect(make).toThrow(`Cannot read ${name}: found ${found}`);
    }
  });

  it('refuses the answer of a server for vocab.txt, but no vocabulary of such tokens', () => {
    const make = (text: string) => () => new MobileBertTokenizer(text);
    expect(make('{"error":"Repository not found"}')).toThrow(
      'found JSON, expected the file itself',
    );
    for (const token of ['<html>', '<!--', '{"', '<?xml', '<!doctype']) {
      const text = `[UNK]\n[CLS]\n[SEP]\n${token}\n`;
      expect(new MobileBertTokenizer(text).convert_tokens_to_ids(token)).toBe(3);
    }
    expect(make(`${'<!-- -->'.repeat(100_000)}a`)).not.toThrow();
    expect(() => new MobileBertTokenizer({ 'vocab.txt': new Uint8Array(3) as never })).toThrow(
      'Cannot read vocab.txt: found an object, expected its text',
    );
  });

  it.each([
    ['tokenizer.json', 'nests deeper than 64'],
    ['tokenizer_config.json', 'nests deeper than 64'],
    ['special_tokens_map.json', 'nests deeper than 64'],
  ])('refuses %s that nests deeply', (name, message) => {
    const text = `{"a":${'['.repeat(1e6)}${']'.repeat(1e6)}}`;
    const make = () => new MobileBertTokenizer({ 'vocab.txt': 'a', [name]: text });
    expect(make).toThrow(`Cannot read ${name}: it ${message}`);
  });

  it('refuses files of more than 64 million characters', () => {
    const text = ' '.repeat(2 ** 26 + 1);
    for (const name of ['vocab.txt', 'tokenizer.json']) {
      expect(() => new MobileBertTokenizer({ [name]: text })).toThrow('found more than 67108864');
    }
  });

  it('refuses parsed values that nest deeply, without printing them', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}1${']'.repeat(100_000)}`);
    for (const [name, config] of [
      ['do_lower_case', { do_lower_case: deep }],
      ['never_split', { never_split: [deep] }],
      ['content', { cls_token: deep }],
      ['content', { extra_special_tokens: [deep] }],
      ['content', { added_tokens_decoder: { 5: { content: deep } } }],
      ['lstrip', { mask_token: { content: '[MASK]', lstrip: deep } }],
      ['padding_side', { padding_side: deep }],
      ['pad_token_type_id', { pad_token_type_id: deep }],
    ] as const) {
      const make = () =>
        new MobileBertTokenizer({ 'vocab.txt': 'a', 'tokenizer_config.json': config });
      expect(make).toThrow(TokenizerError);
      expect(make).toThrow(name);
    }
    const added = { 'vocab.txt': 'a', 'added_tokens.json': { x: deep, y: 2 } };
    expect(() => new MobileBertTokenizer(added)).toThrow('"x" has id a list, expected a number');
    expect(() => new MobileBertTokenizer(deep)).toThrow('found neither');
  });

  it('reads NaN and Infinity, which Python writes, and the last of equal keys', () => {
    const own = new MobileBertTokenizer({
      'vocab.txt': '[UNK]\n[CLS]\n[SEP]\na\nA',
      'tokenizer_config.json':
        '{"model_max_length": Infinity, "do_lower_case": true, "do_lower_case": false}',
    });
    expect(own.model_max_length).toBe(Number.POSITIVE_INFINITY);
    expect(own.encode('A')).toEqual([1, 4, 2]);
  });

  it('refuses misspelt options, but takes the further fields of a tokenizer_config.json', () => {
    const make = (options: object) => new MobileBertTokenizer('[UNK]\n[CLS]\n[SEP]', options);
    expect(() => make({ do_lowercase: false })).toThrow(
      'option "do_lowercase" is unknown, expected "do_lower_case"',
    );
    expect(() => make({ paddingSide: 'left' })).toThrow('expected "padding_side"');
    expect(() => make(true as never)).toThrow('options is a boolean, expected an object');
    make({ name_or_path: 'x', truncation_strategy: 'longest_first', max_length: 5, auto_map: {} });
    make({ tokenizer_class: 'BertTokenizer', do_lowercase: false });
  });

  it('is not fooled by __proto__ among tokens and configs', () => {
    const vocab = JSON.parse('{"[UNK]":0,"[CLS]":1,"[SEP]":2,"__proto__":3,"constructor":4}');
    const own = new MobileBertTokenizer({ model: { vocab } }, JSON.parse('{"__proto__":{"x":1}}'));
    expect(own.convert_tokens_to_ids(['__proto__', 'constructor', 'toString'])).toEqual([3, 4, 0]);
  });
});
