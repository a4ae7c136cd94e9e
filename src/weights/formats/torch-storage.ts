/**
 * One storage's bytes -> the rows of the tensors that are views of it. One contiguous view, or
 * several equal ones (a tied decoder and its embedding), are streamed; others are gathered from
 * memory.
 */

import type { ByteReader } from '../byte-reader.ts';
import {
  byteSize,
  chunksOf,
  DTYPE_BYTES,
  type Elements,
  elementsOf,
  fail,
  quote,
  type TensorRows,
  type Wanted,
} from '../tensor-info.ts';
import type { View } from './torch-pickle.ts';

/**
 * The most bytes of a storage that are held in memory for each byte of its views. A slice of a
 * fused matrix needs 3. Without a limit a small tensor could ask for any amount of memory.
 */
const MOST_HELD = 16;

/** The wanted views, by the key of their storage. */
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
 * The rows of `views`, all of the storage whose bytes are next in the stream. Returns how many
 * bytes it read.
 *
 * @throws WeightsError when the bytes end early, or the views are too sparse
 */
export async function* readViews(
  reader: ByteReader,
  views: readonly View[],
  file: string,
): AsyncGenerator<TensorRows, number> {
  const full = views.filter((view) => byteSize(view.shape, 1) > 0);
  const [first] = full;
  if (first === undefined) return 0;
  const isOne = full.every((view) => isContiguous(view) && isEqual(view, first));
  return yield* isOne ? stream(reader, full, file) : gather(reader, full, file);
}

async function* stream(
  reader: ByteReader,
  views: readonly View[],
  file: string,
): AsyncGenerator<TensorRows, number> {
  const view = views[0]!;
  const before = view.offset * DTYPE_BYTES[view.dtype];
  if ((await reader.skip(before)) < before) throw cutOff(file, view.name);
  let read = before;
  for (const { firstRow, rows, length } of chunksOf(view)) {
    const bytes = await reader.read(length);
    if (bytes.length < length) throw cutOff(file, view.name);
    read += length;
    for (const tensor of views) yield { tensor, firstRow, rows, bytes };
  }
  return read;
}

async function* gather(
  reader: ByteReader,
  views: readonly View[],
  file: string,
): AsyncGenerator<TensorRows, number> {
  const { dtype, name } = views[0]!;
  const size = DTYPE_BYTES[dtype];
  // Not spread as arguments: there may be more views than the stack holds.
  const held = size * views.reduce((most, view) => Math.max(most, lastIndex(view) + 1), 0);
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
    for (const { firstRow, rows, length } of chunksOf(tensor)) {
      const chunk = new Uint8Array(length);
      copyRows(elementsOf(chunk, size), elements, tensor, firstRow);
      yield { tensor, firstRow, rows, bytes: chunk };
    }
  }
  return held;
}

/** Fills `to` with the elements of a view from row `firstRow` on; an odometer over the axes. */
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

/** As PyTorch's `is_contiguous`: the stride of an axis of one element does not matter. */
function isContiguous({ shape, strides }: View): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

function isEqual(a: View, b: View): boolean {
  return a.offset === b.offset && a.shape.join() === b.shape.join();
}

/** The largest index into the storage. */
function lastIndex({ shape, strides, offset }: View): number {
  return shape.reduce((index, dim, axis) => index + (dim - 1) * strides[axis]!, offset);
}

function cutOff(file: string, name: string) {
  return fail(file, `tensor ${quote(name)} is cut off: its storage ends early, expected all of it`);
}
