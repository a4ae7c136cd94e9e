/**
 * ZIP archives read from front to back, entry by entry: local headers, data descriptors and the
 * directory at the end, which has to say what went before. Layout: APPNOTE.TXT 4.3, with ZIP64.
 */

import { ByteReader } from '../byte-reader.ts';
import { fail, quote } from '../tensor-info.ts';
import { inflate } from './inflate.ts';

/** One entry, before its bytes. */
export interface ZipEntry {
  readonly name: string;
  readonly isDeflated: boolean;
  /** Bytes in the archive; undefined where only a descriptor behind them says it. */
  readonly packedSize: number | undefined;
  /** Bytes once they are unpacked. */
  readonly size: number | undefined;
  /** Whether a data descriptor follows the bytes. */
  readonly hasDescriptor: boolean;
}

const LOCAL = 0x04034b50;
const DESCRIPTOR = 0x08074b50;
const DIRECTORY = 0x02014b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const END = 0x06054b50;

const ENCRYPTED = 1;
const WITH_DESCRIPTOR = 8;
const STORED = 0;
const DEFLATED = 8;
const MAX32 = 0xffffffff;

/** Signature, checksum and two sizes, where they are not wide. */
const DESCRIPTOR_BYTES = 16;

/** The most entries that a directory can hold without ZIP64; no checkpoint comes near. */
const MAX_ENTRIES = 65_535;

/** One pass over an archive. */
export class ZipReader {
  readonly #reader: ByteReader;
  readonly #file: string;
  readonly #names: string[] = [];

  constructor(reader: ByteReader, file: string) {
    this.#reader = reader;
    this.#file = file;
  }

