/**
 * Files and texts that were made to be slow. Each is so large that a step that looks at all of it
 * again and again takes minutes; the limits are ten times what a slow machine needs.
 */
import { describe, expect, it } from 'vitest';
import { MobileBertTokenizer } from '../../../src/tokenizer/api/tokenizer.ts';
import { hashUnit, SEEDS, Vocab } from '../../../src/tokenizer/text/vocab.ts';
import { makeTokenizer } from './golden.ts';

const LIMIT = 30_000;
const bare = { return_tensor: false } as const;
const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

/** A tokenizer.json with these tokens, and fields of its model. */
function jsonOf(tokens: readonly string[], more: object = {}, added: object[] = []) {
  const vocab = Object.fromEntries([...SPECIAL, ...tokens].map((token, id) => [token, id]));
  return { added_tokens: added, model: { type: 'WordPiece', vocab, ...more } };
}

/** `count` strings whose hashes lead to the first slot of a table of 2^18 slots. */
function colliding(count: number): string[] {
  const inverse = inverseOf(0x01000193);
  // The slot of a hash h is (h ^ (h >>> 15)) mod 2^18: 0 for these.
  const targets = new Map<number, number[]>();
  for (let top = 0; top < 1 << 14; top++) {
    const hash = (top << 18) | (top << 3) | (top >>> 12);
    const before = Math.imul(hash, inverse);
    const list = targets.get(before >>> 16) ?? [];
    list.push(before & 0xffff);
    targets.set(before >>> 16, list);
  }
  const found: string[] = [];
  const isPlain = (unit: number) => unit > 0x20 && !/[\s\p{Cs}]/u.test(String.fromCharCode(unit));
  for (let first = 0x4e00; ; first++) {
    const start = hashUnit(SEEDS[0], first);
    for (let second = 0x21; second < 0x10000; second++) {
      const hash = hashUnit(start, second);
      for (const low of targets.get(hash >>> 16) ?? []) {
        const third = (hash & 0xffff) ^ low;
        if (!isPlain(second) || !isPlain(third)) continue;
        if (found.push(String.fromCharCode(first, second, third)) === count) return found;
      }
    }
  }
}

/** x with odd * x = 1 modulo 2^32. */
function inverseOf(odd: number): number {
  let x = odd;
  for (let i = 0; i < 5; i++) x = Math.imul(x, 2 - Math.imul(odd, x));
  return x;
}

describe('MobileBertTokenizer() takes time in proportion to its input', () => {
  it(
    'with special and added tokens of 50,000 letters',
    () => {
      const long = 'x'.repeat(50_000);
      const tokenizer = makeTokenizer({ mask_token: long });
      tokenizer.add_tokens([`${long}y`, `${long}${long.slice(1)}z`]);
      tokenizer.add_tokens([{ content: `[${long}]`, normalized: false }], true);
      const text = `a ${long} ${long}y ${'x'.repeat(200_000)}`;
      expect(tokenizer.encode(text)).toEqual([
        ...[101, 1037, 30522, 30522, 1061],
        ...[30522, 30522, 30522, 30522],
        102,
      ]);
      expect(tokenizer.decode([30522])).toBe(long);
    },
    LIMIT,
  );

  it(
    'with 300,000 added tokens',
    () => {
      const contents = Array.from({ length: 300_000 }, (_, i) => `<t${i}>`);
      const added = contents.map((content, i) => ({ id: 5 + i, content, special: i % 2 === 0 }));
      const tokenizer = new MobileBertTokenizer(jsonOf([], {}, added), {
        extra_special_tokens: contents,
      });
      expect(tokenizer.length).toBe(300_005);
      const text = contents.join('');
      const ids = tokenizer.encode(text);
      expect(ids.slice(0, 3)).toEqual([2, 5, 6]);
      expect(ids.length).toBe(300_002);
      expect(tokenizer.decode(ids, { skip_special_tokens: true }).startsWith('<t1> <t3>')).toBe(
        true,
      );
      expect(tokenizer.convert_ids_to_tokens(ids, { skip_special_tokens: true })).toEqual([]);
      expect(tokenizer.get_special_tokens_mask(ids, null, true).length).toBe(ids.length);
    },
    LIMIT,
  );

  it(
    'with a vocabulary whose tokens collide in the hash table',
    () => {
      const tokens = colliding(100_000);
      const tokenizer = new MobileBertTokenizer([...SPECIAL, ...tokens].join('\n'), {
        tokenize_chinese_chars: false,
        do_basic_tokenize: false,
      });
      expect(tokenizer.vocab_size).toBe(100_005);
      expect(tokenizer.convert_tokens_to_ids(tokens)).toEqual(tokens.map((_, i) => i + 5));
      expect(tokenizer.encode(tokens.join(' ')).slice(1, -1)).toEqual(tokens.map((_, i) => i + 5));
    },
    LIMIT,
  );

  it(
    'with a vocabulary that only continues words',
    () => {
      const tokens = Array.from({ length: 500_000 }, (_, i) => `##${i.toString(36)}`);
      const tokenizer = new MobileBertTokenizer([...SPECIAL, ...tokens].join('\n'));
      expect(tokenizer.convert_tokens_to_ids('##9')).toBe(14);
      expect(tokenizer.encode('a '.repeat(100_000)).length).toBe(100_002);
    },
    LIMIT,
  );

  it(
    'with an added blank that takes the blanks on its right',
    () => {
      const tokenizer = makeTokenizer();
      tokenizer.add_tokens([{ content: ' ', rstrip: true }]);
      // As in Rust, every blank of a run is a token that reaches to the end of the run.
      expect(tokenizer.encode('a   b')).toEqual([101, 1037, 30522, 30522, 30522, 1038, 102]);
      expect(tokenizer('a   b', { return_offsets_mapping: true }).offset_mapping).toEqual([
        [
          [0, 0],
          [0, 1],
          [1, 4],
          [2, 4],
          [3, 4],
          [4, 5],
          [0, 0],
        ],
      ]);
      expect(tokenizer.encode(`a${' '.repeat(500_000)}b`).length).toBe(500_004);
    },
    LIMIT,
  );

  it.each([
    ['##', ['a', '##a', `##${'a'.repeat(50_000)}b`], (n: number) => [5, ...Array(n - 1).fill(6)]],
    ['', ['a', `${'a'.repeat(50_000)}b`], (n: number) => Array(n).fill(5)],
  ])(
    'with words of a million letters and the prefix "%s"',
    (continuing_subword_prefix, tokens, ids) => {
      const model = { continuing_subword_prefix, max_input_chars_per_word: 1e6 };
      const tokenizer = new MobileBertTokenizer(jsonOf(tokens, model));
      const word = 'a'.repeat(1_000_000);
      expect(tokenizer.encode(word).slice(1, -1)).toEqual(ids(1_000_000));
      expect(tokenizer.encode(`${word}a`)).toEqual([2, 1, 3]);
      expect(tokenizer.encode(`${word.slice(1)}b`)).toEqual([
        2,
        ...(continuing_subword_prefix ? longTail() : [...Array(949_999).fill(5), 6]),
        3,
      ]);
    },
    LIMIT,
  );

  it(
    'with texts of ten million letters without a blank',
    () => {
      const tokenizer = makeTokenizer();
      expect(tokenizer.encode('x'.repeat(10_000_000))).toEqual([101, 100, 102]);
      expect(tokenizer.encode('é'.repeat(3_000_000))).toEqual([101, 100, 102]);
      expect(tokenizer.encode('.'.repeat(1_000_000)).length).toBe(1_000_002);
    },
    LIMIT,
  );

  it(
    'with a million ids to decode',
    () => {
      const tokenizer = makeTokenizer();
      const ids = Array.from({ length: 1_000_000 }, (_, i) => 1000 + (i % 29_000));
      expect(tokenizer.decode(ids).length).toBeGreaterThan(1_000_000);
      expect(tokenizer.convert_ids_to_tokens(ids).length).toBe(1_000_000);
      expect(tokenizer(ids.map(() => 'a').join(' '), bare).input_ids.length).toBe(1_000_002);
    },
    LIMIT,
  );
});

