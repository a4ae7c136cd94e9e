/**
 * A model as files again: config.json and safetensors, as Hugging Face's `save_pretrained` writes
 * them. In: an engine with weights. Out: name and content, file by file.
 */

import type { MobileBertConfig } from '../config.ts';
import type { Engine } from '../engine/engine.ts';
import { decoder, type Parameter, type Place, parameters } from '../weights/names.ts';
import {
  bytesOfSize,
  type SavedTensor,
  safetensorsOf,
  shardIndexOf,
  shardsOf,
} from '../weights/save.ts';
import { byteSize, rowsOf } from '../weights/tensor-info.ts';
import type { Target } from './placement.ts';

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

/** Files one by one, so that only one of them is in memory; `architecture` is the class's name. */
export function* savedModel(
  { engine, config, parts }: Target,
  architecture: string,
  { max_shard_size }: ModelFilesOptions = {},
): Generator<[name: string, content: FileContent]> {
  const most = bytesOfSize(max_shard_size ?? '50GB');
  yield ['config.json', encode(configText(config, architecture))];
  const tensors = [...parameters(config, parts)].map((parameter) => saved(engine, parameter));
  if (parts.languageModel && config.tie_word_embeddings && hasOwnDecoder(engine, config)) {
    const [weight] = decoder(config);
    tensors.push(saved(engine, weight!));
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

/** A parameter's values, dense; zeros for one that no output depends on, and that is not kept. */
export function fetchParameter(
  engine: Engine,
  { shape, places }: Parameter,
): Float32Array<ArrayBuffer> {
  const [place] = places;
  return place ? fetchPlace(engine, place, shape) : new Float32Array(byteSize(shape, 1));
}

function fetchPlace(
  engine: Engine,
  place: Place,
  shape: readonly number[],
): Float32Array<ArrayBuffer> {
  const { rows, rowSize } = rowsOf(shape);
  return engine.fetch(place, 0, rows, rowSize);
}

function saved(engine: Engine, parameter: Parameter): SavedTensor {
  const { name, shape } = parameter;
  return { name, shape, values: () => fetchParameter(engine, parameter) };
}

/** Whether a tied decoder was loaded beside the embedding, and is another. */
function hasOwnDecoder(engine: Engine, config: MobileBertConfig): boolean {
  const { shape, places } = [...decoder(config)][0]!;
  const words = { ...places[0]!, slot: 'WordEmbeddings' } as const;
  const [own, tied] = [places[0]!, words].map((place) => {
    return new Uint32Array(fetchPlace(engine, place, shape).buffer);
  });
  return own!.some((bits, i) => bits !== tied![i]);
}

/** As Python: the config's own keys, which class this is, and of which type its numbers are. */
function configText(config: MobileBertConfig, architecture: string): string {
  const known = /^MobileBert/.test(architecture);
  const fields: Record<string, unknown> = {
    ...config.to_dict(),
    // A bundler may have renamed the class.
    ...(known && { architectures: [architecture] }),
    dtype: 'float32',
  };
  const sorted = Object.keys(fields).sort();
  return `${JSON.stringify(Object.fromEntries(sorted.map((key) => [key, fields[key]])), null, 2)}\n`;
}

function encode(text: string): FileContent {
  return new TextEncoder().encode(text);
}
