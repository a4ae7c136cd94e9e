/** tokenizer.json files whose parts are not those of BERT, as the Rust tokenizers read them. */
import { describe, expect, it } from 'vitest';
import { TokenizerError } from '../../../../src/errors.ts';
import { MobileBertTokenizer } from '../../../../src/tokenizer/api/tokenizer.ts';
import type { CallOptions, Side } from '../../../../src/tokenizer/batch/arguments.ts';
import { keepWarnings } from '../../../support/warnings.ts';
import { golden } from '../golden.ts';

interface Row {
  ids: number[];
  types: number[];
  mask: number[];
  special: number[];
  spans: [number, number][];
  words: (number | null)[];
}

interface Call {
  text: string;
  pair: string | null;
  options: CallOptions & { truncation_side?: Side; length?: number };
  rows: Row[];
}

interface Case {
  name: string;
  file: object & { added_tokens: object[] };
  special: [number, number];
  calls: Call[];
  ids: number[];
  decoded: [string, string];
}

const cases = golden<Case[]>('tokenizer-json');
const warnings = keepWarnings();

function rowsOf(tokenizer: MobileBertTokenizer, { text, pair, options }: Call): Row[] {
  const { truncation_side = 'right', length, ...rest } = options;
  tokenizer.truncation_side = truncation_side;
  // As in Python, an empty second text of one pair makes no pair; in a batch it does.
  const found = tokenizer([text], {
    ...rest,
    ...(length !== undefined && { max_length: length }),
    truncation: rest.max_length === undefined ? false : (rest.truncation ?? true),
    text_pair: pair === null ? null : [pair],
    return_tensor: false,
    return_overflowing_tokens: true,
    return_special_tokens_mask: true,
    return_offsets_mapping: true,
    offset_unit: 'codepoint',
  });
  return (found.input_ids as number[][]).map((ids, i) => ({
    ids,
    types: (found.token_type_ids as number[][])[i]!,
    mask: (found.attention_mask as number[][])[i]!,
    special: (found.special_tokens_mask as number[][])[i]!,
    spans: (found.offset_mapping as [number, number][][])[i]!,
    words: found.word_ids(i),
  }));
}

describe('MobileBertTokenizer() of a tokenizer.json', () => {
  it.each(cases.map((one) => [one.name, one] as const))('obeys its %s', (_, one) => {
    const tokenizer = new MobileBertTokenizer(one.file);
    for (const call of one.calls) {
      const what = JSON.stringify([call.text, call.pair, call.options]);
      expect(rowsOf(tokenizer, call), what).toEqual(call.rows);
    }
    expect([false, true].map((pair) => tokenizer.num_special_tokens_to_add(pair))).toEqual(
      one.special,
    );
    expect(tokenizer.decode(one.ids)).toBe(one.decoded[0]);
    expect(tokenizer.decode(one.ids, { skip_special_tokens: true })).toBe(one.decoded[1]);
    expect(tokenizer.convert_tokens_to_string(['a'])).toBe('a');
  });

  it.each(cases.map((one) => [one.name, one] as const))('is saved with its %s', async (_, one) => {
    const files = await new MobileBertTokenizer(one.file).save_files();
    const { 'tokenizer.json': json } = files;
    const whole = new MobileBertTokenizer(files);
    // Which special token pads, only tokenizer_config.json says.
    const alone = new MobileBertTokenizer(JSON.parse(json!));
    for (const call of one.calls) {
      expect(rowsOf(whole, call)).toEqual(call.rows);
      if (!call.options.padding) expect(rowsOf(alone, call)).toEqual(call.rows);
    }
    expect([whole, alone].map((saved) => saved.decode(one.ids))).toEqual(
      Array(2).fill(one.decoded[0]),
    );
  });

  it.each(cases.slice(0, 15).map((one) => [one.name, one] as const))(
    'lays out ids with its %s',
    (_, one) => {
      const tokenizer = new MobileBertTokenizer(one.file);
      for (const { text, pair, options, rows } of one.calls) {
        if (Object.keys(options).length > 0 || pair === '') continue;
        const bare = (t: string) => tokenizer.encode(`${t}`, { add_special_tokens: false });
        // A template that leaves out the text leaves it out here, too.
        const texts = [text, pair].map((t) => (t === null ? null : (idsOf(one, t) ?? bare(t))));
        const [a, b] = texts as [number[], number[] | null];
        expect(tokenizer.build_inputs_with_special_tokens(a, b)).toEqual(rows[0]!.ids);
        expect(tokenizer.create_token_type_ids_from_sequences(a, b)).toEqual(rows[0]!.types);
        expect(tokenizer.get_special_tokens_mask(a, b)).toEqual(rows[0]!.special);
      }
      tokenizer.model_max_length = 100;
      expect(tokenizer.max_len_single_sentence).toBe(100 - one.special[0]);
      expect(tokenizer.max_len_sentences_pair).toBe(100 - one.special[1]);
    },
  );
});

