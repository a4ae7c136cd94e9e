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

/** Columns of `from` as rows of `to`, a few rows of `from` at a time. */
function turn(to: Elements, from: Elements, { columns, length, firstRow, rows }: Turn): void {
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
