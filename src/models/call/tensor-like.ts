/**
 * Tensor arguments -> flat typed arrays with dims. Accepted: Tensors, nested arrays of numbers,
 * bigints or booleans, and objects with `data` and `dims`.
 */

import { InputError } from '../../errors.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** Nested arrays of a rectangular shape. */
export type NestedNumbers = readonly (number | bigint | boolean | NestedNumbers)[];

/** More axes than any argument has. The limit stops at an array that contains itself. */
const MAX_DEPTH = 8;

type NumberArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | BigInt64Array
  | BigUint64Array;

/** A tensor argument: a Tensor, nested arrays, or row-major `data` with `dims`. */
export type TensorLike =
  | Tensor
  | NestedNumbers
  | { readonly data: NumberArray | NestedNumbers; readonly dims: readonly number[] };

/** A flat argument: row-major values, and their dims. */
export interface Flat<T> {
  readonly data: T;
  readonly dims: readonly number[];
}

/**
 * Integers from `from` (default 0) to `below - 1`, as a copy.
 *
 * @throws InputError naming the argument, the first value out of range, and the range
 */
export function integers(
  name: string,
  value: TensorLike,
  below: number,
  from = 0,
): Flat<Int32Array> {
  const { data, dims } = flat(name, value);
  const result = new Int32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const x = Number(data[i]);
    if (!(Number.isInteger(x) && x >= from && x < below)) {
      throw new InputError(
        `Cannot run the model: ${name} holds ${data[i]} at ${i}, expected whole numbers from ${from} to ${below - 1}`,
      );
    }
    result[i] = x;
  }
  return { data: result, dims };
}

/** Numbers in float32, as a copy: a caller may change the original while the model still loads. */
export function floats(name: string, value: TensorLike): Flat<Float32Array> {
  const { data, dims } = flat(name, value);
  if (data instanceof Float32Array) return { data: data.slice(), dims };
  return { data: Float32Array.from(data as ArrayLike<number>, Number), dims };
}

/**
 * Checks dims. -1 in `expected` accepts any size; `letters` name such axes in the message ("B,S").
 *
 * @throws InputError for other dims
 */
export function expectDims(
  name: string,
  dims: readonly number[],
  expected: readonly number[],
  letters: string,
): void {
  const fits =
    dims.length === expected.length && expected.every((n, i) => n === -1 || n === dims[i]);
  if (fits) return;
  const shown = expected.map((n, i) => (n === -1 ? letters.split(',')[i] : n)).join(', ');
  throw new InputError(
    `Cannot run the model: ${name} has dims [${dims.join(', ')}], expected [${shown}]`,
  );
}

/**
 * Values without conversion, row-major. Typed data is not copied.
 *
 * @throws TypeError for what is no tensor or holds other than numbers, InputError for ragged arrays
 *   or dims that do not fit the data
 */
export function flat(name: string, value: TensorLike): Flat<ArrayLike<number | bigint>> {
  if (Array.isArray(value)) return flattened(name, value);
  const { data, dims } = value as { data?: NumberArray | NestedNumbers; dims?: readonly number[] };
  const isTyped = ArrayBuffer.isView(data) && !(data instanceof DataView);
  if (!(data && (isTyped || Array.isArray(data)) && Array.isArray(dims))) {
    throw new TypeError(
      `Cannot run the model: ${name} is ${describe(value)}, expected a Tensor, nested arrays or { data, dims }`,
    );
  }
  const size = dims.reduce((product, n) => (isExtent(n) ? product * n : Number.NaN), 1);
  if (size !== data.length) {
    throw new InputError(
      `Cannot run the model: ${name} has ${data.length} elements, dims [${dims.join(', ')}] expect ${size}`,
    );
  }
  return { data: Array.isArray(data) ? flattened(name, data).data : (data as NumberArray), dims };
}

function isExtent(n: unknown): boolean {
  return Number.isSafeInteger(n) && (n as number) >= 0;
}

function flattened(name: string, value: NestedNumbers): Flat<ArrayLike<number | bigint>> {
  const dims: number[] = [];
  for (let level: unknown = value; Array.isArray(level); level = level[0]) {
    dims.push(level.length);
    if (dims.length > MAX_DEPTH) {
      throw new InputError(
        `Cannot run the model: ${name} is nested deeper than ${MAX_DEPTH} arrays, expected 1 to 4`,
      );
    }
  }
  const data: (number | bigint)[] = [];
  const walk = (level: unknown, axis: number): void => {
    if (axis < dims.length) {
      if (!Array.isArray(level) || level.length !== dims[axis]) {
        throw new InputError(
          `Cannot run the model: ${name} is ragged at depth ${axis}, expected nested arrays of equal lengths [${dims.join(', ')}]`,
        );
      }
      for (const item of level) walk(item, axis + 1);
    } else if (typeof level === 'number' || typeof level === 'bigint') data.push(level);
    else if (typeof level === 'boolean') data.push(Number(level));
    else {
      throw new TypeError(
        `Cannot run the model: ${name} holds ${describe(level)}, expected numbers`,
      );
    }
  };
  walk(value, 0);
  return { data, dims };
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A float32 Tensor of `data`, which is not copied. */
export function tensor(data: Float32Array, dims: readonly number[]): Tensor<'float32'> {
  return new Tensor('float32', data, dims);
}
