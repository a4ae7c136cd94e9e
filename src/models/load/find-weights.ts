/**
 * Finds the files that hold the weights of a checkpoint. It tries the names that Hugging Face's
 * Python library tries, in the same order, and the ONNX names of transformers.js.
 */

import { FilesError } from '../../errors.ts';
import type { ByteSource, PretrainedFiles } from '../../hub/source.ts';
import { parseShardIndex } from '../../weights/shard-index.ts';
import { type WeightDtype, weightDtype } from '../options.ts';

/** The weight files that were found. Shards are opened one at a time, as they are read. */
export interface FoundWeights {
  /** Name of the file, or of the index when the weights are in shards. */
  readonly name: string;
  readonly sources: ByteSource | AsyncIterable<ByteSource>;
  /** The dtype to keep the weights in. */
  readonly dtype: WeightDtype;
  /** The file that `npx mobilebert-wasm convert` wrote, to be copied as it is; absent for a checkpoint. */
  readonly packed?: ByteSource;
}

/** The weights that the caller requests. */
export interface RequestedWeights {
  /** As `from_pretrained` takes it. */
  readonly dtype?: string | null | undefined;
  /** Whether to read only the TensorFlow file. */
  readonly from_tf?: boolean | undefined;
}

/** ONNX files by dtype: the suffix of the file name, and the nearest dtype of this library. */
const ONNX_SUFFIXES: readonly [dtype: string, suffix: string, kept: WeightDtype][] = [
  ['fp32', '', 'fp32'],
  ['fp16', '_fp16', 'fp16'],
  ['q8', '_quantized', 'q8'],
  ['int8', '_int8', 'q8'],
  ['uint8', '_uint8', 'q8'],
];

/**
 * Finds the weights for a requested dtype. For q8 the converted file comes first. Then follow the
 * PyTorch checkpoint, an ONNX model and the TensorFlow file; 'auto' and no dtype also try the
 * converted file, after the PyTorch checkpoint.
 *
 * @throws FilesError when no file is found, WeightsError when a shard index is not valid
 */
export async function findWeights(
  files: PretrainedFiles,
  baseName: string,
  { dtype: requested, from_tf }: RequestedWeights = {},
): Promise<FoundWeights> {
  const isAuto = !requested || requested === 'auto';
  const dtype = weightDtype(requested);
  const [torchNames, tfName] = checkpointNames(baseName);
  const packed = () => findPacked(files, baseName);
  const plain = () => findCheckpoint(files, torchNames, dtype);
  const onnx = () => findOnnx(files, baseName, isAuto ? undefined : { name: requested, dtype });
  const tf = () => findCheckpoint(files, [tfName], dtype);
  const others = [onnx, tf];
  const order = isAuto ? [plain, packed, ...others] : [plain, ...others];
  if (dtype === 'q8') order.unshift(packed);
  for (const find of from_tf ? [tf] : order) {
    const found = await find();
    if (found) return found;
  }
  const expected = from_tf ? [tfName] : torchNames;
  throw new FilesError(
    `Cannot load weights: "${files.name}" has none, expected ${expected.map((name) => `"${name}"`).join(' or ')}`,
    expected[0]!,
  );
}

function checkpointNames(baseName: string): [torch: string[], tensorFlow: string] {
  const isDefault = baseName === 'model';
  const torchName = isDefault ? 'pytorch_model' : baseName;
  const tfName = isDefault ? 'tf_model' : baseName;
  return [[`${baseName}.safetensors`, `${torchName}.bin`], `${tfName}.h5`];
}

async function findPacked(
  files: PretrainedFiles,
  baseName: string,
): Promise<FoundWeights | undefined> {
  const name = `${baseName}.q8.safetensors`;
  const source = await files.open(name);
  return source && { name, sources: source, packed: source, dtype: 'q8' };
}

/** Tries each name as one file, then as shards. The file extension does not decide its format. */
async function findCheckpoint(
  files: PretrainedFiles,
  names: readonly string[],
  dtype: WeightDtype,
): Promise<FoundWeights | undefined> {
  for (const name of names) {
    const source = await files.open(name);
    if (source) return { name, sources: source, dtype };
    const index = `${name}.index.json`;
    const text = await files.text(index);
    if (text === undefined) continue;
    return { name: index, sources: shards(files, parseShardIndex(text, index), index), dtype };
  }
  return undefined;
}

/**
 * Looks for an ONNX model in `onnx/`, as transformers.js does, then beside config.json. The file of
 * the requested dtype comes first, then the others in the order of `ONNX_SUFFIXES`. Without a
 * requested dtype, the weights keep the dtype of the file.
 */
async function findOnnx(
  files: PretrainedFiles,
  baseName: string,
  requested: { readonly name: string; readonly dtype: WeightDtype } | undefined,
): Promise<FoundWeights | undefined> {
  const first = ONNX_SUFFIXES.filter(([dtype]) => dtype === requested?.name);
  const candidates = new Set([...first, ...ONNX_SUFFIXES]);
  for (const folder of ['onnx/', '']) {
    for (const [, suffix, kept] of candidates) {
      const name = `${folder}${baseName}${suffix}.onnx`;
      const source = await files.open(name);
      if (!source) continue;
      const beside = (file: string) => files.open(`${folder}${file}`);
      const sources = { ...source, beside };
      return { name, sources, dtype: requested?.dtype ?? kept };
    }
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
