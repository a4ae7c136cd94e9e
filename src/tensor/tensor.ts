/**
 * Tensor: a typed array with dims, row-major, with the operations of transformers.js
 * (utils/tensor.js). Methods that end in `_` work in place. `at`, `view`, `squeeze`, `unsqueeze`
 * and `flatten` share the data; all others copy it. Deviation: there is no `t[i]`, because it would
 * need a Proxy, which slows every access; use `t.at(i)`. Cases that transformers.js leaves open
 * follow PyTorch.
 */

import { DataTensor } from './data-tensor.ts';
import type { DataType, DataTypeMap, Element, Values } from './data-type.ts';
import { arrayOf, convert, dataOf, isBig, isFloat } from './data-type.ts';
import * as layout from './layout.ts';
import * as reductions from './reductions.ts';

export type { Nested } from './data-tensor.ts';
export type { DataType, DataTypeMap, Element } from './data-type.ts';
export type { Slice } from './layout.ts';

/** An n-dimensional array with its operations; dims [] are a scalar. */
export class Tensor<T extends DataType = DataType> extends DataTensor<T> {
  /**
   * @param data a typed array of `type`, which is not copied, or a flat array, which is converted
   * @throws TypeError when `data` is of another type, RangeError when its length does not fit `dims`
   */
  constructor(
    type: T,
    data: DataTypeMap[T] | readonly (number | bigint | boolean)[],
    dims: readonly number[] = [data.length],
  ) {
    super(type, dataOf(type, data), dims);
    const size = layout.sizeOf(dims);
    if (size !== data.length) {
      throw new RangeError(
        `Cannot make a tensor: data has ${data.length} elements, dims [${dims}] expect ${size}`,
      );
    }
  }

  /** For each axis, the distance in elements between neighbours along it. */
  stride(): number[] {
    return layout.stridesOf(this.dims);
  }
  clone(): Tensor<T> {
    return new Tensor(this.type, this.data.slice() as DataTypeMap[T], this.dims);
  }
  /** A copy with another element type, converted as by a C cast. */
  to<U extends DataType>(type: U): Tensor<U> {
    return new Tensor(type, convert(this.data as ArrayLike<number | bigint>, type), this.dims);
  }
  /** Does nothing: the garbage collector frees the data. Exists because transformers.js has it. */
  dispose(): void {}

  // Element by element. Results keep the type: an int32 tensor times 0.5 is truncated to int32.

