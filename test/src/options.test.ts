/** Names of options: what is unknown is refused, with the name that was meant. */
import { describe, expect, it } from 'vitest';
import { checkOptionNames, nearestName, suggestion } from '../../src/options.ts';

const KNOWN = { top_k: true, dtype: true, aggregation_strategy: true };

describe('checkOptionNames', () => {
  it('accepts known names, undefined values and no options at all', () => {
    for (const options of [undefined, null, {}, { top_k: 1 }, { topk: undefined }]) {
      expect(() => checkOptionNames('classify', options, KNOWN)).not.toThrow();
    }
  });

  it('refuses an unknown name and says the nearest', () => {
    expect(() => checkOptionNames('classify', { topk: 3 }, KNOWN)).toThrow(
      new TypeError('Cannot classify: option "topk" is unknown, expected "top_k"'),
    );
  });

  it('lists all names where none is near', () => {
    expect(() => checkOptionNames('classify', { colour: 3 }, KNOWN)).toThrow(
      'option "colour" is unknown, expected one of "top_k", "dtype", "aggregation_strategy"',
    );
  });

  it('refuses a name that every object inherits', () => {
    expect(() => checkOptionNames('classify', { toString: 1 }, KNOWN)).toThrow('is unknown');
  });

  it.each([
    [5, 'a number'],
    ['context', 'a string'],
    [[], 'an array'],
  ])('refuses %j in place of options', (options, found) => {
    expect(() => checkOptionNames('classify', options, KNOWN)).toThrow(
      `Cannot classify: options is ${found}, expected an object`,
    );
  });
});

describe('nearestName', () => {
  it.each([
    ['topk', 'top_k'],
    ['topK', 'top_k'],
    ['dtyp', 'dtype'],
    ['dytpe', 'dtype'],
    ['aggregationStrategy', 'aggregation_strategy'],
    ['agregation_stratgy', 'aggregation_strategy'],
  ])('of %s is %s', (name, nearest) => {
    expect(nearestName(name, Object.keys(KNOWN))).toBe(nearest);
  });

  it('is undefined when no name is near', () => {
    expect(nearestName('x', ['dtype'])).toBeUndefined();
    expect(nearestName('threads', ['top_k', 'dtype'])).toBeUndefined();
  });

  it('takes no time for a name of a million letters', () => {
    expect(nearestName('x'.repeat(1e6), ['top_k'])).toBeUndefined();
  });
});

describe('suggestion', () => {
  it('is the nearest name, or all names', () => {
    expect(suggestion('nerr', ['ner', 'answer'])).toBe('"ner"');
    expect(suggestion('zzz', ['ner', 'answer'])).toBe('one of "ner", "answer"');
  });
});
