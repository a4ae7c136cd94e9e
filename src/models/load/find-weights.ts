/**
 * Finds the files that hold the weights of a checkpoint. It tries the names that Hugging Face's
 * Python library tries, in the same order, and the ONNX names of transformers.js.
 */

import { FilesError, WeightsError } from '../../errors.ts';
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

/** What config.json says of the weights beside it, where nothing lists the files. */
export interface WeightHints {
  /** Of transformers.js: the checkpoint was exported to ONNX. */
  readonly 'transformers.js_config'?: unknown;
  /** The version that saved it; before 4.35 that made pytorch_model.bin. */
  readonly transformers_version?: unknown;
}

/**
 * Finds the weights for a requested dtype. For q8 the converted file comes first. Then follow the
 * PyTorch checkpoint, an ONNX model and the TensorFlow file; 'auto' and no dtype also try the
 * converted file, after the PyTorch checkpoint. Where nothing lists the files, as on most servers,
 * the likelier names are tried first, so that few files are asked for that are not there.
 *
 * @throws FilesError when no file is found, WeightsError when a shard index is not valid
 */
export async function findWeights(
  files: PretrainedFiles,
  baseName: string,
  { dtype: requested, from_tf }: RequestedWeights = {},
  hints: WeightHints = {},
): Promise<FoundWeights> {
  const isAuto = !requested || requested === 'auto';
  const dtype = weightDtype(requested);
  const [torchNames, tfName] = checkpointNames(baseName);
  const [wholeName, binName] = torchNames as [string, string];
  const whole = () => findWhole(files, wholeName, dtype);
  const shards = () => findShards(files, wholeName, dtype);
  const bin = async () =>
    (await findWhole(files, binName, dtype)) ?? findShards(files, binName, dtype);
  const packed = () => findPacked(files, baseName);
  const onnxRequest = isAuto ? undefined : { name: requested, dtype };
  const onnx = () => findOnnx(files, baseName, onnxRequest);
  const likeliestOnnx = () => findOnnx(files, baseName, onnxRequest, 1);
  const tf = async () =>
    (await findWhole(files, tfName, dtype)) ?? findShards(files, tfName, dtype);
  const isPacked = dtype === 'q8';
  const byRank = [whole, shards, bin, ...(isAuto ? [packed] : []), onnx, tf];
  const byLikelihood = () => {
    const hinted = hints['transformers.js_config'] ? [onnx] : isOld(hints) ? [bin] : [];
    const converted = isAuto ? [packed] : [];
    return new Set([...hinted, ...converted, likeliestOnnx, shards, bin, onnx, tf]);
  };
  const first = isPacked ? [packed, whole] : [whole];
  const search = async () => {
    if (from_tf) return firstOf([tf]);
    const rest = async () =>
      (await files.isListed()) ? byRank.filter((find) => find !== whole) : byLikelihood();
    return (await firstOf(first)) ?? firstOf(await rest());
  };
  const found = await search();
  if (found) return found;
  const expected = from_tf ? [tfName] : torchNames;
  throw new FilesError(
    `Cannot load weights: "${files.name}" has none, expected ${expected.map((name) => `"${name}"`).join(' or ')}${answers(files, expected)}`,
    expected[0]!,
  );
}

/**
 * What to do with an error of reading weights: a file that its reader refuses leaves the cache it is
 * in. The shards of an index stay: which of them is wrong is not known.
 */
export function refusing({ sources }: FoundWeights): (error: unknown) => Promise<never> {
  return async (error) => {
    if (error instanceof WeightsError && 'stream' in sources) await sources.refuse?.();
    throw error;
  };
}

/** The files of each dtype that a checkpoint may have, by the dtypes of transformers.js. */
export function dtypeFiles(baseName: string): [dtype: string, names: string[]][] {
  const [torchNames] = checkpointNames(baseName);
  const plain = torchNames.flatMap((name) => [name, `${name}.index.json`]);
  return ONNX_SUFFIXES.map(([dtype, suffix]) => [
    dtype,
    [
      ...(dtype === 'fp32' ? plain : []),
      ...(dtype === 'q8' ? [`${baseName}.q8.safetensors`] : []),
      `onnx/${baseName}${suffix}.onnx`,
      `${baseName}${suffix}.onnx`,
    ],
  ]);
}

type Finder = () => Promise<FoundWeights | undefined>;

async function firstOf(finders: Iterable<Finder>): Promise<FoundWeights | undefined> {
  for (const find of finders) {
    const found = await find();
    if (found) return found;
  }
  return undefined;
}

/** Whether Python saved the checkpoint before safetensors were its default. */
function isOld({ transformers_version: version }: WeightHints): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(String(version)) ?? [];
  return major !== undefined && (Number(major) < 4 || (major === '4' && Number(minor) < 35));
}

/** What a server said in place of the files, for the end of a message. */
function answers(files: PretrainedFiles, names: readonly string[]): string {
  const said = names.flatMap((name) => {
    const answer = files.answerFor(name);
    return answer === undefined ? [] : [`"${name}": ${answer}`];
  });
  return said.length > 0 ? `; the server answered for ${said.join(', for ')}` : '';
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
  const source = await files.open(name, true);
  return source && { name, sources: source, packed: source, dtype: 'q8' };
}

/** The weights in one file. The file extension does not decide its format. */
async function findWhole(
  files: PretrainedFiles,
  name: string,
  dtype: WeightDtype,
): Promise<FoundWeights | undefined> {
  const source = await files.open(name, true);
  return source && { name, sources: source, dtype };
}

/** The weights in the shards that an index names. */
async function findShards(
  files: PretrainedFiles,
  name: string,
  dtype: WeightDtype,
): Promise<FoundWeights | undefined> {
  const index = `${name}.index.json`;
  const text = await files.text(index, true);
  if (text === undefined) return undefined;
  const names = parseShardIndex(text, index);
  await files.expect(names);
  return { name: index, sources: openShards(files, names, index), dtype };
}

/**
 * Looks for an ONNX model in `onnx/`, as transformers.js does, then beside config.json. The file of
 * the requested dtype comes first, then the others in the order of `ONNX_SUFFIXES`. Without a
 * requested dtype, the weights keep the dtype of the file.
 *
 * @param most how many names are tried; default: all
 */
async function findOnnx(
  files: PretrainedFiles,
  baseName: string,
  requested: { readonly name: string; readonly dtype: WeightDtype } | undefined,
  most?: number,
): Promise<FoundWeights | undefined> {
  const first = ONNX_SUFFIXES.filter(([dtype]) => dtype === requested?.name);
  const suffixes = new Set([...first, ...ONNX_SUFFIXES]);
  const candidates = ['onnx/', ''].flatMap((folder) =>
    Array.from(suffixes, ([, suffix, kept]) => ({
      folder,
      name: `${folder}${baseName}${suffix}.onnx`,
      kept,
    })),
  );
  for (const { folder, name, kept } of candidates.slice(0, most)) {
    const source = await files.open(name, true);
    if (!source) continue;
    const data = `${name}_data`;
    if ((await files.isListed()) && (await files.stat(data))) await files.expect([data]);
    const beside = (file: string) => files.open(`${folder}${file}`);
    const sources = { ...source, beside };
    return { name, sources, dtype: requested?.dtype ?? kept };
  }
  return undefined;
}

async function* openShards(
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
