/**
 * OnnxScales: 8-bit integers of a quantised graph -> float32, by the scales and zero points that are
 * initializers themselves: value = (number - zero) * scale, as DequantizeLinear has it.
 */

import { type Dtype, quote } from '../tensor-info.ts';
import type { Scaled } from './onnx-graph.ts';
import type { OnnxTensor } from './onnx-tensor.ts';

const INTEGERS = {
  I8: (bytes: Uint8Array) => new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length),
  U8: (bytes: Uint8Array) => bytes,
} as const;

/** The scales and zero points seen so far. */
export class OnnxScales {
  readonly #tensors = new Map<string, OnnxTensor>();

  /** What is made of each of the 256 bytes. */
  readonly #table = new Float32Array(256);
  #room = new Float32Array(0);

  /** Takes a scale or a zero point. */
  keep(tensor: OnnxTensor): void {
    this.#tensors.set(tensor.name, tensor);
  }

  /** Whether all is there that `unscaled` needs. */
  isReady({ dtype }: OnnxTensor, scaled: Scaled | undefined): boolean {
    if (!scaled || !isInteger(dtype)) return true;
    return [scaled.scale, scaled.zero].every((name) => !name || this.#tensors.has(name));
  }

  /** The element type that `unscaled` gives. */
  dtypeOf(dtype: Dtype, scaled: Scaled | undefined): Dtype {
    return scaled && isInteger(dtype) ? 'F32' : dtype;
  }

  /**
   * A tensor's values, valid until the next call; those that are no scaled integers as they are.
   *
   * @throws SyntaxError when there are not as many scales as the axis has
   */
  unscaled({ name, dtype, shape, bytes }: OnnxTensor, scaled: Scaled | undefined): Uint8Array {
    if (!scaled || !isInteger(dtype)) return bytes;
    const numbers = INTEGERS[dtype](bytes);
    const scales = this.#numbers(scaled.scale);
    const zeros = scaled.zero ? this.#numbers(scaled.zero) : [0];
    // Along the axis, the next scale applies to every `inner` numbers.
    const axis = scaled.axis < 0 ? scaled.axis + shape.length : scaled.axis;
    const count = shape[axis] ?? 1;
    const isOne = scales.length === 1 && zeros.length === 1;
    const inner = isOne
      ? numbers.length
      : shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    for (const { length } of [scales, zeros]) {
      if (length === 1 || length === count) continue;
      throw new SyntaxError(
        `tensor ${quote(name)} has ${length} scales or zero points, expected 1 or ${count}`,
      );
    }
    const floats = this.#floats(numbers.length);
    for (let start = 0, channel = 0; start < floats.length; start += inner, channel++) {
      const scale = scales[scales.length === 1 ? 0 : channel % count]!;
      const zero = zeros[zeros.length === 1 ? 0 : channel % count]!;
      if (inner > this.#table.length) {
        fillTable(this.#table, dtype, scale, zero);
        lookUp(floats, bytes, this.#table, start, start + inner);
        continue;
      }
      for (let i = start; i < start + inner; i++) floats[i] = (numbers[i]! - zero) * scale;
    }
    return new Uint8Array(floats.buffer, 0, floats.byteLength);
  }

  /** Room that is used over and over: memory made anew for each matrix doubles the time. */
  #floats(length: number): Float32Array<ArrayBuffer> {
    if (this.#room.length < length) this.#room = new Float32Array(length);
    return this.#room.subarray(0, length);
  }

  #numbers(name: string): ArrayLike<number> {
    const { dtype, bytes } = this.#tensors.get(name)!;
    if (dtype === 'F32') return new Float32Array(Uint8Array.from(bytes).buffer);
    if (isInteger(dtype)) return INTEGERS[dtype](bytes);
    throw new SyntaxError(`scale or zero point ${quote(name)} is ${dtype}, expected F32, I8 or U8`);
  }
}

function fillTable(table: Float32Array, dtype: 'I8' | 'U8', scale: number, zero: number): void {
  for (let byte = 0; byte < table.length; byte++) {
    const number = dtype === 'I8' && byte > 127 ? byte - 256 : byte;
    table[byte] = (number - zero) * scale;
  }
}

/** Apart: a loop that meets arrays of one type only is twice as fast. */
function lookUp(
  floats: Float32Array,
  bytes: Uint8Array,
  table: Float32Array,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) floats[i] = table[bytes[i]!]!;
}

function isInteger(dtype: Dtype | undefined): dtype is keyof typeof INTEGERS {
  return dtype === 'I8' || dtype === 'U8';
}
