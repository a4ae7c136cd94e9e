/**
 * Free functions that rearrange or select the elements of tensors (transformers.js,
 * utils/tensor.js). `slice` and `topk` return promises because they do in transformers.js, which
 * runs them in an ONNX session.
 */

import { arrayOf, type DataType, type DataTypeMap, type Values } from './data-type.ts';
import { clip, copyStrided, fromEnd, sizeOf } from './layout.ts';
import { Tensor } from './tensor.ts';

/** Joins tensors along `dim`. They have one type, and equal dims except along `dim`. */
export function cat<T extends DataType>(tensors: readonly Tensor<T>[], dim = 0): Tensor<T> {
  const first = firstOf(tensors, 'cat');
  const axis = fromEnd(dim, first.dims.length, 'dim');
  for (const tensor of tensors) checkAlike(first, tensor, axis);
  const inner = sizeOf(first.dims.slice(axis + 1));
  const outer = sizeOf(first.dims.slice(0, axis));
  const total = tensors.reduce((sum, tensor) => sum + tensor.dims[axis]!, 0);
  const dims = first.dims.with(axis, total);
  const data = new (arrayOf(first.type))(sizeOf(dims));
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const tensor of tensors) {
      const run = tensor.dims[axis]! * inner;
      copyRun(tensor.data, o * run, run, data, at);
      at += run;
    }
  }
  return new Tensor(first.type, data, dims);
}

/** Joins tensors of equal dims along a new axis `dim`. */
export function stack<T extends DataType>(tensors: readonly Tensor<T>[], dim = 0): Tensor<T> {
  const axis = fromEnd(dim, firstOf(tensors, 'stack').dims.length + 1, 'dim');
  return cat(
    tensors.map((tensor) => tensor.unsqueeze(axis)),
    axis,
  );
}

/** A copy with the axes in another order. */
export function permute<T extends DataType>(tensor: Tensor<T>, axes: readonly number[]): Tensor<T> {
  return tensor.permute(...axes);
}

/** Every `steps`-th element of [starts, ends) along each of `axes`, as ONNX's Slice. */
export async function slice<T extends DataType>(
  data: Tensor<T>,
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[] = starts.map((_, axis) => axis),
  steps: readonly number[] = starts.map(() => 1),
): Promise<Tensor<T>> {
  const dims = [...data.dims];
  const strides = data.stride();
  const walk = [...strides];
  let start = 0;
  for (const [i, axis] of axes.map((a) => fromEnd(a, data.dims.length, 'axis')).entries()) {
    const [size, step] = [data.dims[axis]!, steps[i]!];
    if (!Number.isInteger(step) || step < 1) {
      throw new RangeError(`Cannot slice: step is ${step}, expected an integer from 1 up`);
    }
    const low = clip(starts[i]!, size);
    dims[axis] = Math.max(0, Math.ceil((clip(ends[i]!, size) - low) / step));
    walk[axis] = strides[axis]! * step;
    start += low * strides[axis]!;
  }
  const out = new (arrayOf(data.type))(sizeOf(dims));
  copyStrided(data.data as unknown as Values, out as unknown as Values, dims, walk, start);
  return new Tensor(data.type, out, dims);
}

/** The `k` largest values along the last axis, largest first, and their indices. */
export async function topk<T extends DataType>(
  x: Tensor<T>,
  k: number = x.dims.at(-1) ?? 1,
): Promise<[values: Tensor<T>, indices: Tensor<'int64'>]> {
  const width = x.dims.at(-1) ?? 1;
  const count = Math.min(k, width);
  if (!Number.isInteger(count) || count < 0) {
    throw new RangeError(`Cannot take topk: k is ${k}, expected an integer from 0 up`);
  }
  const values = x.data as unknown as Values;
  const places: number[] = [];
  for (let start = 0; start < values.length; start += width) {
    const line = Array.from({ length: width }, (_, i) => start + i);
    line.sort((a, b) => (values[a]! < values[b]! ? 1 : values[a]! > values[b]! ? -1 : a - b));
    places.push(...line.slice(0, count));
  }
  const dims = [...x.dims.slice(0, -1), ...(x.dims.length > 0 ? [count] : [])];
  return [
    new Tensor(
      x.type,
      places.map((place) => values[place]!),
      dims,
    ),
    new Tensor(
      'int64',
      places.map((place) => place % width),
      dims,
    ),
  ];
}

/** One bit per value, set where the value is above 0: [N, D] gives [N, D / 8] of int8 or uint8. */
export function quantize_embeddings(
  tensor: Tensor,
  precision: 'binary' | 'ubinary',
): Tensor<'int8' | 'uint8'> {
  const [rows = 0, width = 0] = tensor.dims;
  if (tensor.dims.length !== 2 || width % 8 !== 0) {
    throw new RangeError(
      `Cannot quantize embeddings: dims are [${tensor.dims}], expected [N, a multiple of 8]`,
    );
  }
  if (precision !== 'binary' && precision !== 'ubinary') {
    throw new RangeError(
      `Cannot quantize embeddings: precision is "${precision}", expected "binary" or "ubinary"`,
    );
  }
  const bytes = new Array<number>(tensor.size / 8).fill(0);
  for (const [i, value] of tensor.data.entries()) {
    if (value > 0) bytes[i >> 3]! |= 0x80 >> (i & 7);
  }
  const dims = [rows, width / 8];
  if (precision === 'ubinary') return new Tensor('uint8', bytes, dims);
  // sentence-transformers subtracts 128 to get signed bytes.
  return new Tensor(
    'int8',
    bytes.map((byte) => byte - 128),
    dims,
  );
}

function firstOf<T extends DataType>(tensors: readonly Tensor<T>[], action: string): Tensor<T> {
  const first = tensors[0];
  if (first !== undefined) return first;
  throw new RangeError(`Cannot ${action}: found no tensors, expected one or more`);
}

function checkAlike(first: Tensor, other: Tensor, axis: number): void {
  const rest = (tensor: Tensor) => `${tensor.type} [${tensor.dims.with(axis, -1)}]`;
  if (first.dims.length === other.dims.length && rest(first) === rest(other)) return;
  throw new RangeError(
    `Cannot join tensors: found ${other.type} [${other.dims}], expected ${first.type} [${first.dims}] except along axis ${axis}`,
  );
}

function copyRun<T extends DataType>(
  from: DataTypeMap[T],
  start: number,
  count: number,
  to: DataTypeMap[T],
  at: number,
): void {
  // Both arrays are of type T; TypeScript cannot see that set() of one takes the other.
  (to as Uint8Array).set((from as Uint8Array).subarray(start, start + count), at);
}
