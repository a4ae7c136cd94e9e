/** The index of a checkpoint in several files (`model.safetensors.index.json`): which they are. */

import { fail } from './formats/fail.ts';
import { checkKeys } from './json-keys.ts';
import { quote } from './tensor-info.ts';

/** The index is an object of objects; its keys are `metadata` and `weight_map`. */
const BOUNDS = { depth: 4, keys: 100 };

/** The most files of one checkpoint: far more than any has. */
const MAX_SHARDS = 1000;

/**
 * The files that an index names, each once, in its order. What is in them they say themselves, as in
 * Python.
 *
 * @throws WeightsError when it is no index, or names no files
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
    checkKeys(text, BOUNDS);
    json = JSON.parse(text);
  } catch (error) {
    throw fail(file, `it is not usable JSON: ${(error as Error).message}`, error);
  }
  const map = typeof json === 'object' && json !== null && Reflect.get(json, 'weight_map');
  if (typeof map === 'object' && map !== null && !Array.isArray(map)) return map;
  throw fail(file, 'it has no "weight_map", expected a map of tensors to files');
}
