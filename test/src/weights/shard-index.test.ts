import { describe, expect, it } from 'vitest';
import { WeightsError } from '../../../src/errors.ts';
import { parseShardIndex } from '../../../src/weights/shard-index.ts';

const parse = (weight_map: unknown) =>
  parseShardIndex(JSON.stringify({ metadata: {}, weight_map }), 'i.json');

describe('parseShardIndex()', () => {
  it('names each file once, in the order of the index', () => {
    expect(parse({ a: 'two.bin', b: 'one.bin', c: 'two.bin' })).toEqual(['two.bin', 'one.bin']);
  });

  it('reads numbers that only Python writes', () => {
    const text = '{"metadata":{"loss":NaN,"best":-Infinity},"weight_map":{"a":"x.bin"}}';
    expect(parseShardIndex(text, 'index.json')).toEqual(['x.bin']);
  });

  it.each<[string, unknown, RegExp]>([
    ['a file above', { a: '../x.bin' }, /tensor "a" is said to be in .*expected a file beside/],
    ['a path', { a: 'x/y.bin' }, /expected a file beside/],
    ['a URL', { a: 'https://x' }, /expected a file beside/],
    ['a number', { a: 1 }, /expected a file beside/],
    ['no files', {}, /names 0 files, expected 1 to 1000/],
    ['a list', ['a'], /no "weight_map"/],
    ['no map', undefined, /no "weight_map"/],
    [
      'too many tensors',
      Object.fromEntries(Array.from({ length: 100_001 }, (_, i) => [i * 4096, 'x.bin'])),
      /more than 100000 keys/,
    ],
    [
      'thousands of files',
      Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [i, `${i}.bin`])),
      /names 1001 files/,
    ],
  ])('refuses %s', (_, map, message) => {
    expect(() => parse(map)).toThrow(WeightsError);
    expect(() => parse(map)).toThrow(message);
  });

  it.each(['', '[]', 'null', '{"weight_map":', '{"weight_map":{"a":"x","a":"y"}}', '[[[[[[[[[['])(
    'refuses %j',
    (text) => {
      expect(() => parseShardIndex(text, 'i.json')).toThrow(WeightsError);
    },
  );
});
