/**
 * The words that weights are spoken of in: what a file says of a tensor, and where its rows go.
 * Formats produce rows, destinations take them; neither knows the other.
 */

/** Bytes per element of every element type that a file may hold, by safetensors' names. */
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
  BOOL: 1,
} as const;

/** Element type of a stored tensor. */
export type Dtype = keyof typeof DTYPE_BYTES;

/** Element types that weights may have. */
export type FloatDtype = 'F64' | 'F32' | 'F16' | 'BF16';

/** One tensor, as a file declares it. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** Where a tensor's values go. Rows are counted along the first axis; [n] is n rows of 1 value. */
export interface Destination {
  readonly shape: readonly number[];
  /**
   * Takes `rows` whole rows from `firstRow` on, each row once, in order. `bytes` is little-endian,
   * starts at a multiple of 8 in its buffer, and is valid only during the call.
   */
  write(firstRow: number, rows: number, bytes: Uint8Array, dtype: FloatDtype): void;
}

/** Whole rows of one tensor, as a format reads them; `bytes` as in `Destination.write`. */
export interface Rows {
  readonly firstRow: number;
  readonly rows: number;
  readonly bytes: Uint8Array;
}

/** Rows, and the tensor they are of. */
export interface TensorRows extends Rows {
  readonly tensor: TensorInfo;
}

/** Which tensors of a file have a place. A tensor that does not fit its place is refused here. */
export interface Wanted {
  has(tensor: TensorInfo): boolean;
}

/** One pass over a file of weights of any format. */
export interface WeightsFile {
  /** What the file declares, before any value is read; nothing where tensors are known as they come. */
  readonly tensors: readonly TensorInfo[];
  /**
   * The rows of the tensors wanted, each tensor's in order, tensors as the file has them; at the
   * end the file is checked to be whole. Rows are valid until the next are asked for.
   */
  read(wanted: Wanted): AsyncIterable<TensorRows>;
  /** Gives the stream back; needed wherever the pass stops early. */
  close(): Promise<void>;
}

/** Bytes that a shape takes; Infinity where any product on the way is beyond exact integers. */
export function byteSize(shape: readonly number[], elementBytes: number): number {
  let bytes = elementBytes;
  for (const dim of shape) {
    bytes *= dim;
    if (!Number.isSafeInteger(bytes)) return Number.POSITIVE_INFINITY;
  }
  return bytes;
}

/** Rows along the first axis and values per row; a scalar is one row of one value. */
export function rowsOf(shape: readonly number[]): { rows: number; rowSize: number } {
  return { rows: shape[0] ?? 1, rowSize: shape.slice(1).reduce((size, dim) => size * dim, 1) };
}

/** Rows to move at once: about a mebibyte, and never less than one row. */
export function rowsPerChunk(rowBytes: number): number {
  return Math.max(1, Math.floor(2 ** 20 / Math.max(1, rowBytes)));
}

/** A tensor's name as an error message shows it: quoted, escaped, cut short. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}...` : name);
}

/** A shape as an error message shows it, cut short. */
export function showShape(shape: readonly number[]): string {
  return `[${shape.slice(0, 8).join(', ')}${shape.length > 8 ? ', ...' : ''}]`;
}
