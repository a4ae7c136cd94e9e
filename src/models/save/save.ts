/**
 * A model as files again: config.json and safetensors, as Hugging Face's `save_pretrained` writes
 * them. In: an engine with weights. Out: name and content, file by file.
 */

import { LARGEST_HALF } from '../../half.ts';
import { decoder, type Parameter, parameters } from '../../weights/names.ts';
import { type SavedTensor, safetensorsOf } from '../../weights/save.ts';
import { bytesOfSize, shardIndexOf, shardsOf } from '../../weights/shard-index.ts';
import { architectureNameOf } from '../heads/architectures.ts';
import { fetchParameter, fetchPlace } from '../load/fetch-parameter.ts';
import { type Conversion, packedTensors, UNKNOWN } from '../load/packed.ts';
import { packedFile } from '../load/packed-file.ts';
import type { Target } from '../load/placement.ts';
import { conversionOf } from '../model-info.ts';

/** What a file of a saved model holds: bytes, JSON as well, so that a map of files loads again. */
export type FileContent = Uint8Array<ArrayBuffer>;

/** How a model is saved. */
export interface ModelFilesOptions {
  /** The most bytes of weights in one file, or a text such as "200MB"; default "50GB", as in Python. */
  max_shard_size?: number | string | null | undefined;
}

/** Options of a model's `save_pretrained`. */
export interface ModelSaveOptions extends ModelFilesOptions {
  /** Writes one file; the next is made when it is done. */
  write: (path: string, content: FileContent) => void | Promise<void>;
}

/** What a file of packed weights is called. */
const PACKED_FILE = 'model.q8.safetensors';

/**
 * Files one by one, so that only one of them is in memory. An fp32 model is written as F32, an fp16
 * model as F16, both for Python as well; a q8 model as it is packed, with what is known of
 * its conversion.
 */
export function* savedModel(
  target: Target,
  model: object,
  { max_shard_size }: ModelFilesOptions = {},
  conversion: Conversion = UNKNOWN,
): Generator<[name: string, content: FileContent]> {
  const { config, parts, dtype } = target;
  const architecture = architectureNameOf(model);
  const most = bytesOfSize(max_shard_size ?? '50GB');
  yield ['config.json', encode(configText(target, architecture))];
  if (dtype === 'q8') {
    const metadata = conversionOf(architecture, conversion);
    yield [PACKED_FILE, joined(packedFile(packedTensors(target), metadata))];
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

/** Writes files below a folder; returns their paths. */
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

function saved(target: Target, parameter: Parameter): SavedTensor {
  const { name, shape } = parameter;
  const values = () => fetchParameter(target, parameter);
  const isHalf = target.dtype === 'fp16' && (isKeptSmall(parameter) || fitHalves(values()));
  return { name, dtype: isHalf ? 'F16' : 'F32', shape, values };
}

/** Whether an fp16 model keeps a parameter in halves: all but vectors and classifiers. */
function isKeptSmall({ shape, places }: Parameter): boolean {
  return shape.length > 1 && !places.some(({ slot }) => slot.endsWith('Head'));
}

function fitHalves(values: Float32Array): boolean {
  return values.every((x) => Math.abs(x) <= LARGEST_HALF);
}

/** Whether a tied decoder was loaded beside the embedding, and is another. */
function hasOwnDecoder(target: Target): boolean {
  const { shape, places } = [...decoder(target.config)][0]!;
  const words = { ...places[0]!, slot: 'WordEmbeddings' } as const;
  const [own, tied] = [places[0]!, words].map((place) => {
    return new Uint32Array(fetchPlace(target, place, shape).buffer);
  });
  return own!.some((bits, i) => bits !== tied![i]);
}

/** As Python: the config's own keys, which class this is, and of which type its numbers are. */
function configText({ config, dtype }: Target, architecture: string | undefined): string {
  const fields: Record<string, unknown> = {
    ...config.to_dict(),
    // A bundler may have renamed the class.
    ...(architecture && { architectures: [architecture] }),
    dtype: dtype === 'fp16' ? 'float16' : 'float32',
  };
  const sorted = Object.keys(fields).sort();
  return `${JSON.stringify(Object.fromEntries(sorted.map((key) => [key, fields[key]])), null, 2)}\n`;
}

/** Chunks that are valid until the next, as one. */
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
