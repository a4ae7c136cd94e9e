/**
 * Safetensors files, streamed: the header first, then each tensor in file order as runs of whole
 * rows. Layout: 8 bytes N (little-endian) | N bytes of JSON | the tensors' bytes, back to back.
 */

import type { ByteSource } from '../../platform/types.ts';
import { ByteReader } from '../byte-reader.ts';
import type { Rows, TensorInfo, TensorRows, Wanted, WeightsFile } from '../tensor-info.ts';
import { DTYPE_BYTES, quote, rowsOf, rowsPerChunk } from '../tensor-info.ts';
import { fail } from './fail.ts';
import { type Header, parseHeader, type StoredTensor } from './safetensors-header.ts';

/** The longest header the format's own reader takes. */
const MAX_HEADER_BYTES = 100_000_000;

/** One pass over a safetensors file. */
export class SafetensorsReader implements WeightsFile {
  readonly header: Header;
  readonly #file: string;
  readonly #reader: ByteReader;

  private constructor(file: string, reader: ByteReader, header: Header) {
    this.#file = file;
    this.#reader = reader;
    this.header = header;
  }

  /**
   * Reads and checks the header; nothing of the tensors is read yet.
   *
   * @throws WeightsError when it is broken, or when the file's size is known and another
   */
  static async open(
    source: ByteSource,
    reader = new ByteReader(source.stream()),
  ): Promise<SafetensorsReader> {
    try {
      const header = await readHeader(reader, source);
      return new SafetensorsReader(source.name, reader, header);
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  get tensors(): readonly TensorInfo[] {
    return this.header.tensors;
  }

  async *read(wanted: Wanted): AsyncGenerator<TensorRows> {
    for (const tensor of this.header.tensors) {
      if (!wanted.has(tensor)) await this.skip(tensor);
      else for await (const rows of this.rows(tensor)) yield { tensor, ...rows };
    }
    await this.finish();
  }

  /** The rows of `tensor`, which must be the next of `header.tensors`, about 1 MiB at a time. */
  async *rows(tensor: StoredTensor): AsyncGenerator<Rows> {
    const { rows, rowSize } = rowsOf(tensor.shape);
    const rowBytes = rowSize * DTYPE_BYTES[tensor.dtype];
    if (rowBytes === 0) return;
    const most = rowsPerChunk(rowBytes);
    for (let firstRow = 0; firstRow < rows; firstRow += most) {
      const count = Math.min(most, rows - firstRow);
      const bytes = await this.#reader.read(count * rowBytes);
      if (bytes.length < count * rowBytes)
        throw this.#cut(tensor, firstRow * rowBytes + bytes.length);
      yield { firstRow, rows: count, bytes };
    }
  }

  /** Passes over `tensor`, which must be the next of `header.tensors`. */
  async skip(tensor: StoredTensor): Promise<void> {
    const skipped = await this.#reader.skip(tensor.end - tensor.start);
    if (skipped < tensor.end - tensor.start) throw this.#cut(tensor, skipped);
  }

  /** Checks, after the last tensor, that the file ends there. */
  async finish(): Promise<void> {
    if (await this.#reader.ended()) return;
    throw fail(
      this.#file,
      `found bytes after the last tensor, at ${this.#reader.position}, expected the end`,
    );
  }

  /** Gives the stream back; needed wherever the pass stops early. */
  close(): Promise<void> {
    return this.#reader.close();
  }

  #cut(tensor: StoredTensor, found: number) {
    const expected = tensor.end - tensor.start;
    return fail(
      this.#file,
      `tensor ${quote(tensor.name)} is cut off: found ${found} bytes, expected ${expected}`,
    );
  }
}

async function readHeader(reader: ByteReader, { name, size }: ByteSource): Promise<Header> {
  const prefix = await reader.read(8);
  if (prefix.length < 8) {
    throw fail(name, `header length is cut off: found ${prefix.length} bytes, expected 8`);
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  const most = size === undefined ? MAX_HEADER_BYTES : Math.min(MAX_HEADER_BYTES, size - 8);
  if (length > most)
    throw fail(name, `header is said to have ${length} bytes, expected at most ${most}`);
  const bytes = await reader.read(Number(length));
  if (bytes.length < length) {
    throw fail(name, `header is cut off: found ${bytes.length} bytes, expected ${length}`);
  }
  const header = parseHeader(bytes, name);
  const expected = 8 + Number(length) + header.dataBytes;
  if (size !== undefined && size !== expected) {
    throw fail(name, `file has ${size} bytes, its header expects ${expected}`);
  }
  return header;
}
