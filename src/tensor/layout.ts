/**
 * Row-major layout, in plain numbers and arrays: sizes, strides and axes, the strided copy, and the
 * geometry of the shape operations. Nothing here knows the Tensor class; tensor.ts applies it.
 */

import type { Values } from './data-type.ts';

/** Number of elements of an array of these dims. @throws RangeError when an entry is no size */
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

/** For each axis, the distance in elements between neighbours along it. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  for (let axis = dims.length - 1, step = 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= dims[axis]!;
  }
  return strides;
}

/**
 * The same index counted from the front; a negative one counts from the end, as in Python.
 * @param what name of the index in the error message
 * @throws RangeError when it is out of range
 */
export function fromEnd(index: number, size: number, what: string): number {
  const found = index < 0 ? index + size : index;
  if (!Number.isInteger(found) || found < 0 || found >= size) {
    throw new RangeError(
      `Cannot use ${what} ${index}: expected an integer from ${-size} to ${size - 1}`,
    );
  }
  return found;
}

/** The end of a range, counted from the front and clamped to 0..size, as in Python's slices. */
export function clip(index: number, size: number): number {
  return Math.min(Math.max(index < 0 ? index + size : index, 0), size);
}

/** Fills `to`, of these dims, from `from`: begins at `start` and walks axis i by steps[i]. */
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

/** A strided block: element [i, j, ..] lies at start + i * steps[0] + j * steps[1] + .. */
export interface Block {
  dims: number[];
  steps: number[];
  start: number;
}

/** One argument of `slice`: null is the whole axis, a number drops the axis, or [start, end). */
export type Slice = null | number | readonly [start: number | null, end: number | null];

/** The block with its axes in another order, each named once. */
export function permuted(dims: readonly number[], axes: readonly number[]): Block {
  const order = axes.map((axis) => fromEnd(axis, dims.length, 'axis'));
  if (order.length !== dims.length || new Set(order).size !== dims.length) {
    throw new RangeError(`Cannot permute dims [${dims}]: axes are [${axes}], expected each once`);
  }
  const strides = stridesOf(dims);
  return { dims: order.map((i) => dims[i]!), steps: order.map((i) => strides[i]!), start: 0 };
}

/** The order of `rank` axes in which axes `a` and `b` are exchanged. */
export function exchanged(rank: number, a: number, b: number): number[] {
  const order = Array.from({ length: rank }, (_, axis) => axis);
  const from = fromEnd(a, rank, 'axis');
  const to = fromEnd(b, rank, 'axis');
  order[from] = to;
  order[to] = from;
  return order;
}

/** The block that `slices` select; axes without a slice are taken whole. */
export function sliced(dims: readonly number[], slices: readonly Slice[]): Block {
  if (slices.length > dims.length) {
    throw new RangeError(
      `Cannot slice dims [${dims}]: found ${slices.length} slices, expected ${dims.length} at most`,
    );
  }
  const strides = stridesOf(dims);
  const block: Block = { dims: [], steps: [], start: 0 };
  for (const [axis, size] of dims.entries()) {
    const part = slices[axis] ?? [0, size];
    if (typeof part === 'number') {
      block.start += fromEnd(part, size, 'index') * strides[axis]!;
      continue;
    }
    const start = clip(part[0] ?? 0, size);
    block.start += start * strides[axis]!;
    block.dims.push(Math.max(0, clip(part[1] ?? size, size) - start));
    block.steps.push(strides[axis]!);
  }
  return block;
}

/**
 * The array repeated counts[i] times along axis i. Each axis becomes two: the outer one has step 0
 * and therefore reads the inner one again.
 */
export function repeated(dims: readonly number[], counts: readonly number[]): Block {
  if (counts.length < dims.length) {
    throw new RangeError(
      `Cannot repeat dims [${dims}]: found ${counts.length} counts, expected ${dims.length} or more`,
    );
  }
  sizeOf(counts);
  const padded = [...new Array<number>(counts.length - dims.length).fill(1), ...dims];
  const strides = stridesOf(padded);
  return {
    dims: padded.flatMap((size, axis) => [counts[axis]!, size]),
    steps: padded.flatMap((_, axis) => [0, strides[axis]!]),
    start: 0,
  };
}

/** `dims` with their one -1 replaced, so that they hold `size` elements. */
export function viewed(size: number, dims: readonly number[]): number[] {
  const open = dims.indexOf(-1);
  if (open < 0) return [...dims];
  const rest = sizeOf(dims.toSpliced(open, 1));
  return dims.with(open, rest === 0 ? 0 : Math.floor(size / rest));
}

/** `dims` without axes of size 1: all of them, or only those in `dim`. Other sizes always stay. */
export function squeezed(
  dims: readonly number[],
  dim: number | readonly number[] | null,
): number[] {
  const named = dim === null ? null : [dim].flat().map((d) => fromEnd(d, dims.length, 'dim'));
  return dims.filter((size, axis) => size !== 1 || (named !== null && !named.includes(axis)));
}

/** `dims` with the axes `start` to `end`, both included, joined into one. */
export function flattened(dims: readonly number[], start: number, end: number): number[] {
  const rank = Math.max(dims.length, 1);
  const first = fromEnd(start, rank, 'start_dim');
  const last = fromEnd(end, rank, 'end_dim');
  if (last < first) {
    throw new RangeError(
      `Cannot flatten dims [${dims}]: start_dim ${start} comes after end_dim ${end}`,
    );
  }
  return dims.toSpliced(first, last - first + 1, sizeOf(dims.slice(first, last + 1)));
}