/** The pieces of 999,999 a and a b: the long piece takes the last 50,000 a. */
function longTail(): number[] {
  return [5, ...Array(949_998).fill(6), 7];
}

describe('WordPiece', () => {
  it('splits a long word as it splits a short one', () => {
    const tokens = [
      'un',
      '##aff',
      '##a',
      '##able',
      '##ab',
      '##fable',
      'una',
      '##f',
      '##le',
      '😀',
      '##😀',
    ];
    const text = 'unaffableunabf';
    const make = (chars: number) =>
      new MobileBertTokenizer(jsonOf(tokens, { max_input_chars_per_word: chars }));
    const pad = '##aff'.slice(2).repeat(100);
    for (const word of [
      `un${pad}able`,
      `una${pad}`,
      `un${pad}ab`,
      `un${pad}b`,
      `😀${'😀'.repeat(200)}`,
    ]) {
      expect(make(100).encode(word)).toEqual([2, 1, 3]);
      const long = make(1000)(word, { ...bare, return_offsets_mapping: true });
      const greedy = greedyPieces(tokens, word);
      expect(long.input_ids.slice(1, -1)).toEqual(greedy.map(([id]) => id));
      expect((long.offset_mapping as [number, number][]).slice(1, -1)).toEqual(
        greedy.map(([, from, to]) => [from, to]),
      );
    }
    expect(make(1000).encode(text)).toEqual([
      2,
      ...greedyPieces(tokens, text).map(([id]) => id),
      3,
    ]);
  });
});

/** Greedy longest match as the paper of WordPiece has it; [UNK] where nothing matches. */
function greedyPieces(tokens: readonly string[], word: string): [number, number, number][] {
  const pieces: [number, number, number][] = [];
  for (let from = 0; from < word.length; ) {
    let to = word.length;
    const idOf = () => tokens.indexOf((from > 0 ? '##' : '') + word.slice(from, to));
    while (to > from && idOf() < 0) to--;
    if (to === from) return [[1, 0, word.length]];
    pieces.push([idOf() + SPECIAL.length, from, to]);
    from = to;
  }
  return pieces;
}

describe('Vocab', () => {
  it('finds every token where many share a slot, and none that it lacks', () => {
    const tokens = colliding(2000);
    const vocab = new Vocab(tokens.slice(0, 1000).map((token, id) => [token, id] as const));
    expect(tokens.map((token) => vocab.id(token))).toEqual(
      tokens.map((_, id) => (id < 1000 ? id : -1)),
    );
    expect(vocab.size).toBe(1000);
    expect(new Vocab([...tokens, ...tokens].map((token, id) => [token, id] as const)).size).toBe(
      2000,
    );
  });
});
