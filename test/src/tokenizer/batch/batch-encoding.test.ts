import { describe, expect, it } from 'vitest';
import { makeTokenizer } from '../golden.ts';

/** Answers of Python's BatchEncoding to the same call; spans in code points. */
const first = 'Where is Wolfgang Müller?';
const second = 'In Zürich 😀, unaffably.';
const encoding = makeTokenizer()(first, { text_pair: second, offset_unit: 'codepoint' });
const tokens = encoding.tokens().map((_, i) => i);
const span = (pair: number[] | null) => pair && { start: pair[0], end: pair[1] };

describe('BatchEncoding', () => {
  it('tokens(), word_ids() and sequence_ids() list what Python lists', () => {
    expect(encoding.tokens().join(' ')).toBe(
      '[CLS] where is wolfgang muller ? [SEP] in zurich [UNK] , una ##ffa ##bly . [SEP]',
    );
    const words = [null, 0, 1, 2, 3, 4, null, 0, 1, 2, 3, 4, 4, 4, 5, null];
    const texts = [null, 0, 0, 0, 0, 0, null, 1, 1, 1, 1, 1, 1, 1, 1, null];
    expect(encoding.word_ids()).toEqual(words);
    expect(encoding.sequence_ids()).toEqual(texts);
    expect(tokens.map((i) => encoding.token_to_word(i))).toEqual(words);
    expect(tokens.map((i) => encoding.token_to_sequence(i))).toEqual(texts);
    expect(encoding.n_sequences).toBe(2);
  });

  it('token_to_chars() gives spans, and null for special tokens', () => {
    const spans = [
      ...[null, [0, 5], [6, 8], [9, 17], [18, 24], [24, 25], null, [0, 2], [3, 9], [10, 11]],
      ...[[11, 12], [13, 16], [16, 19], [19, 22], [22, 23], null],
    ];
    expect(tokens.map((i) => encoding.token_to_chars(i))).toEqual(spans.map(span));
    expect(encoding.token_to_chars(-2)).toEqual({ start: 22, end: 23 });
  });

  it('word_to_tokens() and word_to_chars() look in the text that is named', () => {
    const words = [0, 1, 2, 3, 4, 5];
    expect(words.map((i) => encoding.word_to_tokens(i))).toEqual(
      [[1, 2], [2, 3], [3, 4], [4, 5], [5, 6], null].map(span),
    );
    expect(words.map((i) => encoding.word_to_tokens(i, null, 1))).toEqual(
      [
        [7, 8],
        [8, 9],
        [9, 10],
        [10, 11],
        [11, 14],
        [14, 15],
      ].map(span),
    );
    expect(words.map((i) => encoding.word_to_chars(i, null, 1))).toEqual(
      [
        [0, 2],
        [3, 9],
        [10, 11],
        [11, 12],
        [13, 22],
        [22, 23],
      ].map(span),
    );
    expect(encoding.word_to_chars(9)).toBeNull();
  });

  it('char_to_token() and char_to_word() give null between tokens', () => {
    const chars = [...Array(25).keys()];
    const found = [7, 7, null, ...Array(6).fill(8), null, 9, 10, null, 11, 11, 11, 12, 12, 12];
    found.push(13, 13, 13, 14, null, null);
    expect(chars.map((i) => encoding.char_to_token(i, null, 1))).toEqual(found);
    const words = found.map((token) => (token === null ? null : encoding.token_to_word(token)));
    expect(chars.map((i) => encoding.char_to_word(i, null, 1))).toEqual(words);
    expect(encoding.char_to_token(5)).toBeNull();
  });

  it('takes (row, index) for a batch and counts rows from the end', () => {
    const batch = makeTokenizer()(['a b', 'c d e'], { padding: true });
    expect(batch.token_to_chars(1, 2)).toEqual({ start: 2, end: 3 });
    expect(batch.char_to_token(-1, 4)).toBe(3);
    expect(batch.tokens(0)).toEqual(['[CLS]', 'a', 'b', '[SEP]', '[PAD]']);
    expect(() => batch.tokens(2)).toThrow('Cannot use row 2: expected an integer from -2 to 1');
  });

  it('counts UTF-16 units unless asked otherwise, so that slice() gives the source', () => {
    const units = makeTokenizer()(second);
    const { start, end } = units.token_to_chars(3)!;
    expect(second.slice(start, end)).toBe('😀');
    expect(units.token_to_chars(4)).toEqual({ start: 12, end: 13 });
  });

  it('answers from the tokens there were when the call was made', () => {
    const tokenizer = makeTokenizer();
    const before = tokenizer('una newtok');
    tokenizer.add_tokens('newtok');
    expect(before.tokens()).toEqual(['[CLS]', 'una', 'newt', '##ok', '[SEP]']);
  });

  it('knows the places in a text that is longer than all before it', () => {
    const long = makeTokenizer()('a '.repeat(5000));
    expect(long.input_ids.dims).toEqual([1, 5002]);
    expect(long.token_to_chars(5000)).toEqual({ start: 9998, end: 9999 });
    expect(long.token_to_word(5000)).toBe(4999);
  });

  it('has the model inputs as own fields and nothing else', () => {
    expect(Object.keys({ ...encoding })).toEqual(['input_ids', 'attention_mask', 'token_type_ids']);
  });
});
