/** Labels as callers write them -> flat numbers, checked; and losses as outputs hold them. */

import { InputError } from '../../errors.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { IGNORE_INDEX } from './losses.ts';
import { flat, floats, integers, type TensorLike, tensor } from './tensor-like.ts';

/**
 * Class indices, `classes` of them or -100, one for each element of `dims`. As Python's `view(-1)`
 * does, any shape with that many elements is taken.
 */
export function labelsOf(
  name: string,
  labels: TensorLike,
  dims: readonly number[],
  classes: number,
): Int32Array {
  const { data } = integers(name, labels, 2 ** 31, -(2 ** 31));
  expectCount(name, data.length, dims);
  const at = data.findIndex((label) => label !== IGNORE_INDEX && !(label >= 0 && label < classes));
  if (at === -1) return data;
  throw new InputError(
    `Cannot compute the loss: ${name} holds ${data[at]} at ${at}, expected 0 to ${classes - 1}, or ${IGNORE_INDEX}`,
  );
}

/** Real-valued targets, one for each element of `dims`. */
export function targetsOf(name: string, labels: TensorLike, dims: readonly number[]): Float32Array {
  const { data } = floats(name, labels);
  expectCount(name, data.length, dims);
  return data;
}

/** The output's `loss` [], absent without labels. */
export function lossOf(loss: number | null | undefined): { loss?: Tensor<'float32'> } {
  return loss === null || loss === undefined ? {} : { loss: tensor(Float32Array.of(loss), []) };
}

/**
 * Whether labels are classes, one per text, rather than C targets each. torch decides by dtype, which
 * plain arrays do not have: those are classes when they hold `B` whole numbers.
 */
export function areClasses(labels: TensorLike, B: number): boolean {
  const { data } = flat('labels', labels);
  if (labels instanceof Tensor) return labels.type === 'int64' || labels.type === 'int32';
  if (!Array.isArray(data)) return !(data instanceof Float32Array || data instanceof Float64Array);
  return data.length === B && data.every((x) => typeof x === 'bigint' || Number.isInteger(x));
}

function expectCount(name: string, count: number, dims: readonly number[]): void {
  const size = dims.reduce((product, n) => product * n, 1);
  if (count === size) return;
  throw new InputError(
    `Cannot compute the loss: ${name} has ${count} elements, expected [${dims.join(', ')}]`,
  );
}
