/**
 * Transposer: the rows of a matrix whose transpose is in memory. Keras and ONNX store a Linear's
 * weight as [inputs, outputs], PyTorch as [outputs, inputs].
 */

import {
  DTYPE_BYTES,
  type Elements,
  elementsOf,
  type TensorInfo,
  type TensorRows,
} from '../tensor-info.ts';
import { heldChunks } from './extents.ts';

/** Rows of the source that the general loop reads at once: as many lines stay in the L1 cache. */
const TILE = 16;
/** Rows of the source that `transpose32` and `transpose16` read at once. */
const LINES = 8;

/** Transposes matrices one after the other in the same memory. */
export class Transposer {
  #room: Uint8Array = new Uint8Array();

  /**
   * The rows of `tensor`, [columns, rows]; `bytes` holds its values as [rows, columns], at any
   * alignment. Rows are valid until the next are asked for.
   */
  *rows(tensor: TensorInfo, bytes: Uint8Array): Generator<TensorRows> {
    const size = DTYPE_BYTES[tensor.dtype];
    const [columns, length] = tensor.shape as [number, number];
    const source = elementsOf(bytes.byteOffset % size === 0 ? bytes : bytes.slice(), size);
    for (const { firstRow, rows, length: chunkBytes } of heldChunks(tensor)) {
      if (this.#room.length < chunkBytes) this.#room = new Uint8Array(chunkBytes);
      const chunk = this.#room.subarray(0, chunkBytes);
      transpose(elementsOf(chunk, size), source, { columns, length, firstRow, rows });
      yield { tensor, firstRow, rows, bytes: chunk };
    }
  }
}

/** A run of the source's columns, which become rows. */
interface Block {
  /** Columns of the source. */
  readonly columns: number;
  /** Rows of the source: the length of a row that is made. */
  readonly length: number;
  /** The first column of the run. */
  readonly firstRow: number;
  /** Columns of the run. */
  readonly rows: number;
}

/**
 * Writes columns of `from` as rows of `to`, a few rows of `from` at a time. One loop per width of
 * element: a loop over one type of array takes half the time of a loop that sees several.
 */
function transpose(to: Elements, from: Elements, block: Block): void {
  const { columns, length, firstRow, rows } = block;
  if (to instanceof Uint32Array && from instanceof Uint32Array && length % LINES === 0) {
    transpose32(to, from, block);
    return;
  }
  const isEven =
    [columns, firstRow, rows].every((count) => count % 2 === 0) && length % LINES === 0;
  if (to instanceof Uint16Array && isEven && from.byteOffset % 4 === 0) {
    transpose16(u32sOf(to), u32sOf(from), block);
    return;
  }
  const isFourfold = [columns, length, firstRow, rows].every((count) => count % 4 === 0);
  if (to instanceof Uint8Array && isFourfold && from.byteOffset % 4 === 0) {
    transpose8(u32sOf(to), u32sOf(from), block);
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

// Sizes below are made int32 with `| 0`: with one that is a double, V8 computes all indices as
// doubles, which takes twice as long.

/** Elements of 32 bits, LINES rows of `from` at a time. */
function transpose32(to: Uint32Array, from: Uint32Array, block: Block): void {
  const [columns, length] = [block.columns | 0, block.length | 0];
  const [firstRow, end] = [block.firstRow | 0, (block.rows * block.length) | 0];
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

/**
 * Elements of 16 bits, LINES rows of `from` at a time: 32 bits of two columns become 32 bits of two
 * rows.
 */
function transpose16(to: Uint32Array, from: Uint32Array, block: Block): void {
  const [columns, length] = [(block.columns / 2) | 0, (block.length / 2) | 0];
  const [first, end] = [(block.firstRow / 2) | 0, (block.rows * length) | 0];
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

/** Elements of 8 bits, four by four: 32 bits of four columns become 32 bits of four rows. */
function transpose8(to: Uint32Array, from: Uint32Array, block: Block): void {
  const [columns, length] = [(block.columns / 4) | 0, (block.length / 4) | 0];
  const firstColumn = (block.firstRow / 4) | 0;
  for (let row = 0; row < block.rows / 4; row++) {
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

function u32sOf({ buffer, byteOffset, byteLength }: Elements): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}
