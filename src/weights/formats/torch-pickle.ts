/**
 * A pickled checkpoint -> tensors as views of storages. The globals that a pickle may name are a
 * closed list: what rebuilds tensors, the storage types, and the plain values that
 * `torch.load(weights_only=True)` takes, which are not made. Sources: torch/_utils.py,
 * torch/serialization.py, torch/_weights_only_unpickler.py.
 */

import type { ByteReader } from '../byte-reader.ts';
import { byteSize, DTYPE_BYTES, type Dtype, fail, quote, type TensorInfo } from '../tensor-info.ts';
import { type PickleHost, readPickle } from './pickle.ts';
import { chooseStateDict } from './state-dict.ts';

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
/** A storage whose tensors say their element types. Its length is in bytes. */
const UNTYPED = 'torch.storage.UntypedStorage';
/** Element types that have no storage type of their own. */
const UNTYPED_DTYPES: Readonly<Record<string, Dtype>> = {
  'torch.float8_e4m3fn': 'F8_E4M3',
  'torch.float8_e5m2': 'F8_E5M2',
  'torch.uint16': 'U16',
  'torch.uint32': 'U32',
  'torch.uint64': 'U64',
};
/** Names of `torch.dtype`s, which optimizers keep. */
const DTYPE_NAME = /^torch\.(float|bfloat|complex|u?int|bool)[a-z0-9_]*$/;
/** Classes that are named, and never called. */
const CLASSES: ReadonlySet<string> = new Set(['torch.Tensor', 'torch.nn.parameter.Parameter']);
/** What training keeps beside weights. A call of it makes nothing. */
const PLAIN: ReadonlySet<string> = new Set([
  'torch.Size',
  'torch.device',
  '_codecs.encode',
  'builtins.bytearray',
  'builtins.complex',
  'builtins.set',
  'collections.Counter',
]);

/** The functions that rebuild what a checkpoint holds. */
const CALLS: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  'collections.OrderedDict': (args) => {
    if (args.length > 0) throw new SyntaxError('an OrderedDict is made from a list, expected ()');
    return new Map();
  },
  'torch._utils._rebuild_tensor': rebuild,
  'torch._utils._rebuild_tensor_v2': rebuild,
  'torch._utils._rebuild_tensor_v3': rebuildUntyped,
  'torch._utils._rebuild_parameter': ([data]) => data,
  'torch._utils._rebuild_parameter_with_state': ([data]) => data,
  'torch._utils._rebuild_device_tensor_from_cpu_tensor': ([data]) => data,
  'torch._tensor._rebuild_from_type_v2': rebuildTyped,
};

const MAX_RANK = 8;

/** The tensors of a checkpoint, and all that is stored in its file. */
export interface StateDict {
  readonly views: readonly View[];
  /** Every storage that the pickle names, also those of no tensor in `views`, by key. */
  readonly storages: ReadonlyMap<string, Storage>;
  /** What was chosen or left out, for `loading_info`. */
  readonly notes: readonly string[];
}

/**
 * Reads one pickled checkpoint: a state_dict, or what training saved around one.
 *
 * @throws WeightsError naming the global, the opcode or the tensor that cannot be used, and where
 *   there is no state_dict, or more than one
 */
export async function readStateDict(reader: ByteReader, file: string): Promise<StateDict> {
  const storages = new Map<string, StorageValue>();
  const value = await readPickle(reader, torchHost(storages), file);
  try {
    const { entries, notes } = chooseStateDict(value, isTensor);
    const views = entries.map(([name, tensor]) => ({ name, ...tensor }));
    return { views, storages, notes };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw fail(file, `pickle is not usable: ${error.message}`, error);
  }
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

function torchHost(storages: Map<string, StorageValue>): PickleHost {
  return {
    global(written) {
      // Protocol 2 writes the names of Python 2.
      const name = written.replace(/^__builtin__\./, 'builtins.');
      const isKnown =
        Object.hasOwn(CALLS, name) ||
        Object.hasOwn(STORAGES, name) ||
        PLAIN.has(name) ||
        CLASSES.has(name);
      if (isKnown || name === UNTYPED || DTYPE_NAME.test(name)) return new Global(name);
      throw new SyntaxError(
        `found global ${quote(written)}, expected only what tensors are made of`,
      );
    },
    call(callable, args) {
      const name = callable instanceof Global ? callable.name : undefined;
      if (name !== undefined && Object.hasOwn(CALLS, name)) return CALLS[name]!(args);
      if (name !== undefined && PLAIN.has(name)) return null;
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
  const dtype = type instanceof Global ? storageDtype(type.name) : undefined;
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

function storageDtype(type: string): Dtype | undefined {
  if (type === UNTYPED) return 'U8';
  return Object.hasOwn(STORAGES, type) ? STORAGES[type] : undefined;
}

/** (function, class, arguments, state): a tensor with attributes, which are dropped. */
function rebuildTyped([callable, , args]: readonly unknown[]): unknown {
  const name = callable instanceof Global ? callable.name : '';
  const isRebuild = name.startsWith('torch._utils._rebuild_') && Object.hasOwn(CALLS, name);
  if (isRebuild && Array.isArray(args)) return CALLS[name]!(args);
  throw new SyntaxError('a tensor with attributes is not rebuilt by what rebuilds tensors');
}

/** As below, with the element type as item 6. Offset and strides count elements of that type. */
function rebuildUntyped(args: readonly unknown[]): TensorValue {
  const [storage, type] = [args[0], args[6]];
  if (!(storage instanceof StorageValue)) throw new SyntaxError('a tensor has no storage');
  const name = type instanceof Global ? type.name : '';
  const dtype = Object.hasOwn(UNTYPED_DTYPES, name) ? UNTYPED_DTYPES[name]! : undefined;
  if (dtype === undefined) {
    throw new SyntaxError(`a tensor of storage ${quote(storage.key)} has no usable type`);
  }
  const length = Math.floor((storage.length * DTYPE_BYTES[storage.dtype]) / DTYPE_BYTES[dtype]);
  return rebuild([new StorageValue(storage.key, dtype, length), ...args.slice(1)]);
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
