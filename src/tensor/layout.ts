/**
 * Row-major layout: sizes, strides, axes, and the two walks that every tensor operation is made of,
 * a strided copy and a fold along one axis. Knows plain arrays only, not the Tensor class.
 */

import type { Values } from './data-type.ts';

/** One fold: reads `count` values from `start`, each `step` after the last. */
export type Fold = (values: Values, start: number, step: number, count: number) => number;

/** Number of elements that `dims` hold; RangeError when an entry is no size. */
export function sizeOf(dims: readonly number[]): number {
  let size = 1;
  for (const dim of dims) {
    if (!Number.isSafeInteger(dim) || dim < 0) {
      throw new RangeError(`Cannot use dims [${dims}]: found ${dim}, expected integers from 0 up`);
    }
    size *= dim;
  }
  return size;
}

/** Elements between neighbours along each axis. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  for (let axis = dims.length - 1, step = 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= dims[axis]!;
  }
  return strides;
}

/** An index counted from the front; a negative one counts from the end, as in Python. */
export function fromEnd(index: number, size: number, what: string): number {
  const found = index < 0 ? index + size : index;
  if (!Number.isInteger(found) || found < 0 || found >= size) {
    throw new RangeError(
      `Cannot use ${what} ${index}: expected an integer from ${-size} to ${size - 1}`,
    );
  }
  return found;
}

/** An end of a range, counted from the front and held within 0..size, as Python's slices do. */
export function clip(index: number, size: number): number {
  return Math.min(Math.max(index < 0 ? index + size : index, 0), size);
}

/** Fills `to` with the block of `dims` that starts at `start` of `from` and walks by `steps`. */
export function copyStrided(
  from: Values,
  to: Values,
  dims: readonly number[],
  steps: readonly number[],
  start = 0,
): void {
  const index = dims.map(() => 0);
  let at = start;
  for (let i = 0; i < to.length; i++) {
    to[i] = from[at]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      at += steps[axis]!;
      index[axis]!++;
      if (index[axis]! < dims[axis]!) break;
      at -= steps[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
}

/**
 * Folds every line along `dim` to one value (`null`: all values to a single one).
 * Returns the values and their dims; `keepdim` keeps the folded axis with size 1.
 */
export function foldAxis(
  values: Values,
  dims: readonly number[],
  dim: number | null,
  keepdim: boolean,
  fold: Fold,
): { values: number[]; dims: number[] } {
  if (dim === null) {
    return { values: [fold(values, 0, 1, values.length)], dims: keepdim ? dims.map(() => 1) : [] };
  }
  const axis = fromEnd(dim, dims.length, 'dim');
  const count = dims[axis]!;
  const inner = sizeOf(dims.slice(axis + 1));
  const outer = sizeOf(dims.slice(0, axis));
  const folded: number[] = [];
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) folded.push(fold(values, o * count * inner + i, inner, count));
  }
  return {
    values: folded,
    dims: [...dims.slice(0, axis), ...(keepdim ? [1] : []), ...dims.slice(axis + 1)],
  };
}
