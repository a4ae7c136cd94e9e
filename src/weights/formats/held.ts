/** Tensors that are held whole, as rows: as they lie, or a matrix' columns. */

import {
  DTYPE_BYTES,
  type Dtype,
  rowsOf,
  rowsPerChunk,
  type TensorInfo,
  type TensorRows,
} from '../tensor-info.ts';
import { type Elements, elementsOf } from './torch-storage.ts';

/** Rows of the source that are read at once: as many lines as stay in the nearest cache. */
const TILE = 16;
/** Rows that `turnWords` and `turnHalves` read at once. */
const LINES = 8;

/**
 * The rows of a tensor whose values lie one behind the other in `bytes`, at any offset; of a piece
 * of it, whole chunks that begin `from` bytes into the tensor, those rows.
 */
export function* heldRows(tensor: TensorInfo, bytes: Uint8Array, from = 0): Generator<TensorRows> {
  for (const { firstRow, rows, rowBytes } of chunksOf(tensor)) {
    const start = firstRow * rowBytes - from;
    if (start < 0) continue;
    if (start >= bytes.length) return;
    const part = bytes.subarray(start, start + rows * rowBytes);
    yield { tensor, firstRow, rows, bytes: part.byteOffset % 8 === 0 ? part : part.slice() };
  }
}

/** Matrices whose transposes are held, as rows; all in the same memory, one after the other. */
export class Turner {
  #room: Uint8Array = new Uint8Array();

