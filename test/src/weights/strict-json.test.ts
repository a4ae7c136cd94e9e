import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../src/weights/strict-json.ts';

const parse = (text: string) => parseJson(text, { depth: 3, keys: 4 });

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
});
