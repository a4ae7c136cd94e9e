/**
 * Which files of a checkpoint hold its weights: the names that Python looks for, in its order, and
 * those that transformers.js has for ONNX.
 */

import { FilesError } from '../../errors.ts';
import type { ByteSource, PretrainedFiles } from '../../hub/source.ts';
import { parseShardIndex } from '../../weights/shard-index.ts';
import { type WeightDtype, weightDtype } from '../options.ts';

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

/** What is looked for. */
export interface WeightsWish {
  /** As `from_pretrained` takes it. */
  readonly dtype?: string | null | undefined;
  /** Whether TensorFlow's file is the one to be read. */
  readonly from_tf?: boolean | undefined;
}

/** ONNX files by what they are quantised to: the end of the name, and the nearest dtype of ours. */
const ONNX_SUFFIXES: readonly [dtype: string, suffix: string, kept: WeightDtype][] = [
  ['fp32', '', 'fp32'],
  ['fp16', '_fp16', 'fp16'],
  ['q8', '_quantized', 'q8'],
  ['int8', '_int8', 'q8'],
  ['uint8', '_uint8', 'q8'],
];

/**
 * The weights for a wish of dtype: of q8 the converted file where it is there, else the checkpoint.
 * 'auto' takes what the folder holds, the checkpoint first, then an ONNX model, then TensorFlow's.
 *
 * @throws FilesError when there is none, WeightsError for an index that is none
 */
export async function findWeights(
  files: PretrainedFiles,
  baseName: string,
  { dtype: wish, from_tf }: WeightsWish = {},
): Promise<FoundWeights> {
  const isAuto = !wish || wish === 'auto';
  const dtype = weightDtype(wish);
  const [torchNames, tfName] = checkpointNames(baseName);
  const packed = () => findPacked(files, baseName);
  const plain = () => findCheckpoint(files, torchNames, dtype);
  const onnx = () => findOnnx(files, baseName, isAuto ? undefined : { name: wish, dtype });
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

/** Files of these names, each whole or in parts. The ending does not say what a file is. */
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
 * An ONNX model in the folder that transformers.js looks into, or beside config.json. The file of the
 * wished dtype first, then the others, the fullest first; without a wish, weights are kept in the file's.
 */
async function findOnnx(
  files: PretrainedFiles,
  baseName: string,
  wish: { readonly name: string; readonly dtype: WeightDtype } | undefined,
): Promise<FoundWeights | undefined> {
  const wished = ONNX_SUFFIXES.filter(([dtype]) => dtype === wish?.name);
  const kinds = new Set([...wished, ...ONNX_SUFFIXES]);
  for (const folder of ['onnx/', '']) {
    for (const [, suffix, kept] of kinds) {
      const name = `${folder}${baseName}${suffix}.onnx`;
      const source = await files.open(name);
      if (!source) continue;
      const beside = (file: string) => files.open(`${folder}${file}`);
      const sources = { ...source, beside };
      return { name, sources, dtype: wish?.dtype ?? kept };
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
