/**
 * Checkpoints in several files: the split into files of a bounded size, as huggingface_hub makes
 * it, and `model.safetensors.index.json`, which names the files, written and read.
 */

import { parseJson } from '../json.ts';
import { HEAD_BYTES, pointerKind } from './formats/foreign.ts';
import { type SavedTensor, savedBytes } from './save.ts';
import { byteSize, fail, quote } from './tensor-info.ts';

/** One file to be written: its name and its tensors. */
export interface Shard {
  readonly file: string;
  readonly tensors: readonly SavedTensor[];
}

/** Units of a size, powers of 1000 as in Python. */
const UNITS: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
/** An index is an object of objects; its keys are `metadata` and `weight_map`. */
const BOUNDS = { depth: 4, keys: 100, innerKeys: 100_000, mayHoldNaN: true };
/** The most files of one checkpoint, far more than any has. */
const MAX_SHARDS = 1000;

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

/**
 * Splits tensors, in their order, into files of at most `mostBytes` of values. A larger tensor gets
 * a file of its own. A single file is called model.safetensors, several are numbered.
 */
export function shardsOf(tensors: readonly SavedTensor[], mostBytes: number): Shard[] {
  const groups: SavedTensor[][] = [];
  let current: SavedTensor[] = [];
  let bytes = 0;
  for (const tensor of tensors) {
    const size = savedBytes(tensor);
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

/** The text of `model.safetensors.index.json`. */
export function shardIndexOf(shards: readonly Shard[]): string {
  const all = shards.flatMap(({ file, tensors }) => tensors.map((tensor) => ({ file, tensor })));
  all.sort((a, b) => (a.tensor.name < b.tensor.name ? -1 : 1));
  const total_parameters = all.reduce((sum, { tensor }) => sum + byteSize(tensor.shape, 1), 0);
  const weight_map = Object.fromEntries(all.map(({ file, tensor }) => [tensor.name, file]));
  const total_size = all.reduce((sum, { tensor }) => sum + savedBytes(tensor), 0);
  const metadata = { total_parameters, total_size };
  return `${JSON.stringify({ metadata, weight_map }, null, 2)}\n`;
}

/**
 * The files that an index names, each once, in its order. Which tensor is in which file the files
 * say themselves, as in Python.
 *
 * @throws WeightsError for a text that is no index, or names no files
 */
export function parseShardIndex(text: string, file: string): string[] {
  const found = new Set<string>();
  for (const [name, shard] of Object.entries(weightMap(text, file))) {
    if (typeof shard !== 'string' || !/^[\w][\w.-]*$/.test(shard)) {
      throw fail(
        file,
        `tensor ${quote(name)} is said to be in ${quote(String(JSON.stringify(shard)))}, expected a file beside the index`,
      );
    }
    found.add(shard);
  }
  if (found.size === 0 || found.size > MAX_SHARDS) {
    throw fail(file, `it names ${found.size} files, expected 1 to ${MAX_SHARDS}`);
  }
  return [...found];
}

function weightMap(text: string, file: string): object {
  let json: unknown;
  try {
    json = parseJson(text, BOUNDS);
  } catch (error) {
    const kind = pointerKind(new TextEncoder().encode(text.slice(0, HEAD_BYTES)));
    if (kind !== undefined) throw fail(file, `found ${kind}, expected an index of files`, error);
    throw fail(file, `it is not usable JSON: ${(error as Error).message}`, error);
  }
  const map = typeof json === 'object' && json !== null && Reflect.get(json, 'weight_map');
  if (typeof map === 'object' && map !== null && !Array.isArray(map)) return map;
  throw fail(file, 'it has no "weight_map", expected a map of tensors to files');
}
