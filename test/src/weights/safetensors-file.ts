/** Builds safetensors files, right and wrong, for tests. */

import type { ByteSource } from '../../../src/platform/types.ts';

/** One entry of a header. */
export interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** Header length, header and data, as the format's README lays them out. */
export function fileOf(
  header: string | Uint8Array | Record<string, unknown>,
  data: Uint8Array | number,
  headerLength?: bigint,
): Uint8Array {
  const isRaw = typeof header === 'string' || header instanceof Uint8Array;
  const text = isRaw ? header : JSON.stringify(header);
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const values = typeof data === 'number' ? new Uint8Array(data) : data;
  const file = new Uint8Array(8 + bytes.length + values.length);
  new DataView(file.buffer).setBigUint64(0, headerLength ?? BigInt(bytes.length), true);
  file.set(bytes, 8);
  file.set(values, 8 + bytes.length);
  return file;
}

/** A file of tensors in the given order; the header has `padding` spaces at its end. */
export function fileOfTensors(
  tensors: Record<string, { dtype: string; shape: number[]; bytes: Uint8Array }>,
  padding = 0,
): Uint8Array {
  let end = 0;
  const header = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    const start = end;
    end += bytes.length;
    return [name, { dtype, shape, data_offsets: [start, end] }];
  });
  const data = new Uint8Array(end);
  let at = 0;
  for (const { bytes } of Object.values(tensors)) {
    data.set(bytes, at);
    at += bytes.length;
  }
  return fileOf(JSON.stringify(Object.fromEntries(header)) + ' '.repeat(padding), data);
}

/** A source of chunks of one size, in a buffer that every chunk overwrites. */
export function chunked(bytes: Uint8Array, chunkSize: number, size?: number): ByteSource {
  return {
    name: 'model.safetensors',
    size,
    async *stream() {
      const buffer = new Uint8Array(chunkSize);
      for (let start = 0; start < bytes.length; start += chunkSize) {
        const part = bytes.subarray(start, start + chunkSize);
        buffer.fill(0xee);
        buffer.set(part);
        yield buffer.subarray(0, part.length);
      }
    },
  };
}
