/** The rules of the format's README; the hostile files follow its `attacks/` folder. */

import { describe, expect, it } from 'vitest';
import { WeightsError } from '../../../../src/errors.ts';
import { parseHeader, SafetensorsReader } from '../../../../src/weights/formats/safetensors.ts';
import { chunked, type Entry, fileOf } from '../safetensors-file.ts';

const parse = (header: string | Record<string, unknown>) =>
  parseHeader(
    new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header)),
    'm.safetensors',
  );

const f32 = (start: number, end: number, shape = [(end - start) / 4]): Entry => ({
  dtype: 'F32',
  shape,
  data_offsets: [start, end],
});

describe('parseHeader()', () => {
  it('takes null for no metadata, as the reference implementation does', () => {
    expect(parse({ __metadata__: null }).metadata).toEqual({});
  });

  it('gives tensors in the order of their bytes, and the metadata', () => {
    const header = parse({ b: f32(8, 12), __metadata__: { format: 'pt' }, a: f32(0, 8) });
    expect(header.tensors.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(header.tensors[0]).toEqual({ name: 'a', dtype: 'F32', shape: [2], start: 0, end: 8 });
    expect(header.metadata).toEqual({ format: 'pt' });
    expect(header.dataBytes).toBe(12);
  });

  it('takes trailing spaces, scalars and empty tensors', () => {
    const header = parse(`${JSON.stringify({ s: f32(0, 4, []), e: f32(4, 4, [0, 9]) })}   `);
    expect(header.tensors.map(({ name }) => name)).toEqual(['s', 'e']);
    expect(parse('{}').tensors).toEqual([]);
  });

  it.each([
    ['F64', 8],
    ['F32', 4],
    ['F16', 2],
    ['BF16', 2],
    ['I64', 8],
    ['I32', 4],
    ['I16', 2],
    ['I8', 1],
    ['U8', 1],
    ['BOOL', 1],
  ])('knows %s as %i bytes', (dtype, bytes) => {
    expect(parse({ a: { dtype, shape: [3], data_offsets: [0, 3 * bytes] } }).dataBytes).toBe(
      3 * bytes,
    );
  });

  it.each<[string, string | Record<string, unknown>, RegExp]>([
    ['no JSON', 'hello', /does not start with "\{"/],
    ['a list', '[]', /does not start with "\{"/],
    ['a byte order mark', '\ufeff{}', /does not start with "\{"/],
    ['half a JSON', '{"a":', /header is not usable JSON/],
    ['an open string', '{"a', /a string has no end/],
    ['text after the object', '{}x', /header is not usable JSON/],
    ['NaN', '{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,0]}}', /not usable JSON/],
    [
      'overlapping tensors',
      { a: f32(0, 8), b: f32(4, 12) },
      /"b" overlaps the one before: starts at 4, expected 8/,
    ],
    ['one range twice', { a: f32(0, 8), b: f32(0, 8) }, /"b" overlaps/],
    [
      'a gap',
      { a: f32(0, 8), b: f32(12, 16) },
      /"b" leaves a gap before it: starts at 12, expected 8/,
    ],
    ['a gap at the start', { a: f32(4, 8) }, /"a" leaves a gap/],
    [
      'a key twice',
      '{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}',
      /key "a" stands twice/,
    ],
    ['a key twice, once escaped', '{"a":1,"\\u0061":2}', /key "a" stands twice/],
    [
      'a key twice inside',
      '{"a":{"dtype":"F32","dtype":"F16","shape":[0],"data_offsets":[0,0]}}',
      /key "dtype" stands twice/,
    ],
    [
      'an unknown dtype',
      { a: { ...f32(0, 4), dtype: 'F33' } },
      /"a" has dtype "F33", expected one of F64/,
    ],
    [
      'a dtype of Object.prototype',
      { a: { ...f32(0, 4), dtype: 'toString' } },
      /has dtype "toString"/,
    ],
    ['no dtype', { a: { shape: [1], data_offsets: [0, 4] } }, /has dtype undefined/],
    ['no shape', { a: { dtype: 'F32', data_offsets: [0, 4] } }, /no usable "shape"/],
    ['a negative size', { a: f32(0, 4, [-1]) }, /no usable "shape"/],
    ['a fractional size', { a: f32(0, 4, [0.5]) }, /no usable "shape"/],
    [
      'an unsafe size',
      '{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}',
      /no usable "shape"/,
    ],
    [
      'a shape that overflows',
      { a: f32(0, 4, [2 ** 40, 2 ** 40]) },
      /has 4 bytes, expected Infinity/,
    ],
    ['a shape that overflows to its size', { a: f32(0, 0, [2 ** 50, 2 ** 50, 0]) }, /"a"/],
    [
      'negative offsets',
      { a: { ...f32(0, 4), data_offsets: [-4, 0] } },
      /no usable "data_offsets"/,
    ],
    ['three offsets', { a: { ...f32(0, 4), data_offsets: [0, 4, 8] } }, /no usable "data_offsets"/],
    ['offsets that run backwards', { a: { ...f32(0, 4), data_offsets: [8, 4] } }, /has -4 bytes/],
    [
      'fewer bytes than the shape',
      { a: f32(0, 4, [2]) },
      /of shape \[2\] and dtype F32 has 4 bytes, expected 8/,
    ],
    ['a tensor that is no object', { a: 1 }, /"a" has dtype undefined/],
    ['metadata that is no map', { __metadata__: ['x'] }, /"__metadata__" is not a map of strings/],
    [
      'metadata that is no text',
      { __metadata__: { a: 1 } },
      /"__metadata__" is not a map of strings/,
    ],
    ['deep nesting', `{"a":${'['.repeat(1e6)}`, /nests deeper than 3/],
    [
      'too many tensors',
      `{${Array.from({ length: 50_001 }, (_, i) => `"${i}":0`)}}`,
      /more than 50000 keys/,
    ],
    [
      'too much metadata',
      { __metadata__: Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [i, ''])) },
      /more than 10000 keys/,
    ],
    [
      'a shape of too many sizes',
      `{"a":{"dtype":"U8","shape":[1${',1'.repeat(2 ** 20)}],"data_offsets":[0,1]}}`,
      /more than 1048576 values/,
    ],
  ])('refuses %s', (_, header, message) => {
    expect(() => parse(header)).toThrow(WeightsError);
    expect(() => parse(header)).toThrow(message);
  });

  it('refuses bytes that are not UTF-8', () => {
    const bytes = Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d);
    expect(() => parseHeader(bytes, 'm')).toThrow(/header is not usable JSON/);
  });

  it('quotes and shortens the names it repeats', () => {
    const name = `\u001b[31m${'x'.repeat(1000)}`;
    const message = (() => {
      try {
        return String(parse({ [name]: 1 }));
      } catch (error) {
        return (error as Error).message;
      }
    })();
    expect(message).toContain('\\u001b[31m');
    expect(message.length).toBeLessThan(400);
  });
});

describe('SafetensorsReader', () => {
  it.each([
    [
      'past the limit',
      100_000_001n,
      undefined,
      /said to have 100000001 bytes, expected at most 100000000/,
    ],
    ['of 2^64 - 1', 2n ** 64n - 1n, undefined, /said to have 18446744073709551615 bytes/],
    ['past the file', 11n, 18, /said to have 11 bytes, expected at most 10/],
    ['past the stream', 11n, undefined, /header is cut off: found 2 bytes, expected 11/],
    ['of nothing', 0n, undefined, /does not start with/],
  ])('refuses a header length %s', async (_, length, size, message) => {
    const source = chunked(fileOf('{}', 0, length), 64, size);
    await expect(SafetensorsReader.open(source)).rejects.toThrow(message);
  });

  it('does not make room for a header that does not come', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const source = chunked(fileOf('{}', 0, 100_000_000n), 64);
    await expect(SafetensorsReader.open(source)).rejects.toThrow('is cut off');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });
});
