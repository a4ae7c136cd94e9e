/**
 * PyTorch checkpoints since torch 1.6: a ZIP archive of `X/data.pkl`, the state_dict, and one entry
 * `X/data/KEY` for each storage. torch.save writes the pickle first, and sizes only after an
 * entry's bytes. A pickle says where it ends and how long the storages are, so the file can be
 * streamed. Where the pickle is not the first entry, the entries before it are held in memory.
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
import { readStateDict, type StateDict, type Storage, type View } from './torch-pickle.ts';
import { readViews, viewsByKey } from './torch-storage.ts';
import { type ZipEntry, ZipReader } from './zip.ts';

/**
 * The most bytes that are held of an entry beside pickle and storages: version, byteorder, an id.
 */
const MAX_NOTE_BYTES = 2 ** 16;

/** The most bytes that a deflated storage may have for each byte that is read of it. */
const MOST_INFLATED = 16;

/** An entry before the pickle, its bytes as they are in the archive. */
interface EarlyEntry {
  readonly entry: ZipEntry;
  readonly bytes: Uint8Array;
}

/**
 * Reads the archive up to its pickle, which declares the tensors.
 *
 * @throws WeightsError for a broken archive, and for one that is no checkpoint
 */
export async function openTorchZip(
  { name: file }: ByteSource,
  reader: ByteReader,
): Promise<WeightsFile> {
  const zip = new ZipReader(reader, file);
  const early: EarlyEntry[] = [];
  for (;;) {
    const entry = await zip.next();
    if (!entry) throw fail(file, 'archive has no "data.pkl", expected a PyTorch checkpoint');
    if (localName(entry.name) !== 'data.pkl') {
      early.push({ entry, bytes: await zip.keep(entry) });
      continue;
    }
    const dict = await readPickleEntry(zip, entry, reader, file);
    const storages = new Storages(zip, reader, dict, file);
    return {
      tensors: dict.views,
      notes: dict.notes,
      close: () => reader.close(),
      read: (wanted) => storages.read(early, wanted),
    };
  }
}

async function readPickleEntry(
  zip: ZipReader,
  entry: ZipEntry,
  reader: ByteReader,
  file: string,
): Promise<StateDict> {
  const content = zip.open(entry);
  const start = reader.position;
  let dict: StateDict;
  try {
    dict = await readStateDict(content, file);
    await checkEnd(content, entry, content === reader ? reader.position - start : 0, file);
  } finally {
    if (content !== reader) await content.close();
  }
  await zip.descriptor(entry, entry.compressedSize ?? reader.position - start);
  return dict;
}

/** Checks that the pickle, of `read` bytes, is all of its entry. */
async function checkEnd(
  content: ByteReader,
  { isDeflated, name, size }: ZipEntry,
  read: number,
  file: string,
): Promise<void> {
  const isDone = isDeflated ? await content.ended() : size === undefined || size === read;
  if (!isDone) throw fail(file, `entry ${quote(name)} is longer or shorter than what it holds`);
}

/** The storages of an archive whose pickle has been read. */
class Storages {
  readonly #zip: ZipReader;
  readonly #reader: ByteReader;
  readonly #dict: StateDict;
  readonly #file: string;
  readonly #seen = new Set<string>();

  constructor(zip: ZipReader, reader: ByteReader, dict: StateDict, file: string) {
    this.#zip = zip;
    this.#reader = reader;
    this.#dict = dict;
    this.#file = file;
  }

