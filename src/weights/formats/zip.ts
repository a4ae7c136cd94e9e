/**
 * ZIP archives read from front to back (APPNOTE.TXT 4.3, with ZIP64): entry by entry, stored or
 * deflated, then the central directory, which must list the entries before it. The end of
 * an entry with weights is never searched for, because weights can contain any signature: either a
 * header says its size or the caller knows it.
 */

import type { WeightsError } from '../../errors.ts';
import { ByteReader, once } from '../byte-reader.ts';
import { fail, quote } from '../tensor-info.ts';

/** The local header of an entry (4.3.7). */
export interface ZipEntry {
  readonly name: string;
  readonly isDeflated: boolean;
  /** Bytes in the archive; undefined where only the data descriptor after them says it. */
  readonly compressedSize: number | undefined;
  /** Bytes once they are inflated; undefined where `compressedSize` is. */
  readonly size: number | undefined;
  /** Whether a data descriptor (4.3.9) follows the bytes. */
  readonly hasDescriptor: boolean;
}

/** Signatures of records. */
const LOCAL_HEADER = 0x04034b50;
const DESCRIPTOR = 0x08074b50;
const DIRECTORY_HEADER = 0x02014b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const END = 0x06054b50;

/** General purpose bit flags (4.4.4): bit 0 and bit 3. */
const ENCRYPTED = 1;
const WITH_DESCRIPTOR = 8;
/** Compression methods (4.4.5). */
const STORED = 0;
const DEFLATED = 8;
/** A 32-bit size that stands for the 64-bit one in the extra field (4.5.3). */
const MAX32 = 0xffffffff;

/** A data descriptor with 32-bit sizes: signature, CRC-32, two sizes. */
const DESCRIPTOR_BYTES = 16;

