/** readWhole(): bytes of a stream, together. */

import type { ByteReader } from '../byte-reader.ts';

/** Bytes that are asked for at once where nobody knows how many will come. */
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
  let filled = 0;
  while (filled < count) {
    const part = await reader.read(Math.min(count - filled, PIECE_BYTES));
    if (part.length === 0) return bytes.subarray(0, filled);
    if (filled + part.length > bytes.length) {
      const grown = new Uint8Array(Math.min(count, 2 * bytes.length + PIECE_BYTES));
      grown.set(bytes.subarray(0, filled));
      bytes = grown;
    }
    bytes.set(part, filled);
    filled += part.length;
  }
  return bytes;
}
