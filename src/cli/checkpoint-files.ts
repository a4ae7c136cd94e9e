/** The files of a checkpoint by their names: which are there, what they are, how large. */

import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** One file. */
export interface CheckpointFile {
  readonly name: string;
  readonly format: string;
  /** 0 where it is not known. */
  readonly bytes: number;
}

/** The first that fits says what a file is. */
const FORMATS: readonly [RegExp, string][] = [
  [/\.q8\.safetensors$/, 'packed weights, q8'],
  [/\.safetensors$/, 'weights, safetensors'],
  [/^(pytorch_)?model.*\.bin$/, 'weights, PyTorch'],
  [/\.index\.json$/, 'index of weights'],
  [/^tf_model\.h5$/, 'weights, Keras HDF5'],
  [/\.onnx(_data)?$/, 'weights, ONNX'],
  [/^config\.json$/, 'configuration'],
  [/^vocab\.txt$/, 'vocabulary'],
  [/^(tokenizer|tokenizer_config|special_tokens_map|added_tokens)\.json$/, 'tokenizer'],
  [/^README\.md$/, 'model card'],
];

/**
 * Of a local folder what lies in it and has a meaning here; of a checkpoint elsewhere the files that
 * were `read`, with their sizes.
 */
export async function localFiles(
  source: string,
  read: ReadonlyMap<string, number>,
): Promise<CheckpointFile[]> {
  const folder = source.startsWith('file:') ? fileURLToPath(source) : source;
  const names = await namesIn(folder);
  const sizes = names ? await sizesOf(folder, names) : read;
  const files = Array.from(sizes, ([name, bytes]) => ({ name, format: formatOf(name), bytes }));
  return files.filter(({ format }) => format !== '');
}

function formatOf(name: string): string {
  const base = path.posix.basename(name);
  return FORMATS.find(([pattern]) => pattern.test(base))?.[1] ?? '';
}

/** Names in a folder and in its `onnx`; undefined where it is none. */
async function namesIn(folder: string): Promise<string[] | undefined> {
  try {
    const names = await readdir(folder);
    const onnx = await readdir(path.join(folder, 'onnx')).catch((): string[] => []);
    return [...names, ...onnx.map((name) => `onnx/${name}`)].sort();
  } catch {
    return undefined;
  }
}

async function sizesOf(folder: string, names: readonly string[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const name of names) {
    const found = await stat(path.join(folder, name));
    if (found.isFile()) sizes.set(name, found.size);
  }
  return sizes;
}
