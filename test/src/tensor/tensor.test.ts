/** Expected values were computed with PyTorch 2.13, unless a line says otherwise. */

import { describe, expect, it } from 'vitest';
import { type DataType, Tensor } from '../../../src/tensor/tensor.ts';

const f32 = (data: number[], dims: number[]) => new Tensor('float32', data, dims);
const iota = (dims: number[]) =>
  f32(
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i),
    dims,
  );
const sample = () => f32([3, -1, 2, 0.5, 4, -2.5], [2, 3]);

/** One ulp of float32 around the values used here. */
const NEAR = 2.5e-7;

function expectNear(actual: Tensor, data: number[], dims: number[]): void {
  expect(actual.dims).toEqual(dims);
  expect(actual.size).toBe(data.length);
  for (const [i, value] of data.entries()) {
    expect(Math.abs(Number(actual.data[i]) - value)).toBeLessThanOrEqual(NEAR * Math.abs(value));
  }
}

describe('Tensor', () => {
  const arrays = {
    float32: Float32Array,
    float64: Float64Array,
    int8: Int8Array,
    uint8: Uint8Array,
    int16: Int16Array,
    uint16: Uint16Array,
    int32: Int32Array,
    uint32: Uint32Array,
    int64: BigInt64Array,
    uint64: BigUint64Array,
    bool: Uint8Array,
  };
  it.each(Object.entries(arrays))('holds %s in its own typed array', (type, array) => {
    const tensor = new Tensor(type as DataType, [1, 0], [2]);
    expect(tensor.data).toBeInstanceOf(array);
    expect([...tensor.data].map(Number)).toEqual([1, 0]);
  });

  it('keeps the typed array it is given, without a copy', () => {
    const data = Float32Array.of(1, 2);
    expect(new Tensor('float32', data, [2]).data).toBe(data);
  });

  it('takes dims from the data when there are none', () => {
    expect(new Tensor('int32', [1, 2, 3]).dims).toEqual([3]);
  });

  it.each([
    [
      'fewer elements than dims',
      'float32',
      [1],
      [2],
      RangeError,
      /1 elements, dims \[2\] expect 2/,
    ],
    ['a negative dim', 'float32', [1], [-1, -1], RangeError, /found -1/],
    ['a fractional dim', 'float32', [1], [0.5, 2], RangeError, /found 0.5/],
    ['a NaN dim', 'float32', [], [Number.NaN], RangeError, /found NaN/],
    ['dims that overflow', 'float32', [], [2 ** 40, 2 ** 40], RangeError, /expect/],
    ['an unknown type', 'string', ['a'], [1], TypeError, /type is "string"/],
    ['a name of Object.prototype', 'constructor', [], [0], TypeError, /type is "constructor"/],
    ['data of another type', 'int64', Int32Array.of(1), [1], TypeError, /data is Int32Array/],
    ['no data at all', 'int64', {}, [0], TypeError, /data is object/],
  ])('refuses %s', (_, type, data, dims, error, message) => {
    const make = () => new Tensor(type as 'float32', data as number[], dims);
    expect(make).toThrow(error);
    expect(make).toThrow(message);
  });

  it('tolist() nests by dims, with bigints for int64', () => {
    expect(iota([2, 1, 3]).tolist()).toEqual([[[0, 1, 2]], [[3, 4, 5]]]);
    expect(new Tensor('int64', [1, 2], [2]).tolist()).toEqual([1n, 2n]);
    expect(f32([7], []).tolist()).toBe(7);
    expect(f32([], [2, 0]).tolist()).toEqual([[], []]);
  });

  it('item() gives the only element and refuses more', () => {
    expect(f32([7], [1, 1]).item()).toBe(7);
    expect(() => iota([2]).item()).toThrow(/has 2 elements, expected 1/);
  });

  it('at() and iteration share the data', () => {
    const tensor = iota([2, 2]);
    tensor.at(-1).data[0] = 9;
    expect(tensor.tolist()).toEqual([
      [0, 1],
      [9, 3],
    ]);
    expect([...tensor].map((row) => (row as Tensor).tolist())).toEqual([
      [0, 1],
      [9, 3],
    ]);
    expect([...iota([3])]).toEqual([0, 1, 2]);
    expect(() => tensor.at(2)).toThrow(RangeError);
  });

  it('clone() and methods without _ leave the tensor alone; those with _ change it', () => {
    const tensor = sample();
    const before = tensor.tolist();
    tensor.clone().add_(1);
    tensor.add(1);
    expect(tensor.tolist()).toEqual(before);
    expect(tensor.mul_(2)).toBe(tensor);
    expect(tensor.data[0]).toBe(6);
  });
});