  /** The next entry, whose bytes must then be read; undefined at the end of an archive that is whole. */
  async next(): Promise<ZipEntry | undefined> {
    const signature = await this.#signature();
    if (signature !== LOCAL) {
      await this.#end(signature);
      return undefined;
    }
    const head = await this.#fields(26, 'local header');
    const [flags, method] = [head.getUint16(2, true), head.getUint16(4, true)];
    const sizes = [head.getUint32(14, true), head.getUint32(18, true)] as const;
    const [nameBytes, extraBytes] = [head.getUint16(22, true), head.getUint16(24, true)];
    const name = String.fromCharCode(...(await this.#exactly(nameBytes, 'name')));
    const extra = (await this.#exactly(extraBytes, 'extra field')).slice();
    this.#check(name, flags, method);
    const hasDescriptor = (flags & WITH_DESCRIPTOR) !== 0;
    const [packedSize, size] = sizesOf(extra, sizes);
    const isKnown = !hasDescriptor || packedSize > 0;
    return {
      name,
      isDeflated: method === DEFLATED,
      packedSize: isKnown ? packedSize : undefined,
      size: isKnown ? size : undefined,
      hasDescriptor,
    };
  }

  /** The entry's bytes, unpacked: the archive's reader, or one of their own where they are deflated. */
  open(entry: ZipEntry): ByteReader {
    if (!entry.isDeflated) return this.#reader;
    return new ByteReader(inflate(this.#chunks(this.#packedSize(entry)), entry.name, this.#file));
  }

  /** The entry's bytes as they lie in the archive, whole. */
  async keep(entry: ZipEntry): Promise<Uint8Array> {
    const size = this.#packedSize(entry);
    const bytes = (await this.#exactly(size, `entry ${quote(entry.name)}`)).slice();
    await this.descriptor(entry, size);
    return bytes;
  }

  /** Passes over what follows an entry of `packedSize` bytes. */
  async descriptor(entry: ZipEntry, packedSize: number): Promise<void> {
    if (!entry.hasDescriptor) return;
    const isWide = packedSize >= MAX32;
    const view = await this.#fields(isWide ? 24 : 16, 'data descriptor');
    const found = isWide ? view.getBigUint64(8, true) : BigInt(view.getUint32(8, true));
    if (view.getUint32(0, true) === DESCRIPTOR && found === BigInt(packedSize)) return;
    throw this.#fail(
      `the data descriptor of entry ${quote(entry.name)} is not where its ${packedSize} bytes end`,
    );
  }

  /** A small stored entry that nobody knows the size of: what lies before its descriptor. */
  async keepUnsized(entry: ZipEntry, most: number): Promise<Uint8Array> {
    if (entry.isDeflated) this.#packedSize(entry);
    const found: number[] = [];
    while (found.length < most + DESCRIPTOR_BYTES) {
      const [byte] = await this.#exactly(1, `entry ${quote(entry.name)}`);
      found.push(byte!);
      const size = found.length - DESCRIPTOR_BYTES;
      if (size < 0) continue;
      const view = new DataView(Uint8Array.from(found.slice(size)).buffer);
      if (view.getUint32(0, true) === DESCRIPTOR && view.getUint32(8, true) === size) {
        return Uint8Array.from(found.slice(0, size));
      }
    }
    throw this.#fail(`entry ${quote(entry.name)} has no end within ${most} bytes`);
  }

  #packedSize({ name, packedSize }: ZipEntry): number {
    if (packedSize !== undefined) return packedSize;
    throw this.#fail(
      `entry ${quote(name)} does not say its size, expected it before the bytes unless "data.pkl" is the first entry`,
    );
  }

  async *#chunks(size: number): AsyncGenerator<Uint8Array> {
    for (let rest = size; rest > 0; ) {
      const bytes = await this.#reader.read(Math.min(rest, 2 ** 16));
      if (bytes.length === 0) throw this.#fail('the archive is cut off inside an entry');
      rest -= bytes.length;
      yield bytes;
    }
  }

  #check(name: string, flags: number, method: number): void {
    if (this.#names.length >= MAX_ENTRIES)
      throw this.#fail(`found more than ${MAX_ENTRIES} entries`);
    this.#names.push(name);
    if (flags & ENCRYPTED) throw this.#fail(`entry ${quote(name)} is encrypted`);
    if (method !== STORED && method !== DEFLATED) {
      throw this.#fail(
        `entry ${quote(name)} has method ${method}, expected 0 (stored) or 8 (deflated)`,
      );
    }
  }

  /** The directory: one header for each entry in any order, then the end records, then nothing. */
  async #end(first: number): Promise<void> {
    const listed: string[] = [];
    let signature = first;
    while (signature === DIRECTORY && listed.length <= this.#names.length) {
      const head = await this.#fields(42, 'directory');
      const rest = head.getUint16(26, true) + head.getUint16(28, true);
      listed.push(String.fromCharCode(...(await this.#exactly(head.getUint16(24, true), 'name'))));
      await this.#exactly(rest, 'directory');
      signature = await this.#signature();
    }
    if (listed.sort().join('\n') !== [...this.#names].sort().join('\n')) {
      throw this.#fail(
        `the directory lists ${listed.length} entries, expected the ${this.#names.length} before it`,
      );
    }
    if (signature === END64) {
      const size = (await this.#fields(8, 'end record')).getBigUint64(0, true);
      await this.#exactly(size > 2n ** 16n ? -1 : Number(size), 'end record');
      signature = await this.#signature();
    }
    if (signature === LOCATOR64) {
      await this.#exactly(16, 'end record');
      signature = await this.#signature();
    }
    if (signature !== END) throw this.#fail('the archive has no end record');
    await this.#exactly((await this.#fields(18, 'end record')).getUint16(16, true), 'comment');
    if (!(await this.#reader.ended())) throw this.#fail('found bytes after the end of the archive');
  }

  async #signature(): Promise<number> {
    return (await this.#fields(4, 'signature of the next entry')).getUint32(0, true);
  }

  async #fields(count: number, what: string): Promise<DataView> {
    const { buffer, byteOffset } = await this.#exactly(count, what);
    return new DataView(buffer, byteOffset, count);
  }

  async #exactly(count: number, what: string): Promise<Uint8Array> {
    if (count < 0) throw this.#fail(`${what} has an absurd length`);
    const bytes = this.#reader.readNow(count) ?? (await this.#reader.read(count));
    if (bytes.length === count) return bytes;
    throw this.#fail(
      `the archive is cut off: found ${bytes.length} bytes of ${what}, expected ${count}`,
    );
  }

  #fail(flaw: string) {
    return fail(this.#file, flaw);
  }
}

/** Sizes packed and unpacked: those of the header, or the wide ones where it says 0xffffffff. */
function sizesOf(
  extra: Uint8Array,
  [packed, size]: readonly [number, number],
): readonly [number, number] {
  if (packed !== MAX32 && size !== MAX32) return [packed, size];
  const view = new DataView(extra.buffer);
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1 || at + 20 > extra.length) continue;
    // Past 2^53 a size is beyond any stream: what it says then makes no difference.
    return [Number(view.getBigUint64(at + 12, true)), Number(view.getBigUint64(at + 4, true))];
  }
  return [packed, size];
}
