/**
 * PyTorch checkpoints since torch 1.6: a ZIP archive of `X/data.pkl`, the state_dict, and one entry
 * `X/data/KEY` for each storage. torch.save writes the pickle first and no sizes in front of
 * entries; the pickle says both where it ends and how long the storages are, so such a file streams.
 * Entries in front of a pickle that comes later are kept as they are until it does.
 */

import type { ByteSource } from '../../platform/types.ts';
import { ByteReader, once } from '../byte-reader.ts';
import {
  byteSize,
  DTYPE_BYTES,
  fail,
  quote,
  type TensorRows,
  type Wanted,
  type WeightsFile,
} from '../tensor-info.ts';
import { inflate } from './inflate.ts';
import { readStateDict, type View } from './torch-pickle.ts';
import { readViews, viewsByKey } from './torch-storage.ts';
import { type ZipEntry, ZipReader } from './zip.ts';

/** Entries beside pickle and storages hold a version, a byte order, an id. */
const MAX_NOTE_BYTES = 2 ** 16;

/** An entry met before the pickle, still packed. */
interface Kept {
  readonly entry: ZipEntry;
  readonly bytes: Uint8Array;
}

/** @throws WeightsError for anything but the above; tensors of a torch.save file are not read yet */
export async function openTorchZip(
  { name: file }: ByteSource,
  reader: ByteReader,
): Promise<WeightsFile> {
  const zip = new ZipReader(reader, file);
  const kept: Kept[] = [];
  for (;;) {
    const entry = await zip.next();
    if (!entry) throw fail(file, 'archive has no "data.pkl", expected a PyTorch checkpoint');
    if (localName(entry.name) !== 'data.pkl') {
      kept.push({ entry, bytes: await zip.keep(entry) });
      continue;
    }
    const views = await readPickleEntry(zip, entry, reader, file);
    const archive = new Archive(zip, reader, views, file);
    return {
      tensors: views,
      close: () => reader.close(),
      read: (wanted) => archive.read(kept, wanted),
    };
  }
}

async function readPickleEntry(
  zip: ZipReader,
  entry: ZipEntry,
  reader: ByteReader,
  file: string,
): Promise<View[]> {
  const content = zip.open(entry);
  const start = reader.position;
  let views: View[];
  try {
    views = await readStateDict(content, file);
    await drain(content, entry, content === reader ? reader.position - start : 0, file);
  } finally {
    if (content !== reader) await content.close();
  }
  await zip.descriptor(entry, entry.packedSize ?? reader.position - start);
  return views;
}

/** Checks that an entry ends where what it holds ends. */
async function drain(
  content: ByteReader,
  { isDeflated, name, size }: ZipEntry,
  read: number,
  file: string,
): Promise<void> {
  const isDone = isDeflated ? await content.ended() : size === undefined || size === read;
  if (!isDone) throw fail(file, `entry ${quote(name)} is longer or shorter than what it holds`);
}

/** The storages of an archive whose pickle is known. */
class Archive {
  readonly #zip: ZipReader;
  readonly #reader: ByteReader;
  readonly #views: readonly View[];
  readonly #file: string;
  readonly #seen = new Set<string>();

  constructor(zip: ZipReader, reader: ByteReader, views: readonly View[], file: string) {
    this.#zip = zip;
    this.#reader = reader;
    this.#views = views;
    this.#file = file;
  }

  async *read(kept: readonly Kept[], wanted: Wanted): AsyncGenerator<TensorRows> {
    const used = viewsByKey(this.#views, wanted);
    const sizes = new Map(this.#views.map(({ storage }) => [storage.key, sizeOf(storage)]));
    for (const { entry, bytes } of kept) {
      await this.#checkOrder(entry, bytes);
      yield* this.#entry(entry, sizes, used, () => this.#unpack(entry, bytes));
    }
    for (;;) {
      const entry = await this.#zip.next();
      if (!entry) break;
      yield* this.#entry(entry, sizes, used, undefined);
    }
    for (const [key, [view]] of used) {
      if (this.#seen.has(key) || byteSize(view!.shape, 1) === 0) continue;
      throw fail(
        this.#file,
        `tensor ${quote(view!.name)} has no storage: archive lacks "data/${key}"`,
      );
    }
  }

  async *#entry(
    entry: ZipEntry,
    sizes: ReadonlyMap<string, number>,
    used: ReadonlyMap<string, readonly View[]>,
    unpack: (() => ByteReader) | undefined,
  ): AsyncGenerator<TensorRows> {
    const name = localName(entry.name);
    const key = name.startsWith('data/') ? name.slice('data/'.length) : undefined;
    const size = key === undefined ? undefined : sizes.get(key);
    if (size === undefined) {
      if (unpack === undefined) await this.#pass(entry);
      return;
    }
    if (this.#seen.has(key!)) throw fail(this.#file, `entry ${quote(entry.name)} stands twice`);
    this.#seen.add(key!);
    if (entry.size !== undefined && entry.size !== size) {
      throw fail(
        this.#file,
        `entry ${quote(entry.name)} has ${entry.size} bytes, expected ${size}`,
      );
    }
    const content = unpack ? unpack() : this.#zip.open(entry);
    const isOwn = content !== this.#reader;
    let isWhole = false;
    try {
      const read = yield* readViews(content, used.get(key!) ?? [], this.#file);
      isWhole = (await content.skip(size - read)) === size - read;
      isWhole &&= !isOwn || (await content.ended());
    } finally {
      if (isOwn) await content.close();
    }
    if (!isWhole) {
      throw fail(this.#file, `entry ${quote(entry.name)} has not the ${size} bytes of its storage`);
    }
    if (!unpack) await this.#zip.descriptor(entry, entry.packedSize ?? size);
  }

  /** An entry that holds no tensor's storage. */
  async #pass(entry: ZipEntry): Promise<void> {
    const name = localName(entry.name);
    if (name === 'data.pkl') throw fail(this.#file, `entry ${quote(entry.name)} stands twice`);
    const { packedSize } = entry;
    if (packedSize !== undefined && packedSize > MAX_NOTE_BYTES) {
      if ((await this.#reader.skip(packedSize)) < packedSize) {
        throw fail(this.#file, 'the archive is cut off inside an entry');
      }
      return this.#zip.descriptor(entry, packedSize);
    }
    const bytes =
      packedSize === undefined
        ? await this.#zip.keepUnsized(entry, MAX_NOTE_BYTES)
        : await this.#zip.keep(entry);
    await this.#checkOrder(entry, bytes);
  }

  /** The note `byteorder`, of torch 2.1 and later, says little or big; older files are little. */
  async #checkOrder(entry: ZipEntry, bytes: Uint8Array): Promise<void> {
    if (localName(entry.name) !== 'byteorder') return;
    const content = this.#unpack(entry, bytes);
    const order = String.fromCharCode(...(await content.read(8)));
    await content.close();
    if (order === 'little') return;
    throw fail(this.#file, `byte order is ${quote(order)}, expected "little"`);
  }

  #unpack({ isDeflated, name }: ZipEntry, bytes: Uint8Array): ByteReader {
    const chunks = once(bytes);
    return new ByteReader(isDeflated ? inflate(chunks, name, this.#file) : chunks);
  }
}

/** The name below the archive's own folder: `archive/data/0` -> `data/0`. */
function localName(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

function sizeOf({ length, dtype }: View['storage']): number {
  return byteSize([length], DTYPE_BYTES[dtype]);
}
