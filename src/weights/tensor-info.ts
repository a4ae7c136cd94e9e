/**
 * The types between file formats and the model. A format produces rows of tensors, a destination
 * takes them; neither knows the other.
 */

import { WeightsError } from '../errors.ts';

/**
 * Bytes per element of every element type that a file may hold, by safetensors' names. Types of four
 * and six bits have no weights here, but may stand beside them.
 */
export const DTYPE_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  F8_E4M3FNUZ: 1,
  F8_E5M2FNUZ: 1,
  F6_E2M3: 0.75,
  F6_E3M2: 0.75,
  F4: 0.5,
  C64: 8,
  BOOL: 1,
} as const;

/** Element type of a stored tensor. */
export type Dtype = keyof typeof DTYPE_BYTES;

/** Element types of the values that a destination takes. Floats of 8 bits come as F16. */
export type FloatDtype = 'F64' | 'F32' | 'F16' | 'BF16';

/** One tensor, as a file declares it. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/**
 * Takes the values of one tensor while it is loaded. Rows are counted along the first axis; a
 * vector [n] has n rows of one value.
 */
export interface Destination {
  /** The shape that the tensor must have. */
  readonly shape: readonly number[];
  /**
   * Takes `rows` whole rows from row `firstRow` on. Each row comes once, in order. `bytes` is
   * little-endian, starts at a multiple of 8 in its buffer, and is valid only during the call.
   */
  write(firstRow: number, rows: number, bytes: Uint8Array, dtype: FloatDtype): void;
}

/** Whole rows of one tensor, as a format reads them; `bytes` as in `Destination.write`. */
export interface Rows {
  readonly firstRow: number;
  readonly rows: number;
  readonly bytes: Uint8Array;
}

/** Rows, and the tensor that they belong to. */
export interface TensorRows extends Rows {
  readonly tensor: TensorInfo;
}

/** The tensors that somebody wants to read. */
export interface Wanted {
  /** Whether a tensor has a destination. @throws WeightsError where it does not fit there */
  has(tensor: TensorInfo): boolean;
}

/** One pass over a file of weights of any format. */
export interface WeightsFile {
  /** The tensors that the file declares before their values; empty where it declares none. */
  readonly tensors: readonly TensorInfo[];
  /** What was chosen or left out, as sentences for `loading_info`; absent where nothing was. */
  readonly notes?: readonly string[];
  /**
   * The rows of the wanted tensors, in the order of the file, and at the end a check that the file
   * is whole. Rows are valid until the next are asked for.
   */
  read(wanted: Wanted): AsyncIterable<TensorRows>;
  /** Closes the stream; needed wherever the pass stops early. */
  close(): Promise<void>;
}

/** Bytes of a shape; Infinity where a product on the way exceeds 2^53, or bits are left over. */
export function byteSize(shape: readonly number[], elementBytes: number): number {
  let elements = 1;
  for (const dim of shape) {
    elements *= dim;
    if (!Number.isSafeInteger(elements)) return Number.POSITIVE_INFINITY;
  }
  const bytes = elements * elementBytes;
  return Number.isSafeInteger(bytes) ? bytes : Number.POSITIVE_INFINITY;
}

/** Rows along the first axis and values per row; a scalar is one row of one value. */
export function rowsOf(shape: readonly number[]): { rows: number; rowSize: number } {
  return { rows: shape[0] ?? 1, rowSize: shape.slice(1).reduce((size, dim) => size * dim, 1) };
}

/** Rows to move at once: about 1 MiB, and at least one row. */
export function rowsPerChunk(rowBytes: number): number {
  return Math.max(1, Math.floor(2 ** 20 / Math.max(1, rowBytes)));
}

/** A run of whole rows to move at once. */
interface Chunk {
  readonly firstRow: number;
  readonly rows: number;
  /** Bytes of the run in the tensor's own element type. */
  readonly length: number;
}

/**
 * A tensor's rows in runs of about 1 MiB, counted in values of `valueBytes`; none where the rows
 * have no values.
 */
export function* chunksOf(
  { shape, dtype }: TensorInfo,
  valueBytes: number = DTYPE_BYTES[dtype],
): Generator<Chunk> {
  const { rows, rowSize } = rowsOf(shape);
  if (rowSize === 0) return;
  const most = rowsPerChunk(rowSize * valueBytes);
  for (let firstRow = 0; firstRow < rows; firstRow += most) {
    const count = Math.min(most, rows - firstRow);
    yield { firstRow, rows: count, length: count * rowSize * DTYPE_BYTES[dtype] };
  }
}

/** Values as unsigned integers of their width, to be moved and not computed with. */
export type Elements = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** A view of bytes as elements of `size` bytes each; the bytes must be aligned to that. */
export function elementsOf({ buffer, byteOffset, length }: Uint8Array, size: number): Elements {
  if (size === 1) return new Uint8Array(buffer, byteOffset, length);
  if (size === 2) return new Uint16Array(buffer, byteOffset, length / 2);
  if (size === 4) return new Uint32Array(buffer, byteOffset, length / 4);
  return new BigUint64Array(buffer, byteOffset, length / 8);
}

/** An error about a file of weights. */
export function fail(file: string, flaw: string, cause?: unknown): WeightsError {
  return new WeightsError(`Cannot load weights: ${flaw} (in "${file}")`, { cause });
}

/** A name in an error message: quoted, escaped, cut after 120 characters. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}...` : name);
}

/** A shape in an error message, cut after 8 axes. */
export function showShape(shape: readonly number[]): string {
  return `[${shape.slice(0, 8).join(', ')}${shape.length > 8 ? ', ...' : ''}]`;
}
