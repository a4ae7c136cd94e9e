/** Tensors that are held whole, as rows: as they lie, or a matrix' columns. */

import {
  DTYPE_BYTES,
  rowsOf,
  rowsPerChunk,
  type TensorInfo,
  type TensorRows,
} from '../tensor-info.ts';
import { type Elements, elementsOf } from './torch-storage.ts';

/** Rows of the source that are read at once: as many lines as stay in the nearest cache. */
const TILE = 16;
/** Rows that `turnWords` reads at once. */
const LINES = 8;

/** The rows of a tensor whose values lie one behind the other in `bytes`, at any offset. */
export function* heldRows(tensor: TensorInfo, bytes: Uint8Array): Generator<TensorRows> {
  for (const { firstRow, rows, rowBytes } of chunksOf(tensor)) {
    const part = bytes.subarray(firstRow * rowBytes, (firstRow + rows) * rowBytes);
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
  const isEven = [columns, length, firstRow, rows].every((count) => count % 2 === 0);
  if (to instanceof Uint16Array && isEven && from.byteOffset % 4 === 0) {
    turnHalves(pairsOf(to), pairsOf(from), turned);
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

/** 32 bits each, LINES rows of `from` at a time. */
function turnWords(to: Uint32Array, from: Uint32Array, turned: Turn): void {
  const { columns, length, firstRow, rows } = turned;
  for (let left = 0; left < length; left += LINES) {
    let at = left * columns + firstRow;
    for (let i = left; i < rows * length; i += length) {
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

/** 16 bits each, two by two: words of two columns become words of two rows. */
function turnHalves(to: Uint32Array, from: Uint32Array, turned: Turn): void {
  const { columns, length, firstRow, rows } = turned;
  for (let left = 0; left < length; left += TILE) {
    const width = Math.min(TILE, length - left) / 2;
    for (let row = 0; row < rows; row += 2) {
      const start = (row * length + left) / 2;
      let at = (left * columns + firstRow + row) / 2;
      for (let i = start; i < start + width; i++) {
        const upper = from[at]!;
        const lower = from[at + columns / 2]!;
        to[i] = (upper & 0xffff) | (lower << 16);
        to[i + length / 2] = (upper >>> 16) | (lower & 0xffff0000);
        at += columns;
      }
    }
  }
}

function pairsOf({ buffer, byteOffset, length }: Elements): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length / 2);
}

/** Runs of rows of about a mebibyte; none of a tensor without values. */
function* chunksOf({ shape, dtype }: TensorInfo) {
  const { rows, rowSize } = rowsOf(shape);
  const rowBytes = rowSize * DTYPE_BYTES[dtype];
  if (rowBytes === 0) return;
  const most = rowsPerChunk(rowBytes);
  for (let firstRow = 0; firstRow < rows; firstRow += most) {
    yield { firstRow, rows: Math.min(most, rows - firstRow), rowBytes };
  }
}
