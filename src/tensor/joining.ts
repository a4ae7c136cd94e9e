/** Several tensors to one: cat along an axis that is there, stack along a new one. */

import { arrayOf, type DataType, type DataTypeMap } from './data-type.ts';
import { fromEnd, sizeOf } from './layout.ts';
import { Tensor } from './tensor.ts';

/** Joins tensors along `dim`; their types and all other dims are the same. */
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

/** Joins tensors of the same dims along a new axis `dim`. */
export function stack<T extends DataType>(tensors: readonly Tensor<T>[], dim = 0): Tensor<T> {
  const axis = fromEnd(dim, firstOf(tensors, 'stack').dims.length + 1, 'dim');
  return cat(
    tensors.map((tensor) => tensor.unsqueeze(axis)),
    axis,
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
    `Cannot join tensors: found ${other.type} [${other.dims}], expected ${first.type} [${first.dims}] but for axis ${axis}`,
  );
}

function copyRun<T extends DataType>(
  from: DataTypeMap[T],
  start: number,
  count: number,
  to: DataTypeMap[T],
  at: number,
): void {
  // The types agree; TypeScript cannot see that set() of one array takes the other.
  (to as Uint8Array).set((from as Uint8Array).subarray(start, start + count), at);
}
