/**
 * The losses of Hugging Face's heads: labels are checked before the pass, and the losses are
 * computed from its logits, as torch.nn does (reduction 'mean'). Sums are float64, logits float32,
 * row-major [rows, classes].
 */

import { InputError } from '../../errors.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { flat, floats, integers, type TensorLike, tensor } from './tensor-like.ts';

/** The label that torch.nn.CrossEntropyLoss leaves out. */
const IGNORE_INDEX = -100;

// ---- labels ----

/**
 * Class indices, one for each element of `dims`: 0 .. classes - 1, or -100 (ignored). Labels may
 * have any shape with that many elements, as in Python, which flattens them by `view(-1)`.
 *
 * @throws InputError for another number of elements, or a label out of range
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

/**
 * Real-valued targets, one for each element of `dims`, in any shape.
 *
 * @throws InputError for another number of elements
 */
export function targetsOf(name: string, labels: TensorLike, dims: readonly number[]): Float32Array {
  const { data } = floats(name, labels);
  expectCount(name, data.length, dims);
  return data;
}

/**
 * Whether labels are classes [B] instead of targets [B,C]. Hugging Face decides by dtype: integers
 * are classes. Nested arrays have no dtype: they are classes when they hold exactly `B` integers.
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

// ---- losses ----

/**
 * Mean of -log softmax(row)[label] over the rows whose label is not `ignored`. NaN when all are
 * ignored, as in torch. Every label must be a class or `ignored`.
 */
export function crossEntropy(
  logits: Float32Array,
  classes: number,
  labels: ArrayLike<number>,
  ignored = IGNORE_INDEX,
): number {
  let sum = 0;
  let counted = 0;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (label === ignored) continue;
    sum += logSumExp(logits, row * classes, classes) - logits[row * classes + label]!;
    counted++;
  }
  return sum / counted;
}

/** Mean of (logit - label)^2. */
export function meanSquaredError(logits: Float32Array, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += (logits[i]! - labels[i]!) ** 2;
  return sum / logits.length;
}

/** Mean of -(y log sigmoid(x) + (1 - y) log(1 - sigmoid(x))), in the form that cannot overflow. */
export function binaryCrossEntropy(logits: Float32Array, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const x = logits[i]!;
    sum += Math.max(x, 0) - x * labels[i]! + Math.log1p(Math.exp(-Math.abs(x)));
  }
  return sum / logits.length;
}

/** The output's `loss` [], absent where none was computed. */
export function lossOf(loss: number | null | undefined): { loss?: Tensor<'float32'> } {
  return loss === null || loss === undefined ? {} : { loss: tensor(Float32Array.of(loss), []) };
}

/**
 * log of the sum of exp(x) over `count` elements; the largest is taken out, so that none overflows.
 */
function logSumExp(x: Float32Array, from: number, count: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = from; i < from + count; i++) largest = Math.max(largest, x[i]!);
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += Math.exp(x[i]! - largest);
  return largest + Math.log(sum);
}
