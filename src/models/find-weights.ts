/** Which files of a checkpoint hold its weights: the names that Python looks for, in its order. */

import { FilesError } from '../errors.ts';
import type { ByteSource, PretrainedFiles } from '../hub/source.ts';
import { parseShardIndex } from '../weights/shard-index.ts';

/** Files of weights, opened as they are asked for. */
export interface FoundWeights {
  /** Of the file, or of the index of several. */
  readonly name: string;
  readonly sources: ByteSource | AsyncIterable<ByteSource>;
}

/**
 * safetensors first, whole or in parts, then PyTorch's own. The ending says where to look, not what
 * a file is.
 *
 * @throws FilesError when there is none, WeightsError for an index that is none
 */
export async function findWeights(files: PretrainedFiles, baseName: string): Promise<FoundWeights> {
  const torchName = baseName === 'model' ? 'pytorch_model' : baseName;
  const names = [`${baseName}.safetensors`, `${torchName}.bin`];
  for (const name of names) {
    const source = await files.open(name);
    if (source) return { name, sources: source };
    const index = `${name}.index.json`;
    const text = await files.text(index);
    if (text === undefined) continue;
    return { name: index, sources: shards(files, parseShardIndex(text, index), index) };
  }
  throw new FilesError(
    `Cannot load weights: "${files.name}" has none, expected "${names.join('" or "')}"`,
    names[0]!,
  );
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
