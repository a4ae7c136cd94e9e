/**
 * Tensor: a typed array with dims, row-major, with the operations transformers.js users know
 * (utils/tensor.js); methods that end in `_` work in place. `at`, `view`, `squeeze`, `unsqueeze`
 * and `flatten` share the data, all else copies. Deviation: no `t[i]`, which would cost a Proxy on
 * every access; use `t.at(i)`. Where transformers.js leaves a case open, PyTorch decides.
 */

import { DataTensor } from './data-tensor.ts';
import type { DataType, DataTypeMap, Element, Values } from './data-type.ts';
import { arrayOf, convert, dataOf, isBig, isFloat } from './data-type.ts';
import { atLeast, atMost, roundHalfEven, sigmoid } from './elementwise.ts';
import * as folds from './folds.ts';
import { copyStrided, type Fold, foldAxis, fromEnd, sizeOf, stridesOf } from './layout.ts';
import * as shapes from './shapes.ts';

export type { Nested } from './data-tensor.ts';
export type { DataType, DataTypeMap, Element } from './data-type.ts';
export type { Slice } from './shapes.ts';

/** An n-dimensional array with its operations; dims [] make a scalar. */
export class Tensor<T extends DataType = DataType> extends DataTensor<T> {
  /**
   * @param data the typed array of `type`, which is kept, or a flat array, which is converted
   * @throws TypeError when `data` is of another type, RangeError when `dims` do not hold it
   */
  constructor(
    type: T,
    data: DataTypeMap[T] | readonly (number | bigint | boolean)[],
    dims: readonly number[] = [data.length],
  ) {
    super(type, dataOf(type, data), dims);
    const size = sizeOf(dims);
    if (size !== data.length) {
      throw new RangeError(
        `Cannot make a tensor: data has ${data.length} elements, dims [${dims}] expect ${size}`,
      );
    }
  }

  stride(): number[] {
    return stridesOf(this.dims);
  }
  clone(): Tensor<T> {
    return new Tensor(this.type, this.data.slice() as DataTypeMap[T], this.dims);
  }
  /** A copy with another element type, converted as a C cast does. */
  to<U extends DataType>(type: U): Tensor<U> {
    return new Tensor(type, convert(this.data as ArrayLike<number | bigint>, type), this.dims);
  }
  /** Gives nothing back, data lives in ordinary memory; here for transformers.js' sake. */
  dispose(): void {}