  map(fn: (value: Element<T>, index: number, data: DataTypeMap[T]) => Element<T>): Tensor<T> {
    return this.clone().map_(fn);
  }
  map_(fn: (value: Element<T>, index: number, data: DataTypeMap[T]) => Element<T>): this {
    for (let i = 0; i < this.size; i++) this.data[i] = fn(this.data[i]!, i, this.data);
    return this;
  }
  add(value: number | bigint): Tensor<T> {
    return this.clone().add_(value);
  }
  add_(value: number | bigint): this {
    return this.#each((x, y) => x + y, value);
  }
  sub(value: number | bigint): Tensor<T> {
    return this.clone().sub_(value);
  }
  sub_(value: number | bigint): this {
    return this.#each((x, y) => x - y, value);
  }
  mul(value: number | bigint): Tensor<T> {
    return this.clone().mul_(value);
  }
  mul_(value: number | bigint): this {
    return this.#each((x, y) => x * y, value);
  }
  div(value: number | bigint): Tensor<T> {
    return this.clone().div_(value);
  }
  div_(value: number | bigint): this {
    return this.#each((x, y) => x / y, value);
  }
  neg(): Tensor<T> {
    return this.clone().neg_();
  }
  neg_(): this {
    return this.#each((x) => -x);
  }
  sigmoid(): Tensor<T> {
    return this.clone().sigmoid_();
  }
  sigmoid_(): this {
    return this.#float('sigmoid').#each((x) => 1 / (1 + Math.exp(-x)));
  }
  clamp(min: number | bigint, max: number | bigint): Tensor<T> {
    return this.clone().clamp_(min, max);
  }
  clamp_(min: number | bigint, max: number | bigint): this {
    // Comparisons, because Math.min and Math.max take no bigints.
    return this.#each((x, low) => (x < low ? low : x), min).#each(
      (x, high) => (x > high ? high : x),
      max,
    );
  }
  round(): Tensor<T> {
    return this.clone().round_();
  }
  /** To the nearest integer; halves go to the even one. */
  round_(): this {
    return isFloat(this.type) ? this.#each(roundHalfEven) : this;
  }
  /** 1 where an element is greater than `value`, else 0. */
  gt(value: number | bigint): Tensor<'bool'> {
    return this.#test((x, y) => x > y, value);
  }
  /** 1 where an element is less than `value`, else 0. */
  lt(value: number | bigint): Tensor<'bool'> {
    return this.#test((x, y) => x < y, value);
  }

  // Shape operations.

  /** The same elements with other dims; one of them may be -1 and is then computed. */
  view(...dims: number[]): Tensor<T> {
    return new Tensor(this.type, this.data, layout.viewed(this.size, dims));
  }
  /** Without axes of size 1: all of them, or only those in `dim`. Other sizes always stay. */
  squeeze(dim: number | readonly number[] | null = null): Tensor<T> {
    return this.view(...layout.squeezed(this.dims, dim));
  }
  squeeze_(dim: number | readonly number[] | null = null): this {
    this.dims = layout.squeezed(this.dims, dim);
    return this;
  }
  /** With a new axis of size 1, which is axis `dim` of the result; negative counts from its end. */
  unsqueeze(dim: number): Tensor<T> {
    const axis = layout.fromEnd(dim, this.dims.length + 1, 'dim');
    return this.view(...this.dims.toSpliced(axis, 0, 1));
  }
  unsqueeze_(dim: number): this {
    this.dims = this.unsqueeze(dim).dims;
    return this;
  }
  /** With the axes `start_dim` to `end_dim`, both included, joined into one. */
  flatten(start_dim = 0, end_dim = -1): Tensor<T> {
    return this.view(...layout.flattened(this.dims, start_dim, end_dim));
  }
  flatten_(start_dim = 0, end_dim = -1): this {
    this.dims = layout.flattened(this.dims, start_dim, end_dim);
    return this;
  }
  /** The axes in another order. */
  permute(...axes: number[]): Tensor<T> {
    return this.#read(layout.permuted(this.dims, axes));
  }
  /**
   * Given two axes, exchanges them, as in PyTorch; given all, is `permute`, as in transformers.js.
   */
  transpose(...axes: number[]): Tensor<T> {
    const [a, b] = axes;
    return this.permute(...(axes.length === 2 ? layout.exchanged(this.dims.length, a!, b!) : axes));
  }
  /** A part of each axis: null (all of it), an index (drops the axis) or [start, end). */
  slice(...slices: layout.Slice[]): Tensor<T> {
    return this.#read(layout.sliced(this.dims, slices));
  }
  /** The tensor repeated along each axis; more counts than axes add axes in front. */
  repeat(...counts: number[]): Tensor<T> {
    const block = layout.repeated(this.dims, counts);
    const dims = counts.map((_, axis) => block.dims[2 * axis]! * block.dims[2 * axis + 1]!);
    return this.#read(block).view(...dims);
  }
  /** As `repeat`; fewer counts than axes apply to the last axes. */
  tile(...counts: number[]): Tensor<T> {
    const missing = Math.max(0, this.dims.length - counts.length);
    return this.repeat(...new Array<number>(missing).fill(1), ...counts);
  }

  // Reductions along `dim`; when it is null, of all elements to a scalar.

  /** Sum, of the same type; a sum of bool is int64. */
  sum(dim: number | null = null, keepdim = false): Tensor {
    if (this.type === 'bool') return this.to('int64').sum(dim, keepdim);
    return this.#fold(
      isBig(this.type) ? reductions.sumOfBig : reductions.sumOf,
      this.type,
      dim,
      keepdim,
    );
  }
  /** Mean of a float tensor. @throws TypeError for integers */
  mean(dim: number | null = null, keepdim = false): Tensor<T> {
    return this.#float('mean').#fold(reductions.meanOf, this.type, dim, keepdim);
  }
  /** The p-norm of a float tensor; 'fro' is 2. @throws TypeError for integers */
  norm(p: number | 'fro' = 'fro', dim: number | null = null, keepdim = false): Tensor<T> {
    return this.#float('norm').#fold(
      reductions.normOf(p === 'fro' ? 2 : p),
      this.type,
      dim,
      keepdim,
    );
  }
  /** Divided by the p-norm along `dim`; norms below 1e-12 count as 1e-12. */
  normalize(p = 2, dim = 1): Tensor<T> {
    return this.clone().normalize_(p, dim);
  }
  normalize_(p = 2, dim = 1): this {
    const norms = this.norm(p, dim).#values;
    const axis = layout.fromEnd(dim, this.dims.length, 'dim');
    const inner = this.stride()[axis]!;
    const outer = inner * this.dims[axis]!;
    const lineOf = (i: number) => Math.floor(i / outer) * inner + (i % inner);
    return this.#map((x, i) => x / Math.max(norms[lineOf(i)]!, 1e-12));
  }
  /** Smallest value. @throws RangeError when there are no values */
  min(dim: number | null = null, keepdim = false): Tensor<T> {
    return this.#fold(reductions.bestValue(-1), this.type, dim, keepdim);
  }
  /** Largest value. @throws RangeError when there are no values */
  max(dim: number | null = null, keepdim = false): Tensor<T> {
    return this.#fold(reductions.bestValue(1), this.type, dim, keepdim);
  }
  /** Index of the smallest value, the first of equals. @throws RangeError for no values */
  argmin(dim: number | null = null, keepdim = false): Tensor<'int64'> {
    return this.#fold(reductions.bestIndex(-1), 'int64', dim, keepdim);
  }
  /** Index of the largest value, the first of equals. @throws RangeError for no values */
  argmax(dim: number | null = null, keepdim = false): Tensor<'int64'> {
    return this.#fold(reductions.bestIndex(1), 'int64', dim, keepdim);
  }

  get #values(): Values {
    return this.data as unknown as Values;
  }

  #map(fn: (x: number, index: number) => number): this {
    const values = this.#values;
    for (let i = 0; i < values.length; i++) values[i] = fn(values[i]!, i);
    return this;
  }
  #each(fn: (x: number, y: number) => number, operand: number | bigint = 0): this {
    const y = this.#scalar(operand);
    return this.#map((x) => fn(x, y));
  }

  #test(fn: (x: number, y: number) => boolean, operand: number | bigint): Tensor<'bool'> {
    const y = this.#scalar(operand);
    const bits = Uint8Array.from(this.#values, (x) => Number(fn(x, y)));
    return new Tensor('bool', bits, this.dims);
  }

  /** The operand as the elements are: a bigint for 64-bit types. Typed as in Values. */
  #scalar(value: number | bigint): number {
    return (isBig(this.type) ? BigInt(value) : Number(value)) as number;
  }
  #read({ dims, steps, start }: layout.Block): Tensor<T> {
    const data = new (arrayOf(this.type))(layout.sizeOf(dims));
    layout.copyStrided(this.#values, data as unknown as Values, dims, steps, start);
    return new Tensor(this.type, data, dims);
  }
  #fold<U extends DataType>(
    fold: reductions.Fold,
    type: U,
    dim: number | null,
    keepdim: boolean,
  ): Tensor<U> {
    const folded = reductions.foldAxis(this.#values, this.dims, dim, keepdim, fold);
    return new Tensor(type, folded.values, folded.dims);
  }
  #float(action: string): this {
    if (isFloat(this.type)) return this;
    throw new TypeError(
      `Cannot take the ${action}: tensor is ${this.type}, expected float32 or float64`,
    );
  }
}

/** The nearest integer; halves go to the even one, as in IEEE 754 and PyTorch. */
function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  return x - down === 0.5 && down % 2 === 0 ? down : Math.round(x);
}
