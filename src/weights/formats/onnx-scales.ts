/**
 * OnnxScales: 8-bit integers of a quantised graph -> float32, by the scales and zero points that are
 * initializers themselves: value = (number - zero) * scale, as DequantizeLinear has it.
 */

import { type Dtype, quote, type TensorInfo, type TensorRows } from '../tensor-info.ts';
import type { Scaled } from './onnx-graph.ts';
import type { OnnxTensor } from './onnx-tensor.ts';

const INTEGERS = {
  I8: (bytes: Uint8Array) => new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length),
  U8: (bytes: Uint8Array) => bytes,
} as const;
/** The bit that tells a byte of an I8 from one of a U8 that is 128 more. */
const SIGN = 0x80;
/** Filled anew for each run of one scale. */
const TABLE = new Float32Array(256);

/** What makes weights of a tensor's integers. */
export interface Scaling {
  readonly dtype: keyof typeof INTEGERS;
  /** One for all, or one for each along `axis`. */
  readonly scales: ArrayLike<number>;
  readonly zeros: ArrayLike<number>;
  readonly axis: number;
  /** Whether there is one for all. */
  readonly isOne: boolean;
}

/** Which scale is whose: the i-th of a tensor's values has number `first + floor(i / run) % count`. */
export interface Channels {
  readonly run: number;
  readonly count: number;
  readonly first: number;
}

/** The scales and zero points seen so far. */
export class OnnxScales {
  readonly #tensors = new Map<string, OnnxTensor>();
  #room = new Float32Array(0);

  /** Takes a scale or a zero point. */
  keep(tensor: OnnxTensor): void {
    this.#tensors.set(tensor.name, tensor);
  }

  /** Whether all is there that `scalingOf` needs. */
  isReady({ dtype }: OnnxTensor, scaled: Scaled | undefined): boolean {
    if (!scaled || !isInteger(dtype)) return true;
    return [scaled.scale, scaled.zero].every((name) => !name || this.#tensors.has(name));
  }

  /** The element type that a tensor's values have once they are weights. */
  dtypeOf(dtype: Dtype, scaled: Scaled | undefined): Dtype {
    return scaled && isInteger(dtype) ? 'F32' : dtype;
  }

  /**
   * What makes weights of a tensor's values; undefined where they are weights.
   *
   * @throws SyntaxError when there are not as many scales as the axis has
   */
  scalingOf({ name, dtype, shape }: OnnxTensor, scaled: Scaled | undefined): Scaling | undefined {
    if (!scaled || !isInteger(dtype)) return undefined;
    const scales = this.#numbers(scaled.scale);
    const zeros = scaled.zero ? this.#numbers(scaled.zero) : [0];
    const axis = scaled.axis < 0 ? scaled.axis + shape.length : scaled.axis;
    const count = shape[axis] ?? 1;
    for (const { length } of [scales, zeros]) {
      if (length === 1 || length === count) continue;
      throw new SyntaxError(
        `tensor ${quote(name)} has ${length} scales or zero points, expected 1 or ${count}`,
      );
    }
    return { dtype, scales, zeros, axis, isOne: scales.length === 1 && zeros.length === 1 };
  }

  /** Rows of integers as rows of weights, each valid until the next. */
  *unscaled(
    rows: Iterable<TensorRows>,
    tensor: TensorInfo,
    scaling: Scaling,
    channels: Channels,
  ): Generator<TensorRows> {
    let at = 0;
    for (const part of rows) {
      const { length } = part.bytes;
      // Over and over: memory made anew for each matrix doubles the time.
      if (this.#room.length < length) this.#room = new Float32Array(length);
      const floats = this.#room.subarray(0, length);
      unscale(floats, part.bytes, at, scaling, channels);
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

/** Values from number `at` of a tensor on, run by run of one scale. */
function unscale(
  floats: Float32Array,
  bytes: Uint8Array,
  at: number,
  { dtype, scales, zeros }: Scaling,
  { run, count, first }: Channels,
): void {
  const flip = dtype === 'I8' ? SIGN : 0;
  for (let start = 0; start < bytes.length; ) {
    const channel = first + (Math.floor((at + start) / run) % count);
    const scale = scales[scales.length === 1 ? 0 : channel]!;
    const zero = zeros[zeros.length === 1 ? 0 : channel]! + flip;
    const end = Math.min(bytes.length, start + run - ((at + start) % run));
    if (end - start > TABLE.length) lookUp(floats, bytes, start, end, tableOf(flip, zero, scale));
    else for (let i = start; i < end; i++) floats[i] = ((bytes[i]! ^ flip) - zero) * scale;
    start = end;
  }
}

/** What is made of each of the 256 bytes. */
function tableOf(flip: number, zero: number, scale: number): Float32Array {
  for (let byte = 0; byte < TABLE.length; byte++) TABLE[byte] = ((byte ^ flip) - zero) * scale;
  return TABLE;
}

/** Four bytes at a time, where they lie in one word. */
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
