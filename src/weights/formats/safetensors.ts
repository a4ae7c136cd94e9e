/**
 * Safetensors files, streamed: 8 bytes N (little-endian) | N bytes of JSON | the tensors' bytes.
 * The header is checked by the rules of the format's README (github.com/huggingface/safetensors,
 * "Format" and "Notes"): offsets cover the data without gap or overlap, keys are unique, sizes
 * agree with shapes. Then each tensor is read in file order, in runs of whole rows.
 */

import type { WeightsError } from '../../errors.ts';
import { parseJson } from '../../json.ts';
import type { ByteSource } from '../../platform/types.ts';
import { ByteReader } from '../byte-reader.ts';
import {
  byteSize,
  chunksOf,
  DTYPE_BYTES,
  type Dtype,
  fail,
  quote,
  type Rows,
  showShape,
  type TensorInfo,
  type TensorRows,
  type Wanted,
  type WeightsFile,
} from '../tensor-info.ts';
import { foreignKind, HEAD_BYTES, refuseKind } from './foreign.ts';

/** A tensor and the range of its bytes, counted from the end of the header. */
export interface StoredTensor extends TensorInfo {
  readonly start: number;
  readonly end: number;
}

/** A parsed header. */
export interface Header {
  /** In the order of their bytes. */
  readonly tensors: readonly StoredTensor[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Bytes of all tensors together. */
  readonly dataBytes: number;
}

/** The longest header that the reference implementation reads. */
const MAX_HEADER_BYTES = 100_000_000;
/** A header is an object of objects of lists. No checkpoint of MobileBERT has as many tensors. */
const BOUNDS = { depth: 3, keys: 50_000, innerKeys: 10_000, values: 2 ** 20 };

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
   * Reads and checks the header; no tensor is read yet.
   *
   * @throws WeightsError for a broken header, and where the source has a size and it is another
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
    let found = 0;
    for (const { firstRow, rows, length } of chunksOf(tensor)) {
      const bytes = await this.#reader.read(length);
      found += bytes.length;
      if (bytes.length < length) throw this.#cutOff(tensor, found);
      yield { firstRow, rows, bytes };
    }
  }

  /** Passes over `tensor`, which must be the next of `header.tensors`. */
  async skip(tensor: StoredTensor): Promise<void> {
    const skipped = await this.#reader.skip(tensor.end - tensor.start);
    if (skipped < tensor.end - tensor.start) throw this.#cutOff(tensor, skipped);
  }

  /** Checks that the file ends after the last tensor. */
  async finish(): Promise<void> {
    if (await this.#reader.ended()) return;
    throw fail(
      this.#file,
      `found bytes after the last tensor, at ${this.#reader.position}, expected the end`,
    );
  }

  /** Closes the stream; needed wherever the pass stops early. */
  close(): Promise<void> {
    return this.#reader.close();
  }

  #cutOff(tensor: StoredTensor, found: number): WeightsError {
    const expected = tensor.end - tensor.start;
    return fail(
      this.#file,
      `tensor ${quote(tensor.name)} is cut off: found ${found} bytes, expected ${expected}`,
    );
  }
}

async function readHeader(reader: ByteReader, { name, size }: ByteSource): Promise<Header> {
  refuseKind(foreignKind(await reader.peek(HEAD_BYTES)), name);
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

/**
 * Parses the bytes of a header.
 *
 * @throws WeightsError that names the file and, where one is wrong, the tensor
 */
export function parseHeader(bytes: Uint8Array, file: string): Header {
  const json = readJson(bytes, file);
  const metadata = readMetadata(json, file);
  const tensors = Object.entries(json)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => readTensor(name, entry, file))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  let dataBytes = 0;
  for (const { name, start, end } of tensors) {
    if (start !== dataBytes) {
      const flaw = start < dataBytes ? 'overlaps the one before' : 'leaves a gap before it';
      throw fail(file, `tensor ${quote(name)} ${flaw}: starts at ${start}, expected ${dataBytes}`);
    }
    dataBytes = end;
  }
  return { tensors, metadata, dataBytes };
}

function readJson(bytes: Uint8Array, file: string): Record<string, unknown> {
  if (bytes[0] !== 0x7b) throw fail(file, 'header does not start with "{", expected JSON');
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return parseJson(text, BOUNDS) as Record<string, unknown>;
  } catch (error) {
    throw fail(file, `header is not usable JSON: ${(error as Error).message}`, error);
  }
}

function readMetadata(json: Record<string, unknown>, file: string): Record<string, string> {
  const metadata = Object.hasOwn(json, '__metadata__') ? json.__metadata__ : null;
  // As in the reference implementation, null is none.
  if (metadata === null) return {};
  const isMap = isObject(metadata) && Object.values(metadata).every((v) => typeof v === 'string');
  if (!isMap) throw fail(file, '"__metadata__" is not a map of strings, expected one');
  return metadata as Record<string, string>;
}

function readTensor(name: string, entry: unknown, file: string): StoredTensor {
  const { dtype, shape, data_offsets } = isObject(entry) ? entry : {};
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype)) {
    const known = Object.keys(DTYPE_BYTES).join(', ');
    const found = typeof dtype === 'string' ? quote(dtype) : typeof dtype;
    throw fail(file, `tensor ${quote(name)} has dtype ${found}, expected one of ${known}`);
  }
  if (!isSizes(shape)) {
    throw fail(file, `tensor ${quote(name)} has no usable "shape", expected a list of sizes`);
  }
  if (!isSizes(data_offsets) || data_offsets.length !== 2) {
    throw fail(file, `tensor ${quote(name)} has no usable "data_offsets", expected [start, end]`);
  }
  const [start, end] = data_offsets as [number, number];
  const bytes = byteSize(shape, DTYPE_BYTES[dtype as Dtype]);
  if (end - start !== bytes) {
    throw fail(
      file,
      `tensor ${quote(name)} of shape ${showShape(shape)} and dtype ${dtype} has ${end - start} bytes, expected ${bytes}`,
    );
  }
  return { name, dtype: dtype as Dtype, shape, start, end };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