describe('MobileBertTokenizer() refuses a tokenizer.json', () => {
  const vocab = { '[UNK]': 0, '[CLS]': 1, '[SEP]': 2, a: 3 };
  const refusal = (parts: object) => {
    try {
      new MobileBertTokenizer({ model: { type: 'WordPiece', vocab }, ...parts });
    } catch (error) {
      expect(error).toBeInstanceOf(TokenizerError);
      return (error as Error).message;
    }
    return 'none';
  };
  const template = (parts: object) => ({
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: {},
      ...parts,
    },
  });
  const special = [{ SpecialToken: { id: '[CLS]', type_id: 0 } }];
  const withIds = (ids: unknown) => ({ single: special, special_tokens: { '[CLS]': { ids } } });
  const piece = (type_id: unknown, id = 'A') => ({ single: [{ Sequence: { id, type_id } }] });
  const bert = { type: 'BertProcessing', sep: ['[SEP]', 2], cls: ['[CLS]', 1] };
  const sequence = (name: string, ...steps: unknown[]) => ({ type: 'Sequence', [name]: steps });
  const deep = (name: string) => {
    let value: object = { type: 'Sequence', [name]: [] };
    for (let i = 0; i < 100_000; i++) value = { type: 'Sequence', [name]: [value] };
    return value;
  };

  it('whose parts are complete only without errors', () => {
    expect([refusal({}), refusal(template({})), refusal({ post_processor: bert })]).toEqual(
      Array(3).fill('none'),
    );
  });

  it.each([
    [
      'the post-processor of RoBERTa',
      { post_processor: { type: 'RobertaProcessing' } },
      'post_processor is "RobertaProcessing", expected "BertProcessing", "TemplateProcessing" or null',
    ],
    ['that of bytes', { post_processor: { type: 'ByteLevel' } }, 'post_processor is "ByteLevel"'],
    [
      'it inside a Sequence',
      { post_processor: sequence('processors', { type: 'ByteLevel' }, bert) },
      'post_processor is "ByteLevel"',
    ],
    [
      'two templates',
      { post_processor: sequence('processors', bert, bert) },
      'a Sequence of several templates',
    ],
    [
      'a deep post-processor',
      { post_processor: deep('processors') },
      'post_processor is "Sequence"',
    ],
    ['a post-processor without a type', { post_processor: {} }, 'post_processor is undefined'],
    ['a post-processor that is none', { post_processor: 'Bert' }, 'post_processor is "Bert"'],
    [
      'a broken BertProcessing',
      { post_processor: { ...bert, sep: '[SEP]' } },
      'sep of BertProcessing is "[SEP]", expected a list',
    ],
    [
      'a broken id',
      { post_processor: { ...bert, sep: ['[SEP]', -1] } },
      'id of a special token is -1',
    ],
    [
      'no template for pairs',
      template({ pair: undefined }),
      'pair of TemplateProcessing is undefined',
    ],
    [
      'one text for pairs',
      template({ pair: piece(0).single }),
      'pair lacks a sequence, expected both A and B',
    ],
    ['two texts for one', template(piece(0, 'B')), 'single uses sequence B'],
    ['another text', template(piece(0, 'C')), 'a sequence is "C", expected A or B'],
    ['a type that is none', template(piece('0')), 'type_id is "0"'],
    ['a type below 0', template(piece(-1)), 'type_id is -1'],
    [
      'an unknown special token',
      template({ single: special }),
      'special token "[CLS]" is not among special_tokens',
    ],
    ['ids that are none', template(withIds([1.5])), 'id of a special token is 1.5'],
    ['an id beyond any table', template(withIds([2 ** 31])), 'id of a special token is 2147483648'],
    ['endless special tokens', template(withIds(Array(2000).fill(1))), 'single has too many parts'],
    [
      'another normalizer',
      { normalizer: { type: 'NFC' } },
      'normalizer is "NFC", expected "BertNormalizer"',
    ],
    [
      'a Sequence of them',
      {
        normalizer: sequence(
          'normalizers',
          { type: 'NFD' },
          { type: 'Lowercase' },
          { type: 'StripAccents' },
        ),
      },
      'normalizer is "NFD", then "Lowercase", then "StripAccents"',
    ],
    [
      'Lowercase before BertNormalizer',
      { normalizer: sequence('normalizers', { type: 'Lowercase' }, { type: 'BertNormalizer' }) },
      'normalizer is "Lowercase", then "BertNormalizer"',
    ],
    ['a deep normalizer', { normalizer: deep('normalizers') }, 'normalizer is a broken Sequence'],
    ['no splitting', { pre_tokenizer: null }, 'pre_tokenizer is null, expected "BertPreTokenizer"'],
    [
      'another splitting',
      { pre_tokenizer: { type: 'Whitespace' } },
      'pre_tokenizer is "Whitespace"',
    ],
    [
      'merged punctuation',
      {
        pre_tokenizer: sequence(
          'pretokenizers',
          { type: 'WhitespaceSplit' },
          { type: 'Punctuation', behavior: 'Contiguous' },
        ),
      },
      'pre_tokenizer is "WhitespaceSplit", then "Punctuation"',
    ],
    [
      'a deep splitting',
      { pre_tokenizer: deep('pretokenizers') },
      'pre_tokenizer is a broken Sequence',
    ],
    [
      'another decoder',
      { decoder: { type: 'ByteLevel' } },
      'decoder is "ByteLevel", expected "WordPiece"',
    ],
    ['a broken decoder', { decoder: { type: 'WordPiece', prefix: 5 } }, 'decoder has prefix 5'],
    [
      'a model of another kind',
      { model: { type: 'Unigram', vocab: [['a', 0]] } },
      'model is "Unigram"',
    ],
    ['an old BPE model', { model: { vocab, merges: [] } }, 'model is "BPE"'],
    [
      'a list of tokens',
      { model: { type: 'WordPiece', vocab: ['a'] } },
      'found model.vocab as a list',
    ],
    [
      'words that are no number',
      { model: { vocab, max_input_chars_per_word: 1.5 } },
      'max_input_chars_per_word is 1.5',
    ],
    ['an id that nests', { model: { vocab: { a: [[0]] } } }, 'token "a" has id a list'],
    [
      'added tokens that are no list',
      { added_tokens: { a: 1 } },
      'added_tokens is an object, expected a list',
    ],
    ['an added token without content', { added_tokens: [{ id: 1 }] }, 'expected its content'],
    [
      'an added token of another kind',
      { added_tokens: [null] },
      'found null, expected its content',
    ],
    [
      'a flag that is none',
      { added_tokens: [{ id: 9, content: 'x', lstrip: 'yes' }] },
      'Cannot add the token "x": lstrip is "yes", expected a boolean',
    ],
  ])('with %s', (_, parts, message) => {
    expect(refusal(parts)).toContain(message);
  });
});

