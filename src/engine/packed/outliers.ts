/**
 * Weights that are kept in f32 beside a slot of 8 or 16 bits (docs/accuracy.md):
 *
 * - numbers of a table: some would make their row's 8-bit scale too coarse for the rest of it, some
 *   are beyond half precision
 * - inputs of a layer: what they are multiplied by is so small that 8 or 16 bits would lose it, and
 *   what they carry is so large that it matters
 *
 * In: rows as a checkpoint has them. Out: the rows without those numbers, and the numbers with their
 * places.
 */

import { fromBf16, fromHalf, LARGEST_HALF } from '../../numerics/half.ts';
import type { Dtype } from '../abi.ts';

/** Columns of a panel (panels.ts). */
const NR = 8;

/** A number of a table and where it stands in its table: row * columns + column. */
export interface Outlier {
  readonly place: number;
  readonly value: number;
}

/** Rows of a table in f32, zero where an outlier was. */
export interface SplitRows {
  readonly rest: Float32Array<ArrayBuffer>;
  /** In ascending order of their places. */
  readonly outliers: readonly Outlier[];
}

/** Bytes of a number of a table, in memory and in files: its place as u32, its value as f32. */
const OUTLIER_BYTES = 8;
/** In front of the weights of an outlying input: its number as i32, and zeros. */
const INPUT_HEAD = 16;

/**
 * What the module calls coarse (assembly/memory/store-quantized.ts): a mean of 8 of 127, but for the
 * largest.
 */
const COARSE_MEAN = 8 / 127;
/**
 * Numbers are taken out of a coarse row until the largest is at most this many times the rest's
 * root mean square: rounding to 8 bits then moves the rest by 0.9 % at most.
 */
const LARGEST_OF_REST = 4;

/** Splits rows `first` .. of a table that a model keeps in 8 bits, or else in half precision. */
export function splitRows(
  bytes: Uint8Array,
  dtype: keyof typeof Dtype,
  first: number,
  columns: number,
  is8Bits: boolean,
): SplitRows {
  const rest = floatsOf(bytes, dtype);
  const outliers: Outlier[] = [];
  for (let at = 0; at < rest.length; at += columns) {
    const row = rest.subarray(at, at + columns);
    for (const column of is8Bits ? outlyingColumns(row) : columnsPastHalf(row)) {
      outliers.push({ place: first * columns + at + column, value: row[column]! });
      row[column] = 0;
    }
  }
  return { rest, outliers };
}

/** Outliers as memory and files have them. */
export function encodeOutliers(outliers: readonly Outlier[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(outliers.length * OUTLIER_BYTES);
  const view = new DataView(bytes.buffer);
  outliers.forEach(({ place, value }, i) => {
    view.setUint32(i * OUTLIER_BYTES, place, true);
    view.setFloat32(i * OUTLIER_BYTES + 4, value, true);
  });
  return bytes;
}

/** The opposite. */
export function decodeOutliers(bytes: Uint8Array): Outlier[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / OUTLIER_BYTES }, (_, i) => ({
    place: view.getUint32(i * OUTLIER_BYTES, true),
    value: view.getFloat32(i * OUTLIER_BYTES + 4, true),
  }));
}

/** The f32 weights [N] of one input of a layer. */
export interface OutlyingInput {
  readonly input: number;
  readonly weights: Float32Array;
}

/** Bytes of one outlying input of a layer of N outputs, or of one number of a table (N = 0). */
export function outlierBytes(outputs: number): number {
  return outputs ? INPUT_HEAD + 4 * NR * Math.ceil(outputs / NR) : OUTLIER_BYTES;
}

/** Outlying inputs of a layer of N outputs as memory and files have them. */
export function encodeInputs(
  inputs: readonly OutlyingInput[],
  outputs: number,
): Uint8Array<ArrayBuffer> {
  const step = outlierBytes(outputs);
  const bytes = new Uint8Array(inputs.length * step);
  inputs.forEach(({ input, weights }, i) => {
    new Int32Array(bytes.buffer, i * step, 1)[0] = input;
    new Float32Array(bytes.buffer, i * step + INPUT_HEAD, outputs).set(weights);
  });
  return bytes;
}

/** The opposite; weights are views of `bytes`. */
export function decodeInputs(
  { buffer, byteOffset, length }: Uint8Array<ArrayBuffer>,
  outputs: number,
): OutlyingInput[] {
  const step = outlierBytes(outputs);
  return Array.from({ length: length / step }, (_, i) => ({
    input: new Int32Array(buffer, byteOffset + i * step, 1)[0]!,
    weights: new Float32Array(buffer, byteOffset + i * step + INPUT_HEAD, outputs),
  }));
}

/**
 * Whether bytes are outliers of `step` bytes each, whose places (or inputs) ascend and lie below
 * `end`.
 */
export function hasPlaces(bytes: Uint8Array, step: number, end: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let last = -1;
  for (let at = 0; at < bytes.length; at += step) {
    if (at + step > bytes.length) return false;
    const place = view.getUint32(at, true);
    if (place <= last || place >= end) return false;
    last = place;
  }
  return true;
}

/** Ascending columns of the numbers that make a row coarse; none where it is not, or not finite. */
function outlyingColumns(row: Float32Array): number[] {
  const bySize = Array.from(row.keys()).sort((a, b) => Math.abs(row[b]!) - Math.abs(row[a]!));
  const largest = Math.abs(row[bySize[0]!]!);
  const sum = row.reduce((total, x) => total + Math.abs(x), 0);
  if (!(Number.isFinite(sum) && sum - largest < COARSE_MEAN * largest * row.length)) return [];
  // Sums of squares from the smallest on: taking the largest away again would leave rounding only.
  const squares = new Float64Array(row.length + 1);
  for (let i = row.length - 1; i >= 0; i--) squares[i] = squares[i + 1]! + row[bySize[i]!]! ** 2;
  const isLarge = (column: number, i: number) =>
    row[column]! ** 2 * (row.length - i - 1) > LARGEST_OF_REST ** 2 * squares[i + 1]!;
  const count = bySize.findIndex((column, i) => !isLarge(column, i));
  return bySize.slice(0, count).sort((a, b) => a - b);
}

function columnsPastHalf(row: Float32Array): number[] {
  return Array.from(row.keys()).filter((column) => {
    const size = Math.abs(row[column]!);
    return size > LARGEST_HALF && Number.isFinite(size);
  });
}

/** Numbers of a checkpoint's tensor in f32; a copy. */
export function floatsOf(bytes: Uint8Array, dtype: keyof typeof Dtype): Float32Array<ArrayBuffer> {
  const { buffer } = bytes.slice();
  if (dtype === 'F32') return new Float32Array(buffer);
  if (dtype === 'F64') return Float32Array.from(new Float64Array(buffer));
  return Float32Array.from(new Uint16Array(buffer), dtype === 'F16' ? fromHalf : fromBf16);
}
