/**
 * The header of a safetensors file: JSON text in, checked tensors in file order out. The rules are
 * those of the format's README (github.com/huggingface/safetensors, "Format" and "Notes"): offsets
 * cover the data without gap or overlap, keys are unique, sizes agree with shapes.
 */

import { checkKeys } from '../json-keys.ts';
import {
  byteSize,
  DTYPE_BYTES,
  type Dtype,
  quote,
  showShape,
  type TensorInfo,
} from '../tensor-info.ts';
import { fail } from './fail.ts';

/** A tensor and its bytes, counted from the end of the header. */
export interface StoredTensor extends TensorInfo {
  readonly start: number;
  readonly end: number;
}

/** What a header says. */
export interface Header {
  /** In the order of their bytes. */
  readonly tensors: readonly StoredTensor[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Bytes of all tensors together. */
  readonly dataBytes: number;
}

/** A header is an object of objects of lists; more tensors than this no model of ours has. */
const BOUNDS = { depth: 3, keys: 100_000 };

/**
 * Parses the bytes of a header.
 *
 * @throws WeightsError that names the file and, where there is one, the tensor
 */
export function parseHeader(bytes: Uint8Array, file: string): Header {
  const json = parseJson(bytes, file);
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

function parseJson(bytes: Uint8Array, file: string): Record<string, unknown> {
  if (bytes[0] !== 0x7b) throw fail(file, 'header does not start with "{", expected JSON');
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    checkKeys(text, BOUNDS);
    return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw fail(file, `header is not usable JSON: ${(error as Error).message}`, error);
  }
}

function readMetadata(json: Record<string, unknown>, file: string): Record<string, string> {
  if (!Object.hasOwn(json, '__metadata__')) return {};
  const metadata = json.__metadata__;
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