  // Element by element. Results keep the type: an int32 tensor times 0.5 is cut to int32.

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
    return this.#float('sigmoid').#each(sigmoid);
  }
  clamp(min: number | bigint, max: number | bigint): Tensor<T> {
    return this.clone().clamp_(min, max);
  }
  clamp_(min: number | bigint, max: number | bigint): this {
    return this.#each(atLeast, min).#each(atMost, max);
  }
  round(): Tensor<T> {
    return this.clone().round_();
  }
  /** To the nearest integer, halves to the even one. */
  round_(): this {
    return isFloat(this.type) ? this.#each(roundHalfEven) : this;
  }
  /** 1 where an element is greater than `value`. */
  gt(value: number | bigint): Tensor<'bool'> {
    return this.#test((x, y) => x > y, value);
  }
  /** 1 where an element is less than `value`. */
  lt(value: number | bigint): Tensor<'bool'> {
    return this.#test((x, y) => x < y, value);
  }

  // Shape.

  /** The same elements under other dims; one of them may be -1 and is worked out. */
  view(...dims: number[]): Tensor<T> {
    return new Tensor(this.type, this.data, shapes.viewed(this.size, dims));
  }
  /** Without axes of size 1: all, or those named (a named axis of another size stays). */
  squeeze(dim: number | readonly number[] | null = null): Tensor<T> {
    return this.view(...shapes.squeezed(this.dims, dim));
  }
  squeeze_(dim: number | readonly number[] | null = null): this {
    this.dims = shapes.squeezed(this.dims, dim);
    return this;
  }
  /** With a new axis of size 1 before axis `dim` (negative: counted in the result). */
  unsqueeze(dim: number): Tensor<T> {
    const axis = fromEnd(dim, this.dims.length + 1, 'dim');
    return this.view(...this.dims.toSpliced(axis, 0, 1));
  }
  unsqueeze_(dim: number): this {
    this.dims = this.unsqueeze(dim).dims;
    return this;
  }
  /** With the axes from `start_dim` to `end_dim`, both included, joined to one. */
  flatten(start_dim = 0, end_dim = -1): Tensor<T> {
    return this.view(...shapes.flattened(this.dims, start_dim, end_dim));
  }
  flatten_(start_dim = 0, end_dim = -1): this {
    this.dims = shapes.flattened(this.dims, start_dim, end_dim);
    return this;
  }
  /** The axes in another order. */
  permute(...axes: number[]): Tensor<T> {
    return this.#read(shapes.permuted(this.dims, axes));
  }
  /** Two axes: exchanged, as in PyTorch. All axes: `permute`, as in transformers.js. */
  transpose(...axes: number[]): Tensor<T> {
    const [a, b] = axes;
    return this.permute(...(axes.length === 2 ? shapes.exchanged(this.dims.length, a!, b!) : axes));
  }
  /** Part of each axis: null (all), an index (the axis goes) or [start, end). */
  slice(...slices: shapes.Slice[]): Tensor<T> {
    return this.#read(shapes.sliced(this.dims, slices));
  }
  /** The whole repeated along each axis; more counts than axes add axes in front. */
  repeat(...counts: number[]): Tensor<T> {
    const block = shapes.repeated(this.dims, counts);
    const dims = counts.map((_, axis) => block.dims[2 * axis]! * block.dims[2 * axis + 1]!);
    return this.#read(block).view(...dims);
  }
  /** As `repeat`, but fewer counts than axes count for the last ones. */
  tile(...counts: number[]): Tensor<T> {
    const missing = Math.max(0, this.dims.length - counts.length);
    return this.repeat(...new Array<number>(missing).fill(1), ...counts);
  }

  // Reductions, along `dim` or over everything (dims []) when it is null.

  /** Keeps the type, except that a sum of bool is int64. */
  sum(dim: number | null = null, keepdim = false): Tensor {
    if (this.type === 'bool') return this.to('int64').sum(dim, keepdim);
    return this.#fold(isBig(this.type) ? folds.sumOfBig : folds.sumOf, this.type, dim, keepdim);
  }
  /** Mean of a float tensor; TypeError for integers. */
  mean(dim: number | null = null, keepdim = false): Tensor<T> {
    return this.#float('mean').#fold(folds.meanOf, this.type, dim, keepdim);
  }
  /** The p-norm of a float tensor; 'fro' is 2. */
  norm(p: number | 'fro' = 'fro', dim: number | null = null, keepdim = false): Tensor<T> {
    return this.#float('norm').#fold(folds.normOf(p === 'fro' ? 2 : p), this.type, dim, keepdim);
  }
  normalize(p = 2, dim = 1): Tensor<T> {
    return this.clone().normalize_(p, dim);
  }
  /** Divides by the p-norm along `dim`, taken as 1e-12 at least. */
  normalize_(p = 2, dim = 1): this {
    const norms = this.norm(p, dim).#values;
    const axis = fromEnd(dim, this.dims.length, 'dim');
    const inner = this.stride()[axis]!;
    const outer = inner * this.dims[axis]!;
    const lineOf = (i: number) => Math.floor(i / outer) * inner + (i % inner);
    return this.#map((x, i) => x / Math.max(norms[lineOf(i)]!, 1e-12));
  }
  min(dim: number | null = null, keepdim = false): Tensor<T> {
    return this.#fold(folds.bestValue(-1), this.type, dim, keepdim);
  }
  max(dim: number | null = null, keepdim = false): Tensor<T> {
    return this.#fold(folds.bestValue(1), this.type, dim, keepdim);
  }
  argmin(dim: number | null = null, keepdim = false): Tensor<'int64'> {
    return this.#fold(folds.bestIndex(-1), 'int64', dim, keepdim);
  }
  argmax(dim: number | null = null, keepdim = false): Tensor<'int64'> {
    return this.#fold(folds.bestIndex(1), 'int64', dim, keepdim);
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

  /** An operand of the elements' own kind: a bigint for 64-bit types, typed as in Values. */
  #scalar(value: number | bigint): number {
    return (isBig(this.type) ? BigInt(value) : Number(value)) as number;
  }
  #read({ dims, steps, start }: shapes.Block): Tensor<T> {
    const data = new (arrayOf(this.type))(sizeOf(dims));
    copyStrided(this.#values, data as unknown as Values, dims, steps, start);
    return new Tensor(this.type, data, dims);
  }
  #fold<U extends DataType>(fold: Fold, type: U, dim: number | null, keepdim: boolean): Tensor<U> {
    const folded = foldAxis(this.#values, this.dims, dim, keepdim, fold);
    return new Tensor(type, folded.values, folded.dims);
  }
  #float(action: string): this {
    if (isFloat(this.type)) return this;
    throw new TypeError(
      `Cannot take the ${action}: tensor is ${this.type}, expected float32 or float64`,
    );
  }
}
