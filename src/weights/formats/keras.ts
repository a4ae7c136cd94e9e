/**
 * Keras weights in HDF5, as TensorFlow models of transformers 4 save them (tf_model.h5): every
 * layer lists its weights. Names and layouts become PyTorch's by the rules of
 * modeling_tf_pytorch_utils.py.
 */

import type { WeightsError } from '../../errors.ts';
import type { ByteAccess, ByteSource } from '../../platform/types.ts';
import { ByteReader, once, readWhole } from '../byte-reader.ts';
import {
  DTYPE_BYTES,
  type Dtype,
  fail,
  quote,
  type TensorInfo,
  type WeightsFile,
} from '../tensor-info.ts';
import { chunkBytes, type Extent, heldRows, readExtents } from './extents.ts';
import { type Hdf5Dataset, Hdf5File } from './hdf5.ts';
import { Transposer } from './transpose.ts';

/** Ten times the weights of a MobileBERT of 24 layers. */
const MAX_WEIGHTS = 10_000;

/** A tensor with PyTorch's name and shape, and the dataset that holds it. */
interface KerasTensor extends TensorInfo {
  readonly dataset: Hdf5Dataset;
  /** Whether the dataset is [inputs, outputs]. */
  readonly isTransposed: boolean;
}

/**
 * Reads the file's structure at its addresses, then in one pass the values. A source that can only
 * be streamed is held in memory as a whole.
 *
 * @throws WeightsError for a broken file, and for one without layers
 */
export async function openKeras(source: ByteSource, reader: ByteReader): Promise<WeightsFile> {
  const held = source.access ? undefined : await readAll(source, reader);
  const size = held?.length ?? source.size!;
  const tensors = await readTensors(source, held);
  const stream = held ? new ByteReader(once(held)) : reader;
  return {
    tensors,
    close: () => reader.close(),
    async *read(wanted) {
      const transposer = new Transposer();
      const rowsOf = (tensor: KerasTensor, bytes: Uint8Array, from = 0) =>
        tensor.isTransposed ? transposer.rows(tensor, bytes) : heldRows(tensor, bytes, from);
      const extents: (Extent & { readonly tensor: KerasTensor })[] = [];
      for (const tensor of tensors) {
        if (!wanted.has(tensor)) continue;
        const { values, size: length } = tensor.dataset;
        if (typeof values !== 'number') yield* rowsOf(tensor, values);
        else {
          const pieceBytes = tensor.isTransposed ? undefined : chunkBytes(tensor);
          extents.push({ name: tensor.name, offset: values, length, pieceBytes, tensor });
        }
      }
      for await (const [{ tensor }, bytes, from] of readExtents(stream, source, extents)) {
        yield* rowsOf(tensor, bytes, from);
      }
      if (stream.position !== size) throw wrongSize(source);
    },
  };
}

async function readAll(source: ByteSource, reader: ByteReader): Promise<Uint8Array> {
  const { size = Number.POSITIVE_INFINITY } = source;
  const bytes = reader.readNow(size) ?? (await readWhole(reader, size, source.size));
  if (source.size === undefined || (bytes.length === size && (await reader.ended()))) return bytes;
  throw wrongSize(source);
}

function wrongSize({ name, size }: ByteSource): WeightsError {
  return fail(name, `file has not the ${size} bytes that it is said to have`);
}

async function readTensors(
  source: ByteSource,
  held: Uint8Array | undefined,
): Promise<KerasTensor[]> {
  const access: ByteAccess = held
    ? { read: async (start, end) => held.subarray(start, end), close: async () => {} }
    : await source.access!();
  try {
    return await tensorsOf(await Hdf5File.open(access, held?.length ?? source.size!));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw fail(source.name, `HDF5 file is not usable: ${error.message}`, error);
  } finally {
    await access.close();
  }
}

async function tensorsOf(file: Hdf5File): Promise<KerasTensor[]> {
  // A file of a whole model has its weights in a group; a file of weights has no such group.
  const root = (await file.find('model_weights')) ?? (await file.find(''))!;
  const layers = await namesAt(file, 'layer_names', root);
  if (!layers) {
    throw new SyntaxError('it has no "layer_names", expected the weights of a Keras model');
  }
  const tensors: KerasTensor[] = [];
  for (const layer of layers) {
    const group = await file.find(layer, root);
    if (group === undefined) throw new SyntaxError(`layer ${quote(layer)} is not there`);
    const names = await namesAt(file, 'weight_names', group);
    if (!names) throw new SyntaxError(`layer ${quote(layer)} has no "weight_names"`);
    for (const name of names) {
      if (tensors.length === MAX_WEIGHTS) {
        throw new SyntaxError(`it has more than ${MAX_WEIGHTS} weights`);
      }
      tensors.push(await readTensor(file, group, name));
    }
  }
  return tensors;
}

/** A list of names; Keras splits one that is too long for an attribute into `name0`, `name1`, .. */
async function namesAt(file: Hdf5File, name: string, group: number): Promise<string[] | undefined> {
  const whole = await file.texts(name, group);
  if (whole) return whole;
  const names: string[] = [];
  for (let part = 0; ; part++) {
    const more = await file.texts(`${name}${part}`, group);
    if (!more) return part === 0 ? undefined : names;
    names.push(...more);
  }
}

async function readTensor(file: Hdf5File, group: number, kerasName: string): Promise<KerasTensor> {
  const address = await file.find(kerasName, group);
  if (address === undefined) throw new SyntaxError(`weight ${quote(kerasName)} is not there`);
  const dataset = await file.dataset(address, kerasName);
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
 * PyTorch's name for a Keras weight: without the model's name in front and the `:0` at the end,
 * `layer_._0` becomes `layer.0`, `predictions___cls` becomes `cls`. A `kernel` is a Linear's
 * weight.
 */
export function torchName(kerasName: string): {
  readonly name: string;
  readonly isKernel: boolean;
} {
  const levels = kerasName.replaceAll(':0', '').split('/');
  if (kerasName.includes('___')) {
    for (let i = 1; i < levels.length - 1; i++) levels[i] = levels[i]!.split('___').at(-1)!;
  }
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
