/**
 * Bytes at known offsets, read in one pass over a stream, and the rows of a tensor whose values lie
 * one after another in such bytes.
 */

import type { ByteSource } from '../../platform/types.ts';
import { type ByteReader, readWhole } from '../byte-reader.ts';
import {
  chunksOf,
  DTYPE_BYTES,
  type Dtype,
  fail,
  quote,
  rowsOf,
  rowsPerChunk,
  type TensorInfo,
  type TensorRows,
} from '../tensor-info.ts';

/** A range of bytes in a stream. */
export interface Extent {
  /** For error messages. */
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  /** The extent may be read in pieces of as many bytes; absent where it is needed whole. */
  readonly pieceBytes?: number | undefined;
}

/**
 * The bytes of each extent, in the order of their offsets, each valid until the next. Two extents
 * may be the same range. One with `pieceBytes` comes in pieces, `from` being a piece's offset in
 * it. Then the stream is read to its end, because only then is a download known to be whole, and
 * cached.
 *
 * @throws WeightsError where extents overlap, or the stream ends before them
 */
export async function* readExtents<T extends Extent>(
  reader: ByteReader,
  { name: file, size }: ByteSource,
  extents: readonly T[],
): AsyncGenerator<[extent: T, bytes: Uint8Array, from: number]> {
  let bytes: Uint8Array = new Uint8Array();
  let room: Uint8Array = new Uint8Array();
  let last = -1;
  const sorted = extents.toSorted((a, b) => a.offset - b.offset);
  for (const [i, extent] of sorted.entries()) {
    const { name, offset, length, pieceBytes = length } = extent;
    const isSame = offset === last && length === bytes.length;
    const gap = offset - reader.position;
    if (gap < 0 && !isSame) throw fail(file, `values of ${quote(name)} overlap others`);
    if (gap > 0) await reader.skip(gap);
    const isShared = isSame || sorted[i + 1]?.offset === offset;
    const most = isShared ? length : pieceBytes;
    last = offset;
    let from = 0;
    do {
      const count = Math.min(most, length - from);
      const atHand = isSame ? bytes : reader.readNow(count);
      bytes = atHand ?? (await readWhole(reader, count, size, room));
      if (bytes.length < count) {
        throw fail(file, `it is cut off: values of ${quote(name)} end at ${offset + length}`);
      }
      if (!atHand && count > room.length) room = bytes;
      yield [extent, bytes, from];
      from += count;
    } while (from < length);
  }
  await reader.skip(Number.POSITIVE_INFINITY);
}

/**
 * The rows of a tensor whose values lie one after another in `bytes`, at any alignment. `bytes` may
 * be a piece of the tensor that begins `from` bytes into it: some of its chunks, whole.
 */
export function* heldRows(tensor: TensorInfo, bytes: Uint8Array, from = 0): Generator<TensorRows> {
  let start = -from;
  for (const { firstRow, rows, length } of heldChunks(tensor)) {
    if (start >= bytes.length) return;
    if (start >= 0) {
      const part = bytes.subarray(start, start + length);
      yield { tensor, firstRow, rows, bytes: part.byteOffset % 8 === 0 ? part : part.slice() };
    }
    start += length;
  }
}

/** Chunks of a tensor in memory: about 1 MiB once its values are F32. */
export function heldChunks(tensor: TensorInfo): ReturnType<typeof chunksOf> {
  return chunksOf(tensor, widthOnceLoaded(tensor.dtype));
}

/** Bytes of every chunk but the last; 0 where the rows have no values. */
export function chunkBytes({ shape, dtype }: TensorInfo): number {
  const { rowSize } = rowsOf(shape);
  return rowsPerChunk(rowSize * widthOnceLoaded(dtype)) * rowSize * DTYPE_BYTES[dtype];
}

function widthOnceLoaded(dtype: Dtype): number {
  return Math.max(DTYPE_BYTES[dtype], DTYPE_BYTES.F32);
}
