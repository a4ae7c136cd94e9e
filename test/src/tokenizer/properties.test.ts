import { describe, expect, it } from 'vitest';
import { golden, makeTokenizer } from './golden.ts';

/** Random numbers below 1 from a seed (mulberry32). */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const random = randoms(7);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
const pool = golden<string[]>('texts');
/** Pieces of the golden texts, cut anywhere and put together anew. */
const texts = Array.from({ length: 400 }, () =>
  Array.from({ length: 1 + Math.floor(random() * 4) }, () => {
    const text = pick(pool);
    const at = Math.floor(random() * text.length);
    return text.slice(at, at + 1 + Math.floor(random() * 20)).replace(/\p{Surrogate}/gu, '');
  }).join(''),
);
const tokenizer = makeTokenizer();
const bare = { return_tensor: false } as const;

describe('tokenizer()', () => {
  it('gives spans in order and inside the text, of tokens with words in order', () => {
    for (const text of texts) {
      const encoding = tokenizer(text, { ...bare, return_offsets_mapping: true });
      const offsets = (encoding.offset_mapping as [number, number][]).slice(1, -1);
      const words = encoding.word_ids().slice(1, -1) as number[];
      // Ends may overlap: a decomposed syllable is cut between parts that come from one character.
      let [start, word] = [0, 0];
      offsets.forEach(([from, to], i) => {
        expect(from, text).toBeGreaterThanOrEqual(start);
        expect(to, text).toBeGreaterThan(from);
        expect(to, text).toBeLessThanOrEqual(text.length);
        expect(words[i], text).toBeGreaterThanOrEqual(word);
        [start, word] = [from, words[i]!];
      });
    }
  });

  it('gives tokens whose source reads as they do', () => {
    for (const text of texts.map((t) => t.replace(/[^ -~]/g, ''))) {
      const encoding = tokenizer(text);
      encoding.tokens().forEach((token, i) => {
        const span = encoding.token_to_chars(i);
        if (!span || token === '[UNK]') return;
        const piece =
          encoding.token_to_word(i) === encoding.token_to_word(i - 1) ? token.slice(2) : token;
        expect(text.slice(span.start, span.end).toLowerCase(), text).toBe(piece.toLowerCase());
      });
    }
  });

  it('gives a batch what it gives its texts one by one', () => {
    const batch = tokenizer(texts, bare);
    expect(batch.input_ids).toEqual(texts.map((text) => tokenizer.encode(text)));
  });

  it('gives the same ids with and without spans, and by the code point', () => {
    for (const text of texts) {
      const tracked = tokenizer(text, { ...bare, return_offsets_mapping: true });
      expect(tracked.input_ids).toEqual(tokenizer.encode(text));
      const points = tokenizer(text, {
        ...bare,
        return_offsets_mapping: true,
        offset_unit: 'codepoint',
      });
      const chars = [...text];
      const sources = (points.offset_mapping as [number, number][]).map(([a, b]) =>
        chars.slice(a, b).join(''),
      );
      const slices = (tracked.offset_mapping as [number, number][]).map(([a, b]) =>
        text.slice(a, b),
      );
      expect(sources, text).toEqual(slices);
    }
  });

  it('gives rows of overflow that cover the text and share the stride', () => {
    for (const text of texts.slice(0, 150)) {
      const all = tokenizer.encode(text, { add_special_tokens: false });
      const cut = { truncation: true, max_length: 9, stride: 3, return_overflowing_tokens: true };
      const rows = tokenizer([text], { ...bare, ...cut, add_special_tokens: false }).input_ids;
      const joined = rows.flatMap((row, i) => (i === 0 ? row : row.slice(3)));
      expect(joined).toEqual(all);
    }
  });
});

describe('decode()', () => {
  it('is stable: what it gives encodes and decodes to itself', () => {
    const plain = { skip_special_tokens: true };
    for (const text of texts) {
      const once = tokenizer.decode(tokenizer.encode(text), plain);
      const twice = tokenizer.decode(tokenizer.encode(once), plain);
      expect(twice, text).toBe(once);
    }
  });
});