/** The most entries without ZIP64, far more than any checkpoint has. */
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

  /** The next entry, whose bytes must then be read; undefined at the end, which is checked. */
  async next(): Promise<ZipEntry | undefined> {
    const signature = await this.#signature();
    if (signature !== LOCAL_HEADER) {
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
    const [compressedSize, size] = sizesOf(extra, sizes);
    const isKnown = !hasDescriptor || compressedSize > 0;
    return {
      name,
      isDeflated: method === DEFLATED,
      compressedSize: isKnown ? compressedSize : undefined,
      size: isKnown ? size : undefined,
      hasDescriptor,
    };
  }

  /** A reader of the entry's content: the archive's own, or a new one where it is deflated. */
  open(entry: ZipEntry): ByteReader {
    if (!entry.isDeflated) return this.#reader;
    return this.#inflated(this.#chunks(this.#compressedSize(entry)), entry);
  }

  /** A reader of the content of an entry that `keep` or `keepUnsized` has read. */
  openKept(entry: ZipEntry, bytes: Uint8Array): ByteReader {
    return entry.isDeflated ? this.#inflated(once(bytes), entry) : new ByteReader(once(bytes));
  }

  /** Reads the entry's bytes as they are in the archive, into memory. */
  async keep(entry: ZipEntry): Promise<Uint8Array> {
    const size = this.#compressedSize(entry);
    const bytes = (await this.#exactly(size, `entry ${quote(entry.name)}`)).slice();
    await this.descriptor(entry, size);
    return bytes;
  }

  /** Passes over the data descriptor, if any, after the `compressedSize` bytes of an entry. */
  async descriptor(entry: ZipEntry, compressedSize: number): Promise<void> {
    if (!entry.hasDescriptor) return;
    const isWide = compressedSize >= MAX32;
    const view = await this.#fields(isWide ? 24 : 16, 'data descriptor');
    const found = isWide ? view.getBigUint64(8, true) : BigInt(view.getUint32(8, true));
    if (view.getUint32(0, true) === DESCRIPTOR && found === BigInt(compressedSize)) return;
    throw this.#fail(
      `the data descriptor of entry ${quote(entry.name)} is not where its ${compressedSize} bytes end`,
    );
  }

  /**
   * `keep` for a small stored entry of unknown size: reads up to the first data descriptor that
   * has the right size, `most` bytes at most.
   */
  async keepUnsized(entry: ZipEntry, most: number): Promise<Uint8Array> {
    if (entry.isDeflated) this.#compressedSize(entry);
    const found = new Uint8Array(most + DESCRIPTOR_BYTES);
    const view = new DataView(found.buffer);
    for (let length = 0; length < found.length; ) {
      // One byte where the descriptor may end next, else as many as are missing for it.
      const count = Math.max(1, DESCRIPTOR_BYTES - length);
      const bytes = this.#reader.readNow(count);
      found.set(bytes ?? (await this.#exactly(count, `entry ${quote(entry.name)}`)), length);
      length += count;
      const size = length - DESCRIPTOR_BYTES;
      if (view.getUint32(size, true) === DESCRIPTOR && view.getUint32(size + 8, true) === size) {
        return found.slice(0, size);
      }
    }
    throw this.#fail(`entry ${quote(entry.name)} has no end within ${most} bytes`);
  }

  #compressedSize({ name, compressedSize }: ZipEntry): number {
    if (compressedSize !== undefined) return compressedSize;
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

  /**
   * The central directory (4.3.12): every entry once, in any order; then the end records, then
   * nothing.
   */
  async #end(first: number): Promise<void> {
    const listed: string[] = [];
    let signature = first;
    while (signature === DIRECTORY_HEADER && listed.length <= this.#names.length) {
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

  #inflated(chunks: AsyncGenerator<Uint8Array>, { name }: ZipEntry): ByteReader {
    return new ByteReader(inflate(chunks, name, this.#file));
  }

  #fail(flaw: string): WeightsError {
    return fail(this.#file, flaw);
  }
}

/**
 * Compressed size and size: of the header, or of the ZIP64 extra field (4.5.3) where one is MAX32.
 */
function sizesOf(
  extra: Uint8Array,
  [compressed, size]: readonly [number, number],
): readonly [number, number] {
  if (compressed !== MAX32 && size !== MAX32) return [compressed, size];
  const view = new DataView(extra.buffer);
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1 || at + 20 > extra.length) continue;
    // No stream has 2^53 bytes: that such sizes are rounded makes no difference.
    return [Number(view.getBigUint64(at + 12, true)), Number(view.getBigUint64(at + 4, true))];
  }
  return [compressed, size];
}

/**
 * Inflates the bytes of one entry with the runtime's DecompressionStream, no further than they are
 * read.
 *
 * @throws WeightsError when they are no deflate stream, or the runtime has no DecompressionStream
 */
async function* inflate(
  chunks: AsyncGenerator<Uint8Array>,
  entry: string,
  file: string,
): AsyncGenerator<Uint8Array> {
  if (typeof DecompressionStream !== 'function') {
    throw fail(
      file,
      `entry ${quote(entry)} is deflated, expected stored: this runtime cannot inflate`,
    );
  }
  const stream = new DecompressionStream('deflate-raw');
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  let problem: unknown;
  const writing = feed(chunks, writer).catch((error: unknown) => {
    problem = error;
  });
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw fail(
          file,
          `entry ${quote(entry)} cannot be inflated: ${(cause as Error).message}`,
          cause,
        );
      });
      if (done) break;
      yield value;
    }
    await writing;
    if (problem !== undefined) throw problem;
  } finally {
    await reader.cancel().catch(() => {});
    await writing;
  }
}

/** Writes a copy of each chunk, because a chunk is valid only until the next. */
async function feed(
  chunks: AsyncGenerator<Uint8Array>,
  writer: WritableStreamDefaultWriter<BufferSource>,
): Promise<void> {
  try {
    for await (const chunk of chunks) await writer.write(chunk.slice() as Uint8Array<ArrayBuffer>);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {});
    throw error;
  }
}