  /** The rows of `tensor`, [columns, rows] of which lie in `bytes` as [rows, columns]. */
  *rows(tensor: TensorInfo, bytes: Uint8Array): Generator<TensorRows> {
    const size = DTYPE_BYTES[tensor.dtype];
    const [columns, length] = tensor.shape as [number, number];
    const source = elementsOf(bytes.byteOffset % size === 0 ? bytes : bytes.slice(), size);
    for (const { firstRow, rows, rowBytes } of chunksOf(tensor)) {
      if (this.#room.length < rows * rowBytes) this.#room = new Uint8Array(rows * rowBytes);
      const chunk = this.#room.subarray(0, rows * rowBytes);
      turn(elementsOf(chunk, size), source, { columns, length, firstRow, rows });
      yield { tensor, firstRow, rows, bytes: chunk };
    }
  }
}

interface Turn {
  /** Of the source. */
  readonly columns: number;
  /** Of a row that is made. */
  readonly length: number;
  /** The column of the source that is row 0. */
  readonly firstRow: number;
  readonly rows: number;
}

/**
 * Columns of `from` as rows of `to`, a few rows of `from` at a time. By width of element: loops over
 * one type of array take half the time of those that see several.
 */
function turn(to: Elements, from: Elements, turned: Turn): void {
  const { columns, length, firstRow, rows } = turned;
  if (to instanceof Uint32Array && from instanceof Uint32Array && length % LINES === 0) {
    turnWords(to, from, turned);
    return;
  }
  const isEven =
    [columns, firstRow, rows].every((count) => count % 2 === 0) && length % LINES === 0;
  if (to instanceof Uint16Array && isEven && from.byteOffset % 4 === 0) {
    turnHalves(wordsOf(to), wordsOf(from), turned);
    return;
  }
  const isFourfold = [columns, length, firstRow, rows].every((count) => count % 4 === 0);
  if (to instanceof Uint8Array && isFourfold && from.byteOffset % 4 === 0) {
    turnBytes(wordsOf(to), wordsOf(from), turned);
    return;
  }
  for (let left = 0; left < length; left += TILE) {
    const width = Math.min(TILE, length - left);
    for (let row = 0; row < rows; row++) {
      const start = row * length + left;
      let at = left * columns + firstRow + row;
      for (let i = start; i < start + width; i++) {
        to[i] = from[at]!;
        at += columns;
      }
    }
  }
}

// Sizes below are made integers where they are used: where some were read as doubles, so would be
// all indices, which takes twice as long.

/** 32 bits each, LINES rows of `from` at a time. */
function turnWords(to: Uint32Array, from: Uint32Array, turned: Turn): void {
  const [columns, length] = [turned.columns | 0, turned.length | 0];
  const [firstRow, end] = [turned.firstRow | 0, (turned.rows * turned.length) | 0];
  for (let left = 0; left < length; left += LINES) {
    let at = left * columns + firstRow;
    for (let i = left; i < end; i += length) {
      to[i] = from[at]!;
      to[i + 1] = from[at + columns]!;
      to[i + 2] = from[at + 2 * columns]!;
      to[i + 3] = from[at + 3 * columns]!;
      to[i + 4] = from[at + 4 * columns]!;
      to[i + 5] = from[at + 5 * columns]!;
      to[i + 6] = from[at + 6 * columns]!;
      to[i + 7] = from[at + 7 * columns]!;
      at++;
    }
  }
}

/** 16 bits each, LINES rows of `from` at a time: words of two columns become words of two rows. */
function turnHalves(to: Uint32Array, from: Uint32Array, turned: Turn): void {
  const [columns, length] = [(turned.columns / 2) | 0, (turned.length / 2) | 0];
  const [first, end] = [(turned.firstRow / 2) | 0, (turned.rows * length) | 0];
  for (let left = 0; left < length; left += LINES / 2) {
    let at = 2 * left * columns + first;
    for (let i = left; i < end; i += 2 * length) {
      const a = from[at]!;
      const b = from[at + columns]!;
      const c = from[at + 2 * columns]!;
      const d = from[at + 3 * columns]!;
      const e = from[at + 4 * columns]!;
      const f = from[at + 5 * columns]!;
      const g = from[at + 6 * columns]!;
      const h = from[at + 7 * columns]!;
      to[i] = (a & 0xffff) | (b << 16);
      to[i + 1] = (c & 0xffff) | (d << 16);
      to[i + 2] = (e & 0xffff) | (f << 16);
      to[i + 3] = (g & 0xffff) | (h << 16);
      to[i + length] = (a >>> 16) | (b & 0xffff0000);
      to[i + length + 1] = (c >>> 16) | (d & 0xffff0000);
      to[i + length + 2] = (e >>> 16) | (f & 0xffff0000);
      to[i + length + 3] = (g >>> 16) | (h & 0xffff0000);
      at++;
    }
  }
}

/** 8 bits each, four by four: words of four columns become words of four rows. */
function turnBytes(to: Uint32Array, from: Uint32Array, turned: Turn): void {
  const [columns, length] = [(turned.columns / 4) | 0, (turned.length / 4) | 0];
  const firstColumn = (turned.firstRow / 4) | 0;
  for (let row = 0; row < turned.rows / 4; row++) {
    let at = firstColumn + row;
    const start = 4 * row * length;
    for (let i = start; i < start + length; i++) {
      const a = from[at]!;
      const b = from[at + columns]!;
      const c = from[at + 2 * columns]!;
      const d = from[at + 3 * columns]!;
      to[i] = (a & 0xff) | ((b & 0xff) << 8) | ((c & 0xff) << 16) | (d << 24);
      to[i + length] =
        ((a >>> 8) & 0xff) | (b & 0xff00) | ((c & 0xff00) << 8) | ((d & 0xff00) << 16);
      to[i + 2 * length] =
        ((a >>> 16) & 0xff) | ((b >>> 8) & 0xff00) | (c & 0xff0000) | ((d & 0xff0000) << 8);
      to[i + 3 * length] =
        (a >>> 24) | ((b >>> 16) & 0xff00) | ((c >>> 8) & 0xff0000) | (d & 0xff000000);
      at += 4 * columns;
    }
  }
}

function wordsOf({ buffer, byteOffset, byteLength }: Elements): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

/** Bytes of a tensor's chunks, all but the last one; 0 where its rows have none. */
export function chunkBytes({ shape, dtype }: TensorInfo): number {
  const { rowSize } = rowsOf(shape);
  return chunkRows(rowSize, dtype) * rowSize * DTYPE_BYTES[dtype];
}

/** Runs of rows of about a mebibyte, once they are f32; none of a tensor without values. */
function* chunksOf({ shape, dtype }: TensorInfo) {
  const { rows, rowSize } = rowsOf(shape);
  const rowBytes = rowSize * DTYPE_BYTES[dtype];
  if (rowBytes === 0) return;
  const most = chunkRows(rowSize, dtype);
  for (let firstRow = 0; firstRow < rows; firstRow += most) {
    yield { firstRow, rows: Math.min(most, rows - firstRow), rowBytes };
  }
}

function chunkRows(rowSize: number, dtype: Dtype): number {
  return rowsPerChunk(rowSize * Math.max(DTYPE_BYTES[dtype], DTYPE_BYTES.F32));
}
