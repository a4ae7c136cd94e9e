/** readExtents(): bytes of which it is known where they lie, out of a stream that passes once. */

import type { ByteSource } from '../../platform/types.ts';
import { type ByteReader, readWhole } from '../byte-reader.ts';
import { fail, quote } from '../tensor-info.ts';

/** Where the bytes of something lie. */
export interface Extent {
  /** For error messages. */
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  /** Bytes that are enough at once; all of them where it is absent. */
  readonly pieceBytes?: number | undefined;
}

/**
 * The bytes of each extent, in the order in which they lie, each valid until the next; two may lie in
 * the same place. Those that need not be whole come in pieces, `from` counting in their extent. Then
 * the stream is read to its end: only then a download is known to be whole, and kept.
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
