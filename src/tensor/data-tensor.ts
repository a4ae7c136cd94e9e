/**
 * DataTensor: a typed array with dims, row-major, with the methods that read it. Tensor adds the
 * operations. The entry `mobilebert-wasm/tokenizer` uses DataTensors because it needs no
 * operations.
 */

import type { DataType, DataTypeMap, Element } from './data-type.ts';
import { fromEnd } from './layout.ts';

/** Plain arrays, nested as deep as the tensor has dims; a single element for dims []. */
export type Nested<E> = E | Nested<E>[];

/** An n-dimensional array that can be read; dims [] are a scalar. */
export class DataTensor<T extends DataType = DataType> {
  readonly type: T;
  readonly data: DataTypeMap[T];
  dims: number[];

  /** @param data typed array of `type`, as long as `dims` require; it is not copied */
  constructor(type: T, data: DataTypeMap[T], dims: readonly number[]) {
    this.type = type;
    this.data = data;
    this.dims = [...dims];
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length;
  }

  /** The rows along the first axis, which share this tensor's data; of a vector, its elements. */
  *[Symbol.iterator](): Generator<this | Element<T>> {
    if (this.dims.length <= 1) yield* this.data as Iterable<Element<T>>;
    else for (let i = 0; i < this.dims[0]!; i++) yield this.at(i);
  }

  /** Row `index` of the first axis; negative counts from the end. It shares this tensor's data. */
  at(index: number): this {
    const [rows = 0, ...dims] = this.dims;
    const row = fromEnd(index, rows, 'index');
    const size = this.size / rows;
    const data = this.data.subarray(row * size, (row + 1) * size) as DataTypeMap[T];
    const Class = this.constructor as typeof DataTensor<T>;
    return new Class(this.type, data, dims) as this;
  }

  /** The only element. @throws RangeError when there is not exactly one */
  item(): Element<T> {
    if (this.size === 1) return this.data[0]!;
    throw new RangeError(`Cannot take item(): tensor has ${this.size} elements, expected 1`);
  }

  /** Nested plain arrays; their elements are bigints for int64 and uint64. */
  tolist(): Nested<Element<T>> {
    if (this.dims.length === 0) return this.data[0]!;
    return Array.from(this, (row) => (row instanceof DataTensor ? row.tolist() : row));
  }
}
