/** readWhole(): bytes of a stream, together. */

import type { ByteReader } from '../byte-reader.ts';

/** Room to begin with where nobody knows how many bytes will come. */
const PIECE_BYTES = 2 ** 20;
/** The most room that is made on the word of a stream's size. */
const MAX_PROMISED_BYTES = 2 ** 28;

/**
 * The next `count` bytes, or as many as are left: in `room` where they fit, else in memory of their
 * own. Where the stream's size is known that is made at once; else it grows with what arrives.
 */
export async function readWhole(
  reader: ByteReader,
  count: number,
  size: number | undefined,
  room?: Uint8Array,
): Promise<Uint8Array> {
  const promised = Math.min(MAX_PROMISED_BYTES, (size ?? 0) - reader.position);
  const isRoom = room !== undefined && count <= room.length;
  let bytes: Uint8Array = isRoom
    ? room.subarray(0, count)
    : new Uint8Array(Math.min(count, Math.max(promised, PIECE_BYTES)));
  let filled = await reader.readInto(bytes);
  while (filled < count && filled === bytes.length && !(await reader.ended())) {
    const grown = new Uint8Array(Math.min(count, 2 * filled + PIECE_BYTES));
    grown.set(bytes);
    bytes = grown;
    filled += await reader.readInto(bytes.subarray(filled));
  }
  return bytes.subarray(0, filled);
}
