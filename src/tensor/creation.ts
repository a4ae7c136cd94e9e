/** Constant and random tensors of a given size (transformers.js, utils/tensor.js). */

import type { DataType } from './data-type.ts';
import { sizeOf } from './layout.ts';
import { Tensor } from './tensor.ts';

/** Every element is `value`: float32 for a number, int64 for a bigint, bool for a boolean. */
export function full(size: readonly number[], value: number | bigint | boolean): Tensor {
  const types = { number: 'float32', bigint: 'int64', boolean: 'bool' } as const;
  const type = types[typeof value as keyof typeof types];
  if (type === undefined) {
    throw new TypeError(`Cannot fill a tensor: value is a ${typeof value}, expected a number`);
  }
  return filled(type, size, value);
}

/** Every element is `value`; dims and type are those of another tensor. */
export function full_like<T extends DataType>(
  tensor: Tensor<T>,
  value: number | bigint | boolean,
): Tensor<T> {
  return filled(tensor.type, tensor.dims, value);
}

/** Ones; int64, as in transformers.js. */
export function ones(size: readonly number[]): Tensor<'int64'> {
  return filled('int64', size, 1n);
}

/** Ones with the dims of another tensor; int64, as in transformers.js. */
export function ones_like(tensor: Tensor): Tensor<'int64'> {
  return ones(tensor.dims);
}

/** Zeros; int64, as in transformers.js. */
export function zeros(size: readonly number[]): Tensor<'int64'> {
  return filled('int64', size, 0n);
}

/** Zeros with the dims of another tensor; int64, as in transformers.js. */
export function zeros_like(tensor: Tensor): Tensor<'int64'> {
  return zeros(tensor.dims);
}

/** Random float32, uniform in [0, 1), unseeded. */
export function rand(size: readonly number[]): Tensor<'float32'> {
  // The factor keeps the result below 1 when it is rounded to float32.
  return filled('float32', size, 0).map_(() => Math.random() * (1 - 2 ** -24));
}

/** Random float32, normal with mean 0 and standard deviation 1, unseeded. */
export function randn(size: readonly number[]): Tensor<'float32'> {
  // Box and Muller (1958); 1 - random() is never 0.
  return filled('float32', size, 0).map_(
    () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()),
  );
}

function filled<T extends DataType>(
  type: T,
  size: readonly number[],
  value: number | bigint | boolean,
): Tensor<T> {
  return new Tensor(type, new Array<number | bigint | boolean>(sizeOf(size)).fill(value), size);
}
