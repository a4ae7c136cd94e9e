/** Which files of a checkpoint hold its weights: the names that Python looks for, in its order. */

import { FilesError } from '../errors.ts';
import type { ByteSource, PretrainedFiles } from '../hub/source.ts';
import { parseShardIndex } from '../weights/shard-index.ts';
import { type WeightDtype, weightDtype } from './options.ts';

/** Files of weights, opened as they are asked for. */
export interface FoundWeights {
  /** Of the file, or of the index of several. */
  readonly name: string;
  readonly sources: ByteSource | AsyncIterable<ByteSource>;
  /** What the weights are to be kept in. */
  readonly dtype: WeightDtype;
  /** The file that `mobilebert convert` made, to be copied; absent for a checkpoint. */
  readonly packed?: ByteSource;
}

/**
 * The weights for a wish of dtype: of q8 the converted file where it is there, else the checkpoint.
 * 'auto' takes what the folder holds, the checkpoint first.
 *
 * @throws FilesError when there is none, WeightsError for an index that is none
 */
export async function findWeights(
  files: PretrainedFiles,
  baseName: string,
  wish?: string | null,
): Promise<FoundWeights> {
  const isAuto = !wish || wish === 'auto';
  const dtype = weightDtype(wish);
  const packed = () => findPacked(files, baseName);
  const plain = () => findCheckpoint(files, baseName, dtype);
  const order = isAuto ? [plain, packed] : dtype === 'q8' ? [packed, plain] : [plain];
  for (const find of order) {
    const found = await find();
    if (found) return found;
  }
  const [first, second] = checkpointNames(baseName);
  throw new FilesError(
    `Cannot load weights: "${files.name}" has none, expected "${first}" or "${second}"`,
    first,
  );
}

function checkpointNames(baseName: string): [string, string] {
  const torchName = baseName === 'model' ? 'pytorch_model' : baseName;
  return [`${baseName}.safetensors`, `${torchName}.bin`];
}

async function findPacked(
  files: PretrainedFiles,
  baseName: string,
): Promise<FoundWeights | undefined> {
  const name = `${baseName}.q8.safetensors`;
  const source = await files.open(name);
  return source && { name, sources: source, packed: source, dtype: 'q8' };
}

/** safetensors first, whole or in parts, then PyTorch's own. The ending does not say what a file is. */
async function findCheckpoint(
  files: PretrainedFiles,
  baseName: string,
  dtype: WeightDtype,
): Promise<FoundWeights | undefined> {
  for (const name of checkpointNames(baseName)) {
    const source = await files.open(name);
    if (source) return { name, sources: source, dtype };
    const index = `${name}.index.json`;
    const text = await files.text(index);
    if (text === undefined) continue;
    return { name: index, sources: shards(files, parseShardIndex(text, index), index), dtype };
  }
  return undefined;
}

async function* shards(
  files: PretrainedFiles,
  names: readonly string[],
  index: string,
): AsyncGenerator<ByteSource> {
  for (const name of names) {
    const source = await files.open(name);
    if (source) yield source;
    else {
      throw new FilesError(
        `Cannot load weights: "${files.name}" has no file "${name}", expected it by "${index}"`,
        name,
      );
    }
  }
}
