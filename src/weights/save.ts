/**
 * Tensors -> safetensors files, byte for byte as Python's `safetensors.torch.save_file` writes them,
 * and the split into files of a bounded size as huggingface_hub makes it. Numbers are F32 or F16.
 */

import { toHalf } from '../numerics/half.ts';
import { byteSize, DTYPE_BYTES } from './tensor-info.ts';

/** A tensor to be saved; `values` is called when its turn has come, and once. */
export interface SavedTensor {
  readonly name: string;
  /** What the file has; halves are the nearest ones. */
  readonly dtype: 'F32' | 'F16';
  readonly shape: readonly number[];
  values(): Float32Array;
}

/** One file to be: its name, and what goes into it. */
export interface Shard {
  readonly file: string;
  readonly tensors: readonly SavedTensor[];
}

const UNITS: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** A safetensors file: length of the header, header padded to a multiple of 8, F32 before F16, by name. */
export function safetensorsOf(tensors: readonly SavedTensor[]): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort((a, b) => {
    return DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype] || (a.name < b.name ? -1 : 1);
  });
  let end = 0;
  const entries = sorted.map((tensor) => {
    const { name, dtype, shape } = tensor;
    const start = end;
    end += bytesOf(tensor);
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
    writeNumbers(file, at, tensor);
    at += bytesOf(tensor);
  }
  return file;
}

/**
 * Tensors in their order, in files of at most `mostBytes` of numbers; a larger tensor has a file of
 * its own. One file is called model.safetensors, several are numbered.
 */
export function shardsOf(tensors: readonly SavedTensor[], mostBytes: number): Shard[] {
  const groups: SavedTensor[][] = [];
  let current: SavedTensor[] = [];
  let bytes = 0;
  for (const tensor of tensors) {
    const size = bytesOf(tensor);
    if (size > mostBytes) {
      groups.push([tensor]);
      continue;
    }
    if (bytes + size > mostBytes) {
      groups.push(current);
      [current, bytes] = [[], 0];
    }
    current.push(tensor);
    bytes += size;
  }
  if (current.length > 0) groups.push(current);
  if (groups.length < 2) return [{ file: 'model.safetensors', tensors }];
  const number = (n: number) => String(n).padStart(5, '0');
  return groups.map((group, i) => ({
    file: `model-${number(i + 1)}-of-${number(groups.length)}.safetensors`,
    tensors: group,
  }));
}

/** The text of model.safetensors.index.json. */
export function shardIndexOf(shards: readonly Shard[]): string {
  const all = shards.flatMap(({ file, tensors }) => tensors.map((tensor) => ({ file, tensor })));
  all.sort((a, b) => (a.tensor.name < b.tensor.name ? -1 : 1));
  const total_parameters = all.reduce((sum, { tensor }) => sum + byteSize(tensor.shape, 1), 0);
  const weight_map = Object.fromEntries(all.map(({ file, tensor }) => [tensor.name, file]));
  const total_size = all.reduce((sum, { tensor }) => sum + bytesOf(tensor), 0);
  const metadata = { total_parameters, total_size };
  return `${JSON.stringify({ metadata, weight_map }, null, 2)}\n`;
}

/**
 * Bytes of a size: a number, or a text such as "200MB" with the units KB, MB, GB and TB (powers of
 * 1000).
 *
 * @throws TypeError for anything else
 */
export function bytesOfSize(size: number | string): number {
  const [, value, unit] = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]B)\s*$/i.exec(String(size)) ?? [];
  const bytes = typeof size === 'number' ? size : Number(value) * UNITS[unit?.toUpperCase() ?? '']!;
  if (bytes > 0) return bytes;
  throw new TypeError(
    `Cannot save: max_shard_size is ${JSON.stringify(size)}, expected a number of bytes or a text such as "200MB"`,
  );
}

function bytesOf({ dtype, shape }: SavedTensor): number {
  return byteSize(shape, DTYPE_BYTES[dtype]);
}

function writeNumbers(file: Uint8Array<ArrayBuffer>, at: number, tensor: SavedTensor): void {
  const values = tensor.values();
  if (tensor.dtype === 'F32') new Float32Array(file.buffer, at, values.length).set(values);
  else {
    const halves = new Uint16Array(file.buffer, at, values.length);
    for (let i = 0; i < values.length; i++) halves[i] = toHalf(values[i]!);
  }
}
