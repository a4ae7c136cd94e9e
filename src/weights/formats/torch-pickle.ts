/**
 * A pickled state_dict -> tensors as views of storages. The globals that a pickle may name are a
 * closed list: the functions that rebuild tensors and the storage types. Sources: torch/_utils.py,
 * torch/serialization.py.
 */

import type { ByteReader } from '../byte-reader.ts';
import { byteSize, DTYPE_BYTES, type Dtype, fail, quote, type TensorInfo } from '../tensor-info.ts';
import { type PickleHost, readPickle } from './pickle.ts';

/** The values that one or more tensors are views of. */
export interface Storage {
  readonly key: string;
  readonly dtype: Dtype;
  /** Number of elements. */
  readonly length: number;
}

/**
 * A tensor: its element [i, j, ..] is element offset + i*strides[0] + j*strides[1] + .. of
 * `storage`.
 */
export interface View extends TensorInfo {
  readonly storage: Storage;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** A tensor before it has a name. */
type UnnamedView = Omit<View, 'name'>;

/** Element types of PyTorch's storage types. */
const STORAGES: Readonly<Record<string, Dtype>> = {
  'torch.DoubleStorage': 'F64',
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
};

/** The functions that a checkpoint may call. */
const CALLS: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  'collections.OrderedDict': (args) => {
    if (args.length > 0) throw new SyntaxError('an OrderedDict is made from a list, expected ()');
    return new Map();
  },
  'torch._utils._rebuild_tensor': rebuild,
  'torch._utils._rebuild_tensor_v2': rebuild,
  'torch._utils._rebuild_parameter': ([data]) => data,
};

const MAX_RANK = 8;
const MAX_TENSORS = 100_000;

/**
 * Reads one pickled state_dict, all of whose values must be tensors.
 *
 * @throws WeightsError naming the global, the opcode or the tensor that cannot be used
 */
export async function readStateDict(reader: ByteReader, file: string): Promise<View[]> {
  const value = await readPickle(reader, torchHost(), file);
  if (!(value instanceof Map)) {
    throw fail(file, 'pickle holds no state_dict, expected a dict of tensors');
  }
  if (value.size > MAX_TENSORS) {
    throw fail(file, `pickle holds ${value.size} tensors, expected at most ${MAX_TENSORS}`);
  }
  return Array.from(value, ([name, tensor]) => {
    if (!isTensor(tensor))
      throw fail(file, `entry ${quote(String(name))} is no tensor, expected one`);
    return { name: String(name), ...tensor };
  });
}

/** Reads one pickle of plain values: without globals, calls and persistent ids. */
export function readPlain(reader: ByteReader, file: string): Promise<unknown> {
  const refuse = (): never => {
    throw new SyntaxError('it names something, expected plain values');
  };
  return readPickle(reader, { global: refuse, call: refuse, persistent: refuse }, file);
}

/** A global on the stack: an object, so that a string cannot pass for one. */
class Global {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

class TensorValue implements UnnamedView {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly storage: Storage;
  readonly offset: number;
  readonly strides: readonly number[];

  constructor(storage: Storage, offset: number, shape: number[], strides: number[]) {
    this.dtype = storage.dtype;
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

class StorageValue implements Storage {
  readonly key: string;
  readonly dtype: Dtype;
  readonly length: number;
  constructor(key: string, dtype: Dtype, length: number) {
    this.key = key;
    this.dtype = dtype;
    this.length = length;
  }
}

function isTensor(value: unknown): value is TensorValue {
  return value instanceof TensorValue;
}

function torchHost(): PickleHost {
  const storages = new Map<string, StorageValue>();
  return {
    global(name) {
      if (Object.hasOwn(CALLS, name) || Object.hasOwn(STORAGES, name)) return new Global(name);
      throw new SyntaxError(`found global ${quote(name)}, expected only what tensors are made of`);
    },
    call(callable, args) {
      const name = callable instanceof Global ? callable.name : undefined;
      if (name !== undefined && Object.hasOwn(CALLS, name)) return CALLS[name]!(args);
      throw new SyntaxError(`it calls ${name ? quote(name) : 'what is no function'}`);
    },
    persistent(id) {
      const storage = storageOf(id);
      const known = storages.get(storage.key);
      if (!known) storages.set(storage.key, storage);
      else if (known.dtype !== storage.dtype || known.length !== storage.length) {
        throw new SyntaxError(`storage ${quote(storage.key)} is declared twice, differently`);
      }
      return known ?? storage;
    },
  };
}

/**
 * ('storage', type, key, device, elements); old files have a sixth item, which says whether it is a
 * view.
 */
function storageOf(id: unknown): StorageValue {
  if (!Array.isArray(id) || id.length < 5 || id.length > 6 || id[0] !== 'storage') {
    throw new SyntaxError('a persistent id is no storage, expected ("storage", type, key, ..)');
  }
  const [, type, key, , length, view] = id;
  const dtype = type instanceof Global ? STORAGES[type.name] : undefined;
  if (dtype === undefined) throw new SyntaxError('a storage has no usable type');
  if (typeof key !== 'string') throw new SyntaxError('a storage has no usable key');
  if (!isSize(length) || byteSize([length], DTYPE_BYTES[dtype]) === Number.POSITIVE_INFINITY) {
    throw new SyntaxError(`storage ${quote(key)} has no usable length`);
  }
  if (view !== undefined && view !== null) {
    throw new SyntaxError(`storage ${quote(key)} is a view of another, expected a whole one`);
  }
  return new StorageValue(key, dtype, length);
}

/** (storage, offset, shape, strides, ..); the further arguments concern training only. */
function rebuild([storage, offset, shape, strides]: readonly unknown[]): TensorValue {
  if (!(storage instanceof StorageValue)) throw new SyntaxError('a tensor has no storage');
  if (!isSize(offset) || !isSizes(shape) || !isSizes(strides) || shape.length !== strides.length) {
    throw new SyntaxError(
      `a tensor of storage ${quote(storage.key)} has no usable offset, shape and strides`,
    );
  }
  const isEmpty = shape.includes(0);
  const last = shape.reduce((index, dim, axis) => index + (dim - 1) * strides[axis]!, offset);
  const isWithin = Number.isSafeInteger(last) && last < storage.length;
  if (byteSize(shape, 8) === Number.POSITIVE_INFINITY || !(isEmpty || isWithin)) {
    throw new SyntaxError(
      `a tensor reaches past the ${storage.length} elements of storage ${quote(storage.key)}`,
    );
  }
  return new TensorValue(storage, offset, [...shape], [...strides]);
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MAX_RANK && value.every(isSize);
}
