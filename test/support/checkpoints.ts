/**
 * Checkpoints derived from golden ones: other names, other number formats, tensors added or
 * removed. In: a golden case and what to change. Out: maps of files for `from_pretrained`.
 */
import { fileOfTensors } from '../src/weights/safetensors-file.ts';
import type { GoldenCase } from './golden.ts';

/** A tensor to write to a file. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Number formats of a checkpoint. */
export type Format = 'F32' | 'F64' | 'F16' | 'BF16';

/** The case's config.json and weights after `change`, stored in `format`. */
export function checkpointOf(
  golden: GoldenCase,
  change: (tensors: Map<string, StoredTensor>) => unknown = () => {},
  format: Format = 'F32',
): { 'config.json': object; 'model.safetensors': Uint8Array } {
  const tensors = new Map<string, StoredTensor>(golden.weights);
  change(tensors);
  const stored = [...tensors].map(([name, { shape, data }]) => [
    name,
    { dtype: format, shape: [...shape], bytes: new Uint8Array(encode(data, format).buffer) },
  ]);
  return {
    'config.json': golden.config,
    'model.safetensors': fileOfTensors(Object.fromEntries(stored)),
  };
}

/** float32 numbers after rounding to a format. */
export function rounded(data: Float32Array, format: Format): Float32Array {
  if (format === 'F16') return Float32Array.from(data, (x) => fromHalf(toHalf(x)));
  if (format !== 'BF16') return data;
  const bits = new Uint32Array(data.slice().buffer);
  return new Float32Array(bits.map((word) => (word & 0xffff0000) >>> 0).buffer);
}

/** Numbers encoded in a format: F16 rounds to nearest, BF16 truncates. */
function encode(data: Float32Array, format: Format): ArrayBufferView & { buffer: ArrayBuffer } {
  if (format === 'F64') return Float64Array.from(data);
  if (format === 'F16') return Uint16Array.from(data, toHalf);
  if (format === 'BF16')
    return Uint16Array.from(new Uint32Array(data.slice().buffer), (w) => w >>> 16);
  return data.slice() as Float32Array<ArrayBuffer>;
}

/** Bits of the nearest half-precision number; ties go away from zero. |x| < 65504. */
function toHalf(x: number): number {
  const sign = x < 0 ? 0x8000 : 0;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x) || 2 ** -30)), -14);
  // A unit is 2^(exponent - 10). Rounding up may carry into the exponent, which is right.
  const units = Math.round(Math.abs(x) / 2 ** (exponent - 10));
  return sign | (((exponent + 14) << 10) + units);
}

function fromHalf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size = exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction;
  return bits & 0x8000 ? -size : size;
}
