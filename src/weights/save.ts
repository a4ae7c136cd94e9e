/**
 * Tensors -> a safetensors file, byte for byte as Python's `safetensors.torch.save_file` writes it.
 * Values are F32 or F16.
 */

import { toHalf } from '../numerics/half.ts';
import { byteSize, DTYPE_BYTES } from './tensor-info.ts';

/** A tensor to be saved. */
export interface SavedTensor {
  readonly name: string;
  /** Element type in the file; to F16 values are rounded. */
  readonly dtype: 'F32' | 'F16';
  readonly shape: readonly number[];
  /** The values. Called once, when the tensor is written. */
  values(): Float32Array;
}

/**
 * A safetensors file: F32 before F16, then by name; the header is padded to a multiple of 8 bytes.
 */
export function safetensorsOf(tensors: readonly SavedTensor[]): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort((a, b) => {
    return DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype] || (a.name < b.name ? -1 : 1);
  });
  let end = 0;
  const entries = sorted.map((tensor) => {
    const { name, dtype, shape } = tensor;
    const start = end;
    end += savedBytes(tensor);
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [start, end] })}`;
  });
  const json = `{${['"__metadata__":{"format":"pt"}', ...entries].join(',')}}`;
  const text = new TextEncoder().encode(json);
  const header = 8 * Math.ceil(text.length / 8);
  const file = new Uint8Array(8 + header + end);
  const view = new DataView(file.buffer);
  view.setBigUint64(0, BigInt(header), true);
  file.fill(0x20, 8, 8 + header).set(text, 8);
  let at = 8 + header;
  for (const tensor of sorted) {
    writeValues(file, at, tensor);
    at += savedBytes(tensor);
  }
  return file;
}

/** Bytes of a tensor's values in a file. */
export function savedBytes({ dtype, shape }: SavedTensor): number {
  return byteSize(shape, DTYPE_BYTES[dtype]);
}

function writeValues(file: Uint8Array<ArrayBuffer>, at: number, tensor: SavedTensor): void {
  const values = tensor.values();
  if (tensor.dtype === 'F32') new Float32Array(file.buffer, at, values.length).set(values);
  else {
    const halves = new Uint16Array(file.buffer, at, values.length);
    for (let i = 0; i < values.length; i++) halves[i] = toHalf(values[i]!);
  }
}