describe('MobileBertTokenizer() of a partial tokenizer.json', () => {
  const vocab = { '[PAD]': 0, '[UNK]': 1, '[CLS]': 2, '[SEP]': 3, '[MASK]': 4, a: 5, A: 6, ',': 7 };
  const model = { type: 'WordPiece', vocab };

  it('takes BERT’s parts for those that are left out', () => {
    const tokenizer = new MobileBertTokenizer({ model });
    expect(tokenizer.encode('A,a')).toEqual([2, 5, 7, 5, 3]);
  });

  it('warns where a token gets another id than the file says, as in Rust', () => {
    const added = [
      { id: 99, content: 'x' },
      { id: 5, content: 'a' },
    ];
    const tokenizer = new MobileBertTokenizer({ model, added_tokens: added });
    expect(tokenizer.convert_tokens_to_ids(['x', 'a'])).toEqual([8, 5]);
    expect(warnings).toEqual([
      expect.stringContaining('Token "x" has id 99 in its file, but gets 8'),
    ]);
  });

  it('takes sides and the padding token from truncation and padding, as Python does', () => {
    const tokenizer = new MobileBertTokenizer({
      model,
      truncation: { max_length: 3, strategy: 'LongestFirst', stride: 0, direction: 'Left' },
      padding: {
        strategy: 'BatchLongest',
        direction: 'Left',
        pad_id: 4,
        pad_type_id: 2,
        pad_token: '[MASK]',
      },
    });
    const { truncation_side, padding_side, pad_token, pad_token_id } = tokenizer;
    expect([truncation_side, padding_side, pad_token, pad_token_id]).toEqual([
      'left',
      'left',
      '[MASK]',
      4,
    ]);
    expect(tokenizer.pad_token_type_id).toBe(2);
    // Whether a call pads and truncates, its options say.
    expect(tokenizer.encode('a a a a')).toEqual([2, 5, 5, 5, 5, 3]);
  });

  it('puts special tokens that the caller chose into the template', () => {
    const file = cases.find(({ name }) => name === "template of RoBERTa's kind")!.file;
    const options = { cls_token: '<s>', sep_token: '</s>' };
    const config = { 'tokenizer.json': file, 'tokenizer_config.json': options };
    const given = new MobileBertTokenizer(config, { cls_token: 'a', sep_token: 'b' });
    expect(given.encode('c', { text_pair: 'd' })).toEqual([5, 7, 6, 6, 8, 6]);
    expect(new MobileBertTokenizer(config).encode('c')).toEqual([20, 7, 21]);
  });

  it('needs no special tokens where its template has none', () => {
    const file = { model, post_processor: null };
    const tokenizer = new MobileBertTokenizer(file, { cls_token: null, sep_token: null });
    expect(tokenizer.encode('a')).toEqual([5]);
    expect(() => new MobileBertTokenizer({ model }, { cls_token: null })).toThrow(
      'cls_token is null',
    );
  });

  it('splits at white space alone and normalizes, as its parts say', () => {
    const file = { model, pre_tokenizer: { type: 'WhitespaceSplit' } };
    expect(new MobileBertTokenizer(file).encode('A a,')).toEqual([2, 5, 1, 3]);
    // Every tokenizer_config.json of BERT says `do_basic_tokenize: true`.
    const config = { 'tokenizer.json': file, 'tokenizer_config.json': { do_basic_tokenize: true } };
    expect(new MobileBertTokenizer(config).encode('A a,')).toEqual([2, 5, 1, 3]);
    const options = { do_basic_tokenize: false };
    expect(new MobileBertTokenizer(file, options).encode('A a,')).toEqual([2, 6, 1, 3]);
  });

  it('refuses to overflow where its template has a text twice', () => {
    const twice = ['A', 'A'].map((id) => ({ Sequence: { id, type_id: 0 } }));
    const pair = [...twice, { Sequence: { id: 'B', type_id: 0 } }];
    const file = { type: 'TemplateProcessing', single: twice, pair, special_tokens: {} };
    const tokenizer = new MobileBertTokenizer({ model, post_processor: file });
    expect(tokenizer.encode('a ,')).toEqual([5, 7, 5, 7]);
    const cut = { max_length: 1, return_overflowing_tokens: true, return_tensor: false } as const;
    expect(() => tokenizer('a ,', cut)).toThrow('the template has a text twice');
  });
});

/** The ids of a text under BERT's template, whose other parts are the same. */
function idsOf({ name }: Case, text: string): number[] | undefined {
  if (name !== 'template with special tokens alone for one text') return undefined;
  return new MobileBertTokenizer(cases[0]!.file).encode(text, { add_special_tokens: false });
}
