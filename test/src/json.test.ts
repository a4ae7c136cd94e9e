import { describe, expect, it } from 'vitest';
import { jsonText, parseJson } from '../../src/json.ts';

const parse = (text: string) => parseJson(text, { depth: 3, keys: 4 });
const parsePython = (text: string) => parseJson(text, { depth: 3, mayHoldNaN: true });

describe('parseJson()', () => {
  it.each([
    '{"a":[1,2],"b":{"a":1},"c":"}\\"{","d":"a:"}',
    '[["a","a"],["a"]]',
    ' { "a" : "a" } ',
    '1',
  ])('reads %s as JSON.parse does', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['{"a":1,"a":2}', 'key "a" stands twice'],
    ['{"a":1,"\\u0061" :2}', 'key "a" stands twice'],
    ['[{"b":{"a":1,"a":2}}]', 'key "a" stands twice'],
    ['[[[[]]]]', 'it nests deeper than 3'],
    ['{"a":0,"b":0,"c":0,"d":0,"e":0}', 'it has more than 4 keys'],
    ['["a', 'a string has no end'],
    ['{"a":', 'JSON'],
    ['', 'JSON'],
  ])('refuses %s', (text, message) => {
    expect(() => parse(text)).toThrow(SyntaxError);
    expect(() => parse(text)).toThrow(message);
  });

  it('reads the constants that Python writes for numbers without a JSON form', () => {
    expect(parsePython('{"a":[NaN,-Infinity, Infinity],"b":"NaN","c":"\\"Infinity"}')).toEqual({
      a: [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
      b: 'NaN',
      c: '"Infinity',
    });
  });

  it.each(['Nan', 'inf', 'Inf', 'NaNN', 'Infinity1'])('refuses %s', (text) => {
    expect(() => parsePython(text)).toThrow(SyntaxError);
  });

  it('refuses NaN unless it is asked for', () => {
    expect(() => parse('[NaN]')).toThrow(SyntaxError);
  });

  it('keeps the last of two equal keys where they are allowed, and still counts keys', () => {
    const bounds = { depth: 3, keys: 2, mayRepeatKeys: true };
    expect(parseJson('{"a":1,"a":2}', bounds)).toEqual({ a: 2 });
    expect(() => parseJson('{"a":1,"b":2,"c":3}', bounds)).toThrow('more than 2 keys');
  });

  it.each([
    ['keys of an inner object', '{"a":{"b":0,"c":0,"d":0}}', 'more than 2 keys'],
    ['keys that stand twice', '{"a":{"b":0,"b":0,"b":0}}', 'more than 2 keys'],
    ['values in a list', '[1,2,3,4,5,6]', 'more than 5 values'],
    ['lists', '[[],[],[]]', 'more than 5 values'],
  ])('refuses too many %s', (_, text, message) => {
    const bounds = { depth: 3, innerKeys: 2, values: 5, mayRepeatKeys: true };
    expect(() => parseJson(text, bounds)).toThrow(message);
  });

  it('reads a million keys in linear time', () => {
    const text = `{${Array.from({ length: 1e6 }, (_, i) => `"${i * 4096}":0`).join()}}`;
    const start = performance.now();
    expect(() => parseJson(text, { depth: 1, keys: 100_000 })).toThrow('more than 100000 keys');
    // It takes a tenth of a second.
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it('refuses a million open brackets without recursion', () => {
    expect(() => parseJson('['.repeat(1e6), { depth: 100 })).toThrow('nests deeper than 100');
  });
});

describe('jsonText()', () => {
  it("writes numbers without a JSON form as Python's json.dumps does", () => {
    const value = { a: [Number.NaN, -Infinity, Infinity, 1], b: 'NaN', c: { d: Number.NaN } };
    const text = jsonText(value, 2);
    expect(text).toBe(
      `{
  "a": [
    NaN,
    -Infinity,
    Infinity,
    1
  ],
  "b": "NaN",
  "c": {
    "d": NaN
  }
}`,
    );
    expect(parsePython(text)).toEqual(value);
  });

  it('writes everything else as JSON.stringify does', () => {
    const value = { a: ['\u0000NaN', null], b: { c: 1.5 } };
    expect(jsonText(value, 2)).toBe(JSON.stringify(value, null, 2));
    const both = { a: '\u0000NaN', b: Number.NaN };
    expect(jsonText(both, 2)).toBe(JSON.stringify(both, null, 2));
  });
});
