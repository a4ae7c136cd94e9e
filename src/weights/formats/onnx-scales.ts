/**
 * OnnxScales: 8-bit integers of a quantised graph -> F32, as DequantizeLinear computes them:
 * value = (q - zero point) * scale. Scales and zero points are initializers themselves.
 */

import { type Dtype, quote, type TensorInfo, type TensorRows } from '../tensor-info.ts';
import type { Quantization } from './onnx-graph.ts';
import type { OnnxTensor } from './onnx-tensor.ts';

const INTEGERS = {
  I8: (bytes: Uint8Array) => new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length),
  U8: (bytes: Uint8Array) => bytes,
} as const;
/** A byte of an I8 tensor with this bit flipped is the value plus 128, as a U8. */
const SIGN = 0x80;
/** The value of each byte, computed again for each run of one scale. */
const TABLE = new Float32Array(256);

/** Scales and zero points of a tensor of integers. */
export interface Dequantization {
  readonly dtype: keyof typeof INTEGERS;
  /** One for all values, or one for each index along `axis`. */
  readonly scales: ArrayLike<number>;
  readonly zeroPoints: ArrayLike<number>;
  readonly axis: number;
  /** Whether scale and zero point are one for all values. */
  readonly isPerTensor: boolean;
}

/** Value i of a parameter has scale number `first + floor(i / run) % count`. */
export interface Channels {
  readonly run: number;
  readonly count: number;
  readonly first: number;
}

/** Holds the scales and zero points that have been read. */
export class OnnxScales {
  readonly #tensors = new Map<string, OnnxTensor>();
  #room = new Float32Array(0);

  /** Keeps a scale or a zero point. */
  keep(tensor: OnnxTensor): void {
    this.#tensors.set(tensor.name, tensor);
  }

  /** Whether `dequantizationOf` has the scale and the zero point that it needs. */
  isReady({ dtype }: OnnxTensor, quantization: Quantization | undefined): boolean {
    if (!quantization || !isInteger(dtype)) return true;
    return [quantization.scale, quantization.zeroPoint].every(
      (name) => !name || this.#tensors.has(name),
    );
  }

  /** The element type of a parameter that is stored as `dtype`. */
  dtypeOf(dtype: Dtype, quantization: Quantization | undefined): Dtype {
    return quantization && isInteger(dtype) ? 'F32' : dtype;
  }

  /**
   * The numbers that dequantise a tensor; undefined where it is not quantised.
   *
   * @throws SyntaxError when there are not as many scales as the axis has
   */
  dequantizationOf(
    { name, dtype, shape }: OnnxTensor,
    quantization: Quantization | undefined,
  ): Dequantization | undefined {
    if (!quantization || !isInteger(dtype)) return undefined;
    const scales = this.#numbers(quantization.scale);
    const { zeroPoint } = quantization;
    const zeroPoints = zeroPoint ? this.#numbers(zeroPoint) : [0];
    const axis = quantization.axis + (quantization.axis < 0 ? shape.length : 0);
    const count = shape[axis] ?? 1;
    for (const { length } of [scales, zeroPoints]) {
      if (length === 1 || length === count) continue;
      throw new SyntaxError(
        `tensor ${quote(name)} has ${length} scales or zero points, expected 1 or ${count}`,
      );
    }
    const isPerTensor = scales.length === 1 && zeroPoints.length === 1;
    return { dtype, scales, zeroPoints, axis, isPerTensor };
  }

  /** Rows of integers -> rows of F32, each valid until the next. */
  *dequantized(
    rows: Iterable<TensorRows>,
    tensor: TensorInfo,
    dequantization: Dequantization,
    channels: Channels,
  ): Generator<TensorRows> {
    let at = 0;
    for (const part of rows) {
      const { length } = part.bytes;
      // Reused: new memory for each matrix doubles the time.
      if (this.#room.length < length) this.#room = new Float32Array(length);
      const floats = this.#room.subarray(0, length);
      dequantize(floats, part.bytes, at, dequantization, channels);
      yield { ...part, tensor, bytes: new Uint8Array(floats.buffer, 0, floats.byteLength) };
      at += length;
    }
  }

  #numbers(name: string): ArrayLike<number> {
    const { dtype, bytes } = this.#tensors.get(name)!;
    if (dtype === 'F32') return new Float32Array(Uint8Array.from(bytes).buffer);
    if (isInteger(dtype)) return INTEGERS[dtype](bytes);
    throw new SyntaxError(`scale or zero point ${quote(name)} is ${dtype}, expected F32, I8 or U8`);
  }
}

/** Dequantises values from number `at` of a parameter on, one run of equal scale after another. */
function dequantize(
  floats: Float32Array,
  bytes: Uint8Array,
  at: number,
  { dtype, scales, zeroPoints }: Dequantization,
  { run, count, first }: Channels,
): void {
  const flip = dtype === 'I8' ? SIGN : 0;
  for (let start = 0; start < bytes.length; ) {
    const channel = first + (Math.floor((at + start) / run) % count);
    const scale = scales[scales.length === 1 ? 0 : channel]!;
    const zero = zeroPoints[zeroPoints.length === 1 ? 0 : channel]! + flip;
    const end = Math.min(bytes.length, start + run - ((at + start) % run));
    if (end - start > TABLE.length) lookUp(floats, bytes, start, end, tableOf(flip, zero, scale));
    else for (let i = start; i < end; i++) floats[i] = ((bytes[i]! ^ flip) - zero) * scale;
    start = end;
  }
}

/** The value of each of the 256 bytes. */
function tableOf(flip: number, zero: number, scale: number): Float32Array {
  for (let byte = 0; byte < TABLE.length; byte++) TABLE[byte] = ((byte ^ flip) - zero) * scale;
  return TABLE;
}

/** Looks values up, four bytes at a time where they are aligned. */
function lookUp(
  floats: Float32Array,
  bytes: Uint8Array,
  start: number,
  end: number,
  table: Float32Array,
): void {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  const [first, last] = [(start + 3) >> 2, end >> 2];
  let to = 4 * first;
  for (let i = start; i < to; i++) floats[i] = table[bytes[i]!]!;
  for (let i = first; i < last; i++) {
    const word = words[i]!;
    floats[to] = table[word & 0xff]!;
    floats[to + 1] = table[(word >>> 8) & 0xff]!;
    floats[to + 2] = table[(word >>> 16) & 0xff]!;
    floats[to + 3] = table[word >>> 24]!;
    to += 4;
  }
  for (let i = to; i < end; i++) floats[i] = table[bytes[i]!]!;
}

function isInteger(dtype: Dtype | undefined): dtype is keyof typeof INTEGERS {
  return dtype === 'I8' || dtype === 'U8';
}
