/**
 * Keras' weights in HDF5, as TensorFlow models of transformers 4 save them (tf_model.h5): layers that
 * list their weights. The format is read by address, so the whole file is held. Names and layouts become
 * PyTorch's by the rules of modeling_tf_pytorch_utils.py.
 */

import type { ByteSource } from '../../platform/types.ts';
import type { ByteReader } from '../byte-reader.ts';
import {
  DTYPE_BYTES,
  type Dtype,
  quote,
  type TensorInfo,
  type WeightsFile,
} from '../tensor-info.ts';
import { fail } from './fail.ts';
import { type Hdf5Dataset, Hdf5File } from './hdf5.ts';
import { heldRows, Turner } from './held.ts';
import { readWhole } from './read-whole.ts';

/** Ten times those of a MobileBERT of 24 layers. */
const MAX_WEIGHTS = 10_000;

/** A tensor as PyTorch names and shapes it, and where it is. */
interface KerasTensor extends TensorInfo {
  readonly dataset: Hdf5Dataset;
  readonly isTransposed: boolean;
}

/** @throws WeightsError for a broken file, and for one that lists no layers */
export async function openKeras(source: ByteSource, reader: ByteReader): Promise<WeightsFile> {
  const bytes = await readAll(source, reader);
  const tensors = refused(source.name, () => readTensors(new Hdf5File(bytes)));
  return {
    tensors,
    close: () => reader.close(),
    async *read(wanted) {
      const turner = new Turner();
      for (const tensor of tensors) {
        if (!wanted.has(tensor)) continue;
        const { isTransposed, dataset } = tensor;
        yield* isTransposed ? turner.rows(tensor, dataset.bytes) : heldRows(tensor, dataset.bytes);
      }
    },
  };
}

async function readAll({ name, size }: ByteSource, reader: ByteReader): Promise<Uint8Array> {
  const bytes = await readWhole(reader, size ?? Number.POSITIVE_INFINITY, size);
  if (size === undefined || (bytes.length === size && (await reader.ended()))) return bytes;
  throw fail(name, `file has not the ${size} bytes that it is said to have`);
}

function refused<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw fail(file, `HDF5 file is not usable: ${error.message}`, error);
  }
}

function readTensors(file: Hdf5File): KerasTensor[] {
  // Beside a model's description, its weights are in a group of their own.
  const root = file.find('model_weights') ?? file.find('')!;
  const layers = namesAt(file, 'layer_names', root);
  if (!layers) {
    throw new SyntaxError('it has no "layer_names", expected the weights of a Keras model');
  }
  const tensors: KerasTensor[] = [];
  for (const layer of layers) {
    const group = file.find(layer, root);
    if (group === undefined) throw new SyntaxError(`layer ${quote(layer)} is not there`);
    for (const name of namesAt(file, 'weight_names', group) ?? []) {
      if (tensors.length === MAX_WEIGHTS) {
        throw new SyntaxError(`it has more than ${MAX_WEIGHTS} weights`);
      }
      tensors.push(readTensor(file, group, name));
    }
  }
  return tensors;
}

/** A list of names; Keras cuts one into `name0`, `name1` and so on that is too long for an attribute. */
function namesAt(file: Hdf5File, name: string, group: number): string[] | undefined {
  const whole = file.texts(name, group);
  if (whole) return whole;
  const names: string[] = [];
  for (let part = 0; ; part++) {
    const more = file.texts(`${name}${part}`, group);
    if (!more) return part === 0 ? undefined : names;
    names.push(...more);
  }
}

function readTensor(file: Hdf5File, group: number, kerasName: string): KerasTensor {
  const address = file.find(kerasName, group);
  if (address === undefined) throw new SyntaxError(`weight ${quote(kerasName)} is not there`);
  const dataset = file.dataset(address, kerasName);
  const { dtype, shape } = dataset;
  if (!Object.hasOwn(DTYPE_BYTES, dtype)) {
    throw new SyntaxError(`dataset ${quote(kerasName)} holds ${dtype}, expected F64, F32 or F16`);
  }
  const { name, isKernel } = torchName(kerasName);
  const isTransposed = isKernel && shape.length === 2;
  return {
    ...{ name, dataset, isTransposed, dtype: dtype as Dtype },
    shape: isTransposed ? shape.toReversed() : shape,
  };
}

/**
 * PyTorch's name for a weight of Keras: without the model's own name and the device, `layer_._0` as
 * `layer.0`, `cls` out of `predictions___cls`.
 */
export function torchName(kerasName: string): {
  readonly name: string;
  readonly isKernel: boolean;
} {
  const levels = kerasName.replaceAll(':0', '').split('/');
  for (let i = 1; i < levels.length - 1; i++) levels[i] = levels[i]!.split('___').at(-1)!;
  const path = levels
    .join('/')
    .replaceAll('_._', '/')
    .split('/')
    .filter((part) => part !== '');
  const parts = path.length > 1 ? path.slice(1) : path;
  const last = parts.pop() ?? '';
  const name = [...parts, LAST_NAMES.get(last) ?? last].join('.');
  return { name, isKernel: last === 'kernel' };
}

const LAST_NAMES: ReadonlyMap<string, string> = new Map([
  ['kernel', 'weight'],
  ['embeddings', 'weight'],
  ['gamma', 'weight'],
  ['beta', 'bias'],
]);
