/**
 * One storage's bytes -> the rows of the tensors that are views of it. Views that lie dense and all
 * the same (a tied decoder and its embedding) are streamed; anything else is gathered from memory.
 */

import type { ByteReader } from '../byte-reader.ts';
import {
  byteSize,
  DTYPE_BYTES,
  fail,
  quote,
  rowsOf,
  rowsPerChunk,
  type TensorRows,
  type Wanted,
} from '../tensor-info.ts';
import type { View } from './torch-pickle.ts';

/**
 * Bytes that may be held to gather views from, for each byte of the views: a slice of a fused matrix
 * is a third of it. More would let a small tensor ask for any amount of memory.
 */
const MOST_HELD = 16;

/** The views that are wanted, by the key of their storage. */
export function viewsByKey(views: readonly View[], wanted: Wanted): Map<string, View[]> {
  const byKey = new Map<string, View[]>();
  for (const view of views) {
    if (!wanted.has(view)) continue;
    const others = byKey.get(view.storage.key);
    if (others) others.push(view);
    else byKey.set(view.storage.key, [view]);
  }
  return byKey;
}

/**
 * Rows of `views`, all of one storage whose bytes come next. Returns how many bytes it read.
 *
 * @throws WeightsError when the bytes end early, or views are too sparse
 */
export async function* readViews(
  reader: ByteReader,
  views: readonly View[],
  file: string,
): AsyncGenerator<TensorRows, number> {
  const full = views.filter((view) => byteSize(view.shape, 1) > 0);
  const [first] = full;
  if (first === undefined) return 0;
  const isOne = full.every((view) => isDense(view) && isAlike(view, first));
  return yield* isOne ? stream(reader, full, file) : gather(reader, full, file);
}

async function* stream(
  reader: ByteReader,
  views: readonly View[],
  file: string,
): AsyncGenerator<TensorRows, number> {
  const { name, shape, dtype, offset } = views[0]!;
  const { rows, rowSize } = rowsOf(shape);
  const rowBytes = rowSize * DTYPE_BYTES[dtype];
  const most = rowsPerChunk(rowBytes);
  const before = offset * DTYPE_BYTES[dtype];
  if ((await reader.skip(before)) < before) throw cutOff(file, name);
  for (let firstRow = 0; firstRow < rows; firstRow += most) {
    const count = Math.min(most, rows - firstRow);
    const bytes = await reader.read(count * rowBytes);
    if (bytes.length < count * rowBytes) throw cutOff(file, name);
    for (const tensor of views) yield { tensor, firstRow, rows: count, bytes };
  }
  return before + rows * rowBytes;
}

async function* gather(
  reader: ByteReader,
  views: readonly View[],
  file: string,
): AsyncGenerator<TensorRows, number> {
  const { dtype, name } = views[0]!;
  const size = DTYPE_BYTES[dtype];
  const held = size * Math.max(...views.map((view) => lastIndex(view) + 1));
  const used = views.reduce((sum, { shape }) => sum + byteSize(shape, size), 0);
  if (held > MOST_HELD * used) {
    throw fail(
      file,
      `tensor ${quote(name)} is spread over ${held} bytes, expected at most ${MOST_HELD} for each of its ${used}`,
    );
  }
  const bytes = await reader.read(held);
  if (bytes.length < held) throw cutOff(file, name);
  const elements = elementsOf(bytes, size);
  for (const tensor of views) {
    const { rows, rowSize } = rowsOf(tensor.shape);
    const most = rowsPerChunk(rowSize * size);
    for (let firstRow = 0; firstRow < rows; firstRow += most) {
      const count = Math.min(most, rows - firstRow);
      const chunk = new Uint8Array(count * rowSize * size);
      copyRows(elementsOf(chunk, size), elements, tensor, firstRow);
      yield { tensor, firstRow, rows: count, bytes: chunk };
    }
  }
  return held;
}

export type Elements = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** Numbers as so many bits: they are moved, not read. */
export function elementsOf({ buffer, byteOffset, length }: Uint8Array, size: number): Elements {
  if (size === 1) return new Uint8Array(buffer, byteOffset, length);
  if (size === 2) return new Uint16Array(buffer, byteOffset, length / 2);
  if (size === 4) return new Uint32Array(buffer, byteOffset, length / 4);
  return new BigUint64Array(buffer, byteOffset, length / 8);
}

/** Rows from `firstRow` on, dense, as many as `to` takes; an odometer over the axes. */
function copyRows(
  to: Elements,
  from: Elements,
  { shape, strides, offset }: View,
  firstRow: number,
): void {
  const dims = shape.length > 0 ? shape : [1];
  const steps = shape.length > 0 ? strides : [0];
  const index = dims.map(() => 0);
  let source = offset + firstRow * steps[0]!;
  for (let i = 0; i < to.length; i++) {
    to[i] = from[source]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      source += steps[axis]!;
      if (++index[axis]! < dims[axis]!) break;
      source -= steps[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
}

/** Whether a view's elements lie one behind the other; an axis of one element has any stride. */
function isDense({ shape, strides }: View): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

function isAlike(a: View, b: View): boolean {
  return a.offset === b.offset && a.shape.join() === b.shape.join();
}

function lastIndex({ shape, strides, offset }: View): number {
  return shape.reduce((index, dim, axis) => index + (dim - 1) * strides[axis]!, offset);
}

function cutOff(file: string, name: string) {
  return fail(file, `tensor ${quote(name)} is cut off: its storage ends early, expected all of it`);
}
