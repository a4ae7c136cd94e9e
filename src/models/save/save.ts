/**
 * Model -> files, as Hugging Face's `save_pretrained` writes them: config.json and safetensors. In:
 * an engine with weights. Out: names and contents, file by file.
 */

import { inputsBelowHalf } from '../../engine/packed/outlying-inputs.ts';
import { jsonText } from '../../json.ts';
import { LARGEST_HALF } from '../../numerics/half.ts';
import { decoder, type Parameter, parameters } from '../../weights/names.ts';
import { type SavedTensor, safetensorsOf } from '../../weights/save.ts';
import { bytesOfSize, shardIndexOf, shardsOf } from '../../weights/shard-index.ts';
import { fetchParameter, fetchSlotPart } from '../load/fetch-parameter.ts';
import { type Conversion, packedTensors, UNKNOWN } from '../load/packed.ts';
import { packedFile } from '../load/packed-file.ts';
import { readOutliers } from '../load/packed-outliers.ts';
import type { Target } from '../load/placement.ts';

/** The bytes of a saved file, JSON included: `from_pretrained` takes a map of them as a source. */
export type FileContent = Uint8Array<ArrayBuffer>;

/** Options of a model's `save_files`. */
export interface ModelFilesOptions {
  /**
   * The most bytes of weights in one file: a number, or a text with KB, MB, GB or TB such as
   * "200MB"; default "50GB". A larger tensor has a file of its own. No effect on q8 models.
   */
  max_shard_size?: number | string | null | undefined;
}

/** Options of a model's `save_pretrained`. */
export interface ModelSaveOptions extends ModelFilesOptions {
  /** Writes one file. The next file is made when the returned promise resolves. */
  write: (path: string, content: FileContent) => void | Promise<void>;
}

/** Name of the file that a q8 model is saved as. */
const PACKED_FILE = 'model.q8.safetensors';

/**
 * The files of a model one by one, so that only one is in memory at a time. An fp32 model is
 * written as F32 and an fp16 model as F16, which Python loads too. A q8 model is written as it is
 * packed.
 *
 * @param architecture the class's name in config.json; undefined keeps the configuration's
 * @param conversion metadata of a q8 file
 * @throws TypeError for a `max_shard_size` that is no size
 */
export function* savedModel(
  target: Target,
  architecture: string | undefined,
  { max_shard_size }: ModelFilesOptions = {},
  conversion: Conversion = UNKNOWN,
): Generator<[name: string, content: FileContent]> {
  const { config, parts, dtype } = target;
  const most = bytesOfSize(max_shard_size ?? '50GB');
  yield ['config.json', encode(configText(target, architecture))];
  if (dtype === 'q8') {
    const metadata = conversionMetadata(architecture, conversion);
    yield [PACKED_FILE, joined(packedFile(packedTensors(target), metadata, readOutliers(target)))];
    return;
  }
  const tensors = [...parameters(config, parts)].map((parameter) => saved(target, parameter));
  if (parts.languageModel && config.tie_word_embeddings && hasOwnDecoder(target)) {
    const [weight] = decoder(config);
    tensors.push(saved(target, weight!));
  }
  const shards = shardsOf(tensors, most);
  for (const { file, tensors } of shards) yield [file, safetensorsOf(tensors)];
  if (shards.length > 1) yield ['model.safetensors.index.json', encode(shardIndexOf(shards))];
}

/**
 * Writes files below a folder; returns their paths.
 *
 * @throws TypeError for a `write` that is no function
 */
export async function writeModel(
  directory: string,
  files: Iterable<[name: string, content: FileContent]>,
  write: ModelSaveOptions['write'],
): Promise<string[]> {
  if (typeof write !== 'function') {
    throw new TypeError(`Cannot save: write is ${typeof write}, expected a function`);
  }
  const paths: string[] = [];
  for (const [name, content] of files) {
    const path = `${directory.replace(/\/$/, '')}/${name}`;
    await write(path, content);
    paths.push(path);
  }
  return paths;
}

/** Header metadata of a packed file; unknown fields are left out. */
export function conversionMetadata(
  architecture: string | undefined,
  { relativeError, calibration }: Conversion,
): Record<string, string> {
  return {
    ...(architecture && { architecture }),
    ...(relativeError !== null && { relative_error: relativeError.toPrecision(3) }),
    ...(calibration !== null && { calibration }),
  };
}

/**
 * A parameter to save. In an fp16 model, what half precision does not hold is saved as F32: vectors
 * beyond its range, and tensors of which it keeps some weights in f32.
 */
function saved(target: Target, parameter: Parameter): SavedTensor {
  const { name, shape, slots } = parameter;
  const values = () => fetchParameter(target, parameter);
  const isWhole = slots.every((slotPart) => target.engine.outliers(slotPart).length === 0);
  const fits = () => (isKeptAsHalf(parameter) ? isWhole : fitsHalf(values(), shape));
  const isHalf = target.dtype === 'fp16' && fits();
  return { name, dtype: isHalf ? 'F16' : 'F32', shape, values };
}

/** Whether an fp16 model keeps a parameter in half precision: all but vectors and classifiers. */
function isKeptAsHalf({ shape, slots }: Parameter): boolean {
  return shape.length > 1 && !slots.some(({ slot }) => slot.endsWith('Head'));
}

/** Whether half precision holds a vector, or a classifier [N,K] with the weights of every input. */
function fitsHalf(values: Float32Array, shape: readonly number[]): boolean {
  if (!values.every((x) => Math.abs(x) <= LARGEST_HALF)) return false;
  const [N, K] = shape as [number, number?];
  return K === undefined || inputsBelowHalf({ values, N, K }).length === 0;
}

/**
 * Whether a tied decoder has other weights than the embedding, because its checkpoint held both.
 */
function hasOwnDecoder(target: Target): boolean {
  const { shape, slots } = [...decoder(target.config)][0]!;
  const words = { ...slots[0]!, slot: 'WordEmbeddings' } as const;
  const [own, tied] = [slots[0]!, words].map((slotPart) => {
    return new Uint32Array(fetchSlotPart(target, slotPart, shape).buffer);
  });
  return own!.some((bits, i) => bits !== tied![i]);
}

/**
 * config.json as Python writes it: the configuration's fields, `architectures` and `dtype`, sorted.
 */
function configText({ config, dtype }: Target, architecture: string | undefined): string {
  const fields: Record<string, unknown> = {
    ...config.to_dict(),
    ...(architecture && { architectures: [architecture] }),
    dtype: dtype === 'fp16' ? 'float16' : 'float32',
  };
  const sorted = Object.keys(fields).sort();
  return `${jsonText(Object.fromEntries(sorted.map((key) => [key, fields[key]])), 2)}\n`;
}

/** All chunks as one array. Each is copied, because it is valid only until the next. */
function joined(chunks: Iterable<Uint8Array>): FileContent {
  const copies = Array.from(chunks, (chunk) => chunk.slice());
  const all = new Uint8Array(copies.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const copy of copies) {
    all.set(copy, at);
    at += copy.length;
  }
  return all;
}

function encode(text: string): FileContent {
  return new TextEncoder().encode(text);
}
