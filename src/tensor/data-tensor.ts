/**
 * DataTensor: a typed array with dims, row-major, and what reading it takes. Tensor has the
 * operations on top; a tokenizer that is used alone does without them.
 */

import type { DataType, DataTypeMap, Element } from './data-type.ts';
import { fromEnd } from './layout.ts';

/** Nested plain arrays, as deep as the tensor has dims; a bare element for dims []. */
export type Nested<E> = E | Nested<E>[];

/** An n-dimensional array to read; dims [] make a scalar. */
export class DataTensor<T extends DataType = DataType> {
  readonly type: T;
  readonly data: DataTypeMap[T];
  dims: number[];

  /** @param data the typed array of `type`, as long as `dims` say; it is kept */
  constructor(type: T, data: DataTypeMap[T], dims: readonly number[]) {
    this.type = type;
    this.data = data;
    this.dims = [...dims];
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length;
  }

  /** Rows along the first axis, sharing this tensor's data; bare elements of a vector. */
  *[Symbol.iterator](): Generator<this | Element<T>> {
    if (this.dims.length <= 1) yield* this.data as Iterable<Element<T>>;
    else for (let i = 0; i < this.dims[0]!; i++) yield this.at(i);
  }

  /** Row `index` of the first axis (negative: from the end), sharing this tensor's data. */
  at(index: number): this {
    const [rows = 0, ...dims] = this.dims;
    const row = fromEnd(index, rows, 'index');
    const size = this.size / rows;
    const data = this.data.subarray(row * size, (row + 1) * size) as DataTypeMap[T];
    const Class = this.constructor as typeof DataTensor<T>;
    return new Class(this.type, data, dims) as this;
  }

  /** The only element; RangeError when there is not exactly one. */
  item(): Element<T> {
    if (this.size === 1) return this.data[0]!;
    throw new RangeError(`Cannot take item(): tensor has ${this.size} elements, expected 1`);
  }

  /** Nested plain arrays; bigints where the type is int64 or uint64. */
  tolist(): Nested<Element<T>> {
    if (this.dims.length === 0) return this.data[0]!;
    return Array.from(this, (row) => (row instanceof DataTensor ? row.tolist() : row));
  }
}
