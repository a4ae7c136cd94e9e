/**
 * PyTorch checkpoints before torch 1.6 (`_legacy_save` in torch/serialization.py): five pickles
 * (magic number, protocol, system, state_dict, storage keys), then each storage in the order of the
 * keys: 8 bytes number of elements (little-endian) | the elements.
 */

import type { ByteSource } from '../../platform/types.ts';
import type { ByteReader } from '../byte-reader.ts';
import {
  byteSize,
  DTYPE_BYTES,
  fail,
  quote,
  type TensorRows,
  type Wanted,
  type WeightsFile,
} from '../tensor-info.ts';
import { readPlain, readStateDict, type Storage, type View } from './torch-pickle.ts';
import { readViews, viewsByKey } from './torch-storage.ts';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/**
 * Reads the pickles, which declare the tensors.
 *
 * @throws WeightsError for broken pickles, and for a file that is no checkpoint
 */
export async function openTorchLegacy(
  { name: file, size }: ByteSource,
  reader: ByteReader,
): Promise<WeightsFile> {
  const [magic, protocol, system] = [
    await readPlain(reader, file),
    await readPlain(reader, file),
    await readPlain(reader, file),
  ];
  if (magic !== MAGIC || protocol !== PROTOCOL) {
    const found = typeof protocol === 'number' ? protocol : 'none';
    throw fail(file, `found PyTorch file protocol ${found}, expected ${PROTOCOL}`);
  }
  if (!(system instanceof Map) || system.get('little_endian') !== true) {
    throw fail(file, 'numbers are big-endian, expected little-endian');
  }
  const { views, storages: known, notes } = await readStateDict(reader, file);
  const keys = await readPlain(reader, file);
  const storages = orderedStorages(known, keys, file);
  const bytes = storages.reduce((sum, storage) => sum + 8 + bytesOf(storage), reader.position);
  if (size !== undefined && size !== bytes) {
    throw fail(file, `file has ${size} bytes, its storages expect ${bytes}`);
  }
  return {
    tensors: views,
    notes,
    close: () => reader.close(),
    read: (wanted) => readStorages(reader, storages, views, wanted, file),
  };
}

/** The storages in the order of the file, which must be exactly those that the pickle names. */
function orderedStorages(
  storages: ReadonlyMap<string, Storage>,
  keys: unknown,
  file: string,
): Storage[] {
  if (
    !Array.isArray(keys) ||
    new Set(keys).size !== storages.size ||
    keys.length !== storages.size
  ) {
    throw fail(file, 'the list of storages is not that of the tensors, expected each once');
  }
  return keys.map((key: unknown) => {
    const storage = storages.get(key as string);
    if (storage) return storage;
    const name = typeof key === 'string' ? quote(key) : 'whose key is no text';
    throw fail(file, `storage ${name} belongs to no tensor`);
  });
}

async function* readStorages(
  reader: ByteReader,
  storages: readonly Storage[],
  views: readonly View[],
  wanted: Wanted,
  file: string,
): AsyncGenerator<TensorRows> {
  const used = viewsByKey(views, wanted);
  for (const storage of storages) {
    const head = await reader.read(8);
    const count =
      head.length < 8 ? -1n : new DataView(head.buffer, head.byteOffset).getBigInt64(0, true);
    if (count !== BigInt(storage.length)) {
      throw fail(
        file,
        `storage ${quote(storage.key)} has ${head.length < 8 ? 'no length' : `${count} elements`}, expected ${storage.length}`,
      );
    }
    const read = yield* readViews(reader, used.get(storage.key) ?? [], file);
    const rest = bytesOf(storage) - read;
    if ((await reader.skip(rest)) < rest) {
      throw fail(
        file,
        `storage ${quote(storage.key)} is cut off, expected ${storage.length} elements`,
      );
    }
  }
  if (await reader.ended()) return;
  throw fail(file, `found bytes after the last storage, at ${reader.position}, expected the end`);
}

function bytesOf({ length, dtype }: Storage): number {
  return byteSize([length], DTYPE_BYTES[dtype]);
}