describe('element by element', () => {
  it.each<[string, (t: Tensor<'float32'>) => Tensor, number[]]>([
    ['add', (t) => t.add(1), [4, 0, 3, 1.5, 5, -1.5]],
    ['sub', (t) => t.sub(1), [2, -2, 1, -0.5, 3, -3.5]],
    ['mul', (t) => t.mul(-2), [-6, 2, -4, -1, -8, 5]],
    ['div', (t) => t.div(2), [1.5, -0.5, 1, 0.25, 2, -1.25]],
    ['neg', (t) => t.neg(), [-3, 1, -2, -0.5, -4, 2.5]],
    ['clamp', (t) => t.clamp(-1, 2), [2, -1, 2, 0.5, 2, -1]],
    ['gt', (t) => t.gt(2), [1, 0, 0, 0, 1, 0]],
    ['lt', (t) => t.lt(0.5), [0, 1, 0, 0, 0, 1]],
    ['map', (t) => t.map((x, i) => x * i), [0, -1, 4, 1.5, 16, -12.5]],
    [
      'sigmoid',
      (t) => t.sigmoid(),
      [0.952574134, 0.268941432, 0.880797029, 0.622459352, 0.982013762, 0.075858176],
    ],
  ])('%s()', (_, run, expected) => expectNear(run(sample()), expected, [2, 3]));

  it('round() goes to even at halves', () => {
    const rounded = f32([0.5, 1.5, 2.5, -0.5, -1.5, 2.4, 2.6], [7]).round();
    expect([...rounded.data]).toEqual([0, 2, 2, -0, -2, 2, 3]);
  });

  it('clamp() and comparisons keep NaN out of the way', () => {
    const tensor = f32([Number.NaN], [1]);
    expect(tensor.clamp(0, 1).item()).toBeNaN();
    expect(tensor.gt(0).item()).toBe(0);
  });

  it('works on int64 with numbers and bigints', () => {
    const tensor = new Tensor('int64', [5, -3], [2]);
    expect(tensor.add(2).mul(3n).sub(1).tolist()).toEqual([20n, -4n]);
    expect(tensor.div(2).tolist()).toEqual([2n, -1n]);
    expect(tensor.gt(0).tolist()).toEqual([1, 0]);
    expect(tensor.clamp(0, 4).neg().tolist()).toEqual([-4n, 0n]);
  });

  it('to() converts as a C cast does', () => {
    const tensor = f32([1.9, -1.9, 0], [3]);
    expect(tensor.to('int64').tolist()).toEqual([1n, -1n, 0n]);
    expect(tensor.to('int32').tolist()).toEqual([1, -1, 0]);
    expect(tensor.to('bool').tolist()).toEqual([1, 1, 0]);
    expect(new Tensor('int64', [3n], [1]).to('float32').tolist()).toEqual([3]);
    expect(() => f32([Number.NaN], [1]).to('int64')).toThrow(RangeError);
  });
});

describe('shape', () => {
  it('stride() is row-major', () => expect(iota([2, 3, 4]).stride()).toEqual([12, 4, 1]));

  it('permute() moves axes', () => {
    const moved = iota([2, 3, 4]).permute(2, 0, 1);
    expect(moved.dims).toEqual([4, 2, 3]);
    expect(moved.tolist()).toEqual(
      [0, 1, 2, 3].map((k) => [0, 1].map((i) => [0, 1, 2].map((j) => i * 12 + j * 4 + k))),
    );
  });

  it('permute() refuses axes that are missing, double or too many', () => {
    expect(() => iota([2, 3]).permute(0)).toThrow(/axes are \[0\]/);
    expect(() => iota([2, 3]).permute(0, 0)).toThrow(RangeError);
    expect(() => iota([2, 3]).permute(0, 2)).toThrow(RangeError);
    expect(() => iota([2, 3]).permute(0, 1, 0)).toThrow(RangeError);
  });

  it('transpose() exchanges two axes, and permutes where all are named', () => {
    const tensor = iota([2, 3, 4]);
    expect(tensor.transpose(1, 2).dims).toEqual([2, 4, 3]);
    expect(tensor.transpose(-1, 0).tolist()).toEqual(tensor.permute(2, 1, 0).tolist());
    expect(tensor.transpose(2, 0, 1).tolist()).toEqual(tensor.permute(2, 0, 1).tolist());
    expect(iota([2, 2]).transpose(0, 1).tolist()).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });

  it('slice() takes ranges and indices, negative ones from the end', () => {
    const tensor = iota([3, 4]);
    expect(tensor.slice([1, 3], [0, 2]).tolist()).toEqual([
      [4, 5],
      [8, 9],
    ]);
    expect(tensor.slice(-1).tolist()).toEqual([8, 9, 10, 11]);
    expect(tensor.slice(null, 1).tolist()).toEqual([1, 5, 9]);
    expect(tensor.slice(null, [-2, null]).dims).toEqual([3, 2]);
    expect(tensor.slice([2, 1]).dims).toEqual([0, 4]);
    expect(tensor.slice([0, 99]).dims).toEqual([3, 4]);
    expect(() => tensor.slice(3)).toThrow(RangeError);
    expect(() => tensor.slice(null, null, null)).toThrow(/expected 2 at most/);
  });

  it('view() works out one -1', () => {
    expect(iota([2, 6]).view(3, -1).dims).toEqual([3, 4]);
    expect(iota([0, 6]).view(-1, 0).dims).toEqual([0, 0]);
    expect(() => iota([2, 3]).view(4, -1)).toThrow(RangeError);
    expect(() => iota([4]).view(-1, -1)).toThrow(RangeError);
  });

  it('squeeze(), unsqueeze() and flatten() change dims and share data', () => {
    const tensor = iota([1, 2, 1, 3]);
    expect(tensor.squeeze().dims).toEqual([2, 3]);
    expect(tensor.squeeze(0).dims).toEqual([2, 1, 3]);
    expect(tensor.squeeze([0, -2]).dims).toEqual([2, 3]);
    expect(tensor.squeeze(1).dims).toEqual([1, 2, 1, 3]);
    expect(tensor.unsqueeze(-1).dims).toEqual([1, 2, 1, 3, 1]);
    expect(tensor.flatten().dims).toEqual([6]);
    expect(tensor.flatten(1, 2).dims).toEqual([1, 2, 3]);
    expect(tensor.flatten().data).toBe(tensor.data);
    expect(f32([1], []).flatten().dims).toEqual([1]);
    expect(() => tensor.flatten(2, 1)).toThrow(RangeError);
    expect(tensor.squeeze_().unsqueeze_(0).flatten_(0, 1).dims).toEqual([2, 3]);
  });

  it('repeat() and tile()', () => {
    const line = [0, 1, 2, 0, 1, 2];
    const other = [3, 4, 5, 3, 4, 5];
    expect(iota([2, 3]).repeat(2, 2).tolist()).toEqual([line, other, line, other]);
    expect(iota([3]).repeat(2, 1, 2).dims).toEqual([2, 1, 6]);
    expect(iota([2, 3]).tile(2).tolist()).toEqual([line, other]);
    expect(() => iota([2, 3]).repeat(2)).toThrow(RangeError);
    expect(() => iota([3]).repeat(-1)).toThrow(RangeError);
  });
});

