/**
 * Geometry of the shape operations: from dims and arguments to the block to read, in plain numbers.
 * tensor.ts does the reading.
 */

import { clip, fromEnd, sizeOf, stridesOf } from './layout.ts';

/** A strided block: element [i, j, ..] lies at start + i * steps[0] + j * steps[1] + .. */
export interface Block {
  dims: number[];
  steps: number[];
  start: number;
}

/** One argument of `slice`: everything, one index (its axis goes), or [start, end). */
export type Slice = null | number | readonly [start: number | null, end: number | null];

/** The axes in another order, each named once. */
export function permuted(dims: readonly number[], axes: readonly number[]): Block {
  const order = axes.map((axis) => fromEnd(axis, dims.length, 'axis'));
  if (order.length !== dims.length || new Set(order).size !== dims.length) {
    throw new RangeError(`Cannot permute dims [${dims}]: axes are [${axes}], expected each once`);
  }
  const strides = stridesOf(dims);
  return { dims: order.map((i) => dims[i]!), steps: order.map((i) => strides[i]!), start: 0 };
}

/** The order of axes with two of them exchanged. */
export function exchanged(rank: number, a: number, b: number): number[] {
  const order = Array.from({ length: rank }, (_, axis) => axis);
  const from = fromEnd(a, rank, 'axis');
  const to = fromEnd(b, rank, 'axis');
  order[from] = to;
  order[to] = from;
  return order;
}

/** The part that `slices` name; axes beyond them are taken whole. */
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
 * The whole repeated `counts` times along each axis. Every axis becomes two, of which the outer
 * steps by 0 and so reads the inner again.
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

/** `dims` with its one -1 worked out, so that they hold `size` elements. */
export function viewed(size: number, dims: readonly number[]): number[] {
  const open = dims.indexOf(-1);
  if (open < 0) return [...dims];
  const rest = sizeOf(dims.toSpliced(open, 1));
  return dims.with(open, rest === 0 ? 0 : Math.floor(size / rest));
}

/** Without the axes of size 1: all of them, or those named (a named axis of another size stays). */
export function squeezed(
  dims: readonly number[],
  dim: number | readonly number[] | null,
): number[] {
  const named = dim === null ? null : [dim].flat().map((d) => fromEnd(d, dims.length, 'dim'));
  return dims.filter((size, axis) => size !== 1 || (named !== null && !named.includes(axis)));
}

/** With the axes `start`..`end`, both included, joined to one. */
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
