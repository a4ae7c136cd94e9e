import { describe, expect, it } from 'vitest';
import { TokenizerError } from '../../../../src/errors.ts';
import { MaxMatch } from '../../../../src/tokenizer/text/max-match.ts';
import { random } from '../../../support/random.ts';

type Found = [id: number, start: number, end: number];

/** The longest of these tokens at each place, tried letter by letter. */
function longestAt(tokens: ReadonlyMap<string, number>, text: string, at: number): Found | null {
  for (let end = text.length; end > at; end--) {
    const id = tokens.get(text.slice(at, end));
    if (id !== undefined) return [id, at, end];
  }
  return null;
}

function naiveSearch(tokens: ReadonlyMap<string, number>, text: string): Found[] {
  const found: Found[] = [];
  for (let at = 0; at < text.length; ) {
    const match = longestAt(tokens, text, at);
    if (match) found.push(match);
    at = match ? match[2] : at + 1;
  }
  return found;
}

function naiveSplit(
  starts: ReadonlyMap<string, number>,
  others: ReadonlyMap<string, number>,
  text: string,
): Found[] | null {
  const found: Found[] = [];
  for (let at = 0; at < text.length; ) {
    const match = longestAt(at === 0 ? starts : others, text, at);
    if (!match) return null;
    found.push(match);
    at = match[2];
  }
  return found;
}

describe('MaxMatch', () => {
  const { integer } = random(7);
  const below = (limit: number) => integer(0, limit);
  const word = (most: number, letters: number) =>
    Array.from({ length: 1 + below(most) }, () => 'abc'[below(letters)]).join('');
  const tokens = (count: number, most: number, letters: number) =>
    new Map(Array.from({ length: count }, (_, id) => [word(most, letters), id] as const));

  it('search() finds what trying every length at every place finds', () => {
    for (let round = 0; round < 3000; round++) {
      const letters = 2 + below(2);
      const set = tokens(1 + below(8), 6, letters);
      const text = word(40, 3);
      const found: Found[] = [];
      new MaxMatch(set).search(text, (...match) => found.push(match));
      expect(found, `${[...set.keys()]} in ${text}`).toEqual(naiveSearch(set, text));
    }
  });

  it('split() splits as trying every length at every place does', () => {
    let splits = 0;
    for (let round = 0; round < 3000; round++) {
      const starts = tokens(1 + below(6), 5, 2);
      const others = tokens(1 + below(6), 5, 2);
      const text = word(20, 2);
      const found: Found[] = [];
      const isSplit = new MaxMatch(starts, others).split(text, (...match) => found.push(match));
      const expected = naiveSplit(starts, others, text);
      expect(isSplit ? found : null, `${[...starts.keys()]}|${[...others.keys()]} ${text}`).toEqual(
        expected,
      );
      if (expected) splits++;
    }
    expect(splits).toBeGreaterThan(300);
  });

  it('takes no tokens, and ignores the empty one', () => {
    const none: Found[] = [];
    new MaxMatch([]).search('abc', (...match) => none.push(match));
    new MaxMatch([['', 1]]).search('abc', (...match) => none.push(match));
    expect(none).toEqual([]);
    expect(new MaxMatch([], []).split('a', () => {})).toBe(false);
  });

  it('takes linear time where each place could match 50,000 letters', () => {
    const run = 'a'.repeat(50_000);
    const text = 'a'.repeat(1_000_000);
    let count = 0;
    const long = new Map([
      ['a', 0],
      [`${run}b`, 1],
    ]);
    new MaxMatch(long).search(text, () => count++);
    expect(new MaxMatch(long, long).split(text, () => count++)).toBe(true);
    expect(count).toBe(2_000_000);
  }, 20_000);

  it('refuses strings that need more memory than any vocabulary', () => {
    const set = Array.from(
      { length: 100 },
      (_, id) => [`${id}:${'x'.repeat(50_000)}`, id] as const,
    );
    expect(() => new MaxMatch(set)).toThrow(TokenizerError);
    expect(() => new MaxMatch(set)).toThrow('expected fewer or shorter tokens');
  });
});