describe('reductions', () => {
  it.each<[string, (t: Tensor) => Tensor, number[], number[]]>([
    ['sum()', (t) => t.sum(), [6], []],
    ['sum(0)', (t) => t.sum(0), [3.5, 3, -0.5], [3]],
    ['sum(-1, true)', (t) => t.sum(-1, true), [4, 2], [2, 1]],
    ['mean()', (t) => t.mean(), [1], []],
    ['mean(1)', (t) => t.mean(1), [1.333333373, 0.666666687], [2]],
    ['norm()', (t) => t.norm(), [6.04152298], []],
    ['norm(1, 1)', (t) => t.norm(1, 1), [6, 7], [2]],
    ['norm(3)', (t) => t.norm(3), [4.873493195], []],
    ['norm(Infinity, 0)', (t) => t.norm(Infinity, 0), [3, 4, 2.5], [3]],
    ['min(0)', (t) => t.min(0), [0.5, -1, -2.5], [3]],
    ['max(1, true)', (t) => t.max(1, true), [3, 4], [2, 1]],
    ['max()', (t) => t.max(), [4], []],
    ['argmin()', (t) => t.argmin(), [5], []],
    ['argmax(1)', (t) => t.argmax(1), [0, 1], [2]],
    [
      'normalize()',
      (t) => t.normalize(),
      [0.801783681, -0.267261237, 0.534522474, 0.105409257, 0.843274057, -0.527046323],
      [2, 3],
    ],
    [
      'normalize(1, 0)',
      (t) => t.normalize(1, 0),
      [0.857142866, -0.200000003, 0.444444448, 0.142857149, 0.800000012, -0.555555582],
      [2, 3],
    ],
  ])('%s', (_, run, data, dims) => expectNear(run(sample()), data, dims));

  it('normalize() leaves a zero line zero', () => {
    expect([...f32([0, 0], [1, 2]).normalize().data]).toEqual([0, 0]);
  });

  it('argmax() takes the first of equals, and NaN above everything', () => {
    expect(f32([1, 3, 3], [3]).argmax().item()).toBe(1n);
    expect(f32([1, Number.NaN, 3, Number.NaN], [4]).argmax().item()).toBe(1n);
    expect(f32([1, Number.NaN, 3], [3]).argmin().item()).toBe(1n);
  });

  it('sum() of int64 is exact, of bool it counts', () => {
    expect(new Tensor('int64', [2n ** 60n, 1n], [2]).sum().item()).toBe(2n ** 60n + 1n);
    const count = new Tensor('bool', new Uint8Array(300).fill(1), [300]).sum();
    expect([count.type, count.item()]).toEqual(['int64', 300n]);
  });

  it('mean() and norm() refuse integers', () => {
    expect(() => new Tensor('int32', [1], [1]).mean()).toThrow(/tensor is int32, expected float32/);
    expect(() => new Tensor('int64', [1], [1]).norm()).toThrow(TypeError);
  });

  it('max() refuses to choose from nothing', () => {
    expect(() => f32([], [0]).max()).toThrow(RangeError);
    expect(() => sample().sum(2)).toThrow(/dim 2: expected an integer from -2 to 1/);
  });
});
