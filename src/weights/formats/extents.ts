/** readExtents(): bytes of which it is known where they lie, out of a stream that passes once. */

import type { ByteSource } from '../../platform/types.ts';
import type { ByteReader } from '../byte-reader.ts';
import { quote } from '../tensor-info.ts';
import { fail } from './fail.ts';
import { readWhole } from './read-whole.ts';

/** Where the bytes of something lie. */
export interface Extent {
  /** For error messages. */
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * The bytes of each extent, in the order in which they lie, each valid until the next; two may lie in
 * the same place. Then the stream is read to its end: only then a download is known to be whole, and kept.
 *
 * @throws WeightsError where extents overlap, or the stream ends before them
 */
export async function* readExtents<T extends Extent>(
  reader: ByteReader,
  { name: file, size }: ByteSource,
  extents: readonly T[],
): AsyncGenerator<[extent: T, bytes: Uint8Array]> {
  let bytes: Uint8Array = new Uint8Array();
  let room: Uint8Array = new Uint8Array();
  for (const extent of extents.toSorted((a, b) => a.offset - b.offset)) {
    const { name, offset, length } = extent;
    const isSame = offset + length === reader.position && length === bytes.length;
    const gap = offset - reader.position;
    if (gap < 0 && !isSame) throw fail(file, `values of ${quote(name)} overlap others`);
    if (gap > 0) await reader.skip(gap);
    const atHand = isSame ? bytes : reader.readNow(length);
    bytes = atHand ?? (await readWhole(reader, length, size, room));
    if (bytes.length < length) {
      throw fail(file, `it is cut off: values of ${quote(name)} end at ${offset + length}`);
    }
    if (!atHand && length > room.length) room = bytes;
    yield [extent, bytes];
  }
  await reader.skip(Number.POSITIVE_INFINITY);
}