  async *read(early: readonly EarlyEntry[], wanted: Wanted): AsyncGenerator<TensorRows> {
    const used = viewsByKey(this.#dict.views, wanted);
    const sizes = new Map(
      Array.from(this.#dict.storages, ([key, storage]) => [key, sizeOf(storage)]),
    );
    for (const { entry, bytes } of early) {
      await this.#checkOrder(entry, bytes);
      yield* this.#entry(entry, sizes, used, () => this.#zip.openKept(entry, bytes));
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

  /** The rows in one entry: of the wanted tensors, where it is a storage. */
  async *#entry(
    entry: ZipEntry,
    sizes: ReadonlyMap<string, number>,
    used: ReadonlyMap<string, readonly View[]>,
    openKept: (() => ByteReader) | undefined,
  ): AsyncGenerator<TensorRows> {
    const name = localName(entry.name);
    const key = name.startsWith('data/') ? name.slice('data/'.length) : undefined;
    const size = key === undefined ? undefined : sizes.get(key);
    if (size === undefined) {
      if (openKept === undefined) await this.#pass(entry);
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
    const views = used.get(key!) ?? [];
    if (entry.isDeflated) {
      // What nobody reads is not inflated, so a small file cannot take long.
      if (views.length === 0) return openKept ? undefined : this.#skip(entry);
      this.#checkInflated(entry, views, size);
    }
    const content = openKept ? openKept() : this.#zip.open(entry);
    const isOwn = content !== this.#reader;
    let isWhole = false;
    try {
      const read = yield* readViews(content, views, this.#file);
      isWhole = (await content.skip(size - read)) === size - read;
      isWhole &&= !isOwn || (await content.ended());
    } finally {
      if (isOwn) await content.close();
    }
    if (!isWhole) {
      throw fail(this.#file, `entry ${quote(entry.name)} has not the ${size} bytes of its storage`);
    }
    if (!openKept) await this.#zip.descriptor(entry, entry.compressedSize ?? size);
  }

  /** Passes over an entry that is no tensor's storage, and checks it where it is `byteorder`. */
  async #pass(entry: ZipEntry): Promise<void> {
    const name = localName(entry.name);
    if (name === 'data.pkl') throw fail(this.#file, `entry ${quote(entry.name)} stands twice`);
    const { compressedSize } = entry;
    if (compressedSize !== undefined && compressedSize > MAX_NOTE_BYTES) return this.#skip(entry);
    const bytes =
      compressedSize === undefined
        ? await this.#zip.keepUnsized(entry, MAX_NOTE_BYTES)
        : await this.#zip.keep(entry);
    await this.#checkOrder(entry, bytes);
  }

  /** Passes over the bytes of an entry that says its size, as deflated ones must. */
  async #skip(entry: ZipEntry): Promise<void> {
    const { compressedSize = Number.POSITIVE_INFINITY } = entry;
    if ((await this.#reader.skip(compressedSize)) < compressedSize) {
      throw fail(this.#file, 'the archive is cut off inside an entry');
    }
    return this.#zip.descriptor(entry, compressedSize);
  }

  /** Deflated zeros are a thousandth of what they become: it must be for what is read of them. */
  #checkInflated({ name }: ZipEntry, views: readonly View[], size: number): void {
    const read = views.reduce(
      (sum, view) => sum + byteSize(view.shape, DTYPE_BYTES[view.dtype]),
      0,
    );
    if (size <= MAX_NOTE_BYTES + MOST_INFLATED * read) return;
    throw fail(
      this.#file,
      `entry ${quote(name)} inflates to ${size} bytes, expected at most ${MOST_INFLATED} for each of the ${read} that are read`,
    );
  }

  /**
   * Entry `byteorder` of torch 2.1 and later is "little" or "big"; older files are little-endian.
   */
  async #checkOrder(entry: ZipEntry, bytes: Uint8Array): Promise<void> {
    if (localName(entry.name) !== 'byteorder') return;
    const content = this.#zip.openKept(entry, bytes);
    const order = String.fromCharCode(...(await content.read(8)));
    await content.close();
    if (order === 'little') return;
    throw fail(this.#file, `byte order is ${quote(order)}, expected "little"`);
  }
}

/** The name below the archive's own folder: `archive/data/0` -> `data/0`. */
function localName(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

function sizeOf({ length, dtype }: Storage): number {
  return byteSize([length], DTYPE_BYTES[dtype]);
}
