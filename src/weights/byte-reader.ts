/**
 * ByteReader: exact numbers of bytes out of a stream of chunks of any size. Bytes that lie whole
 * and aligned in a chunk are handed out as they are; others are put together in one buffer.
 */

/** Bytes that are held whole, as a stream of one chunk. */
export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

/** Alignment that `read` promises, enough for every element type. */
const ALIGNMENT = 8;

export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array();
  /** Where in the chunk the next byte is. */
  #at = 0;
  #buffer: Uint8Array = new Uint8Array();
  /** Bytes handed out or skipped so far. */
  position = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /**
   * The next `count` bytes, or as many as are left. Valid until the next call; their offset in
   * their buffer is a multiple of 8. Memory grows with what arrives, a mebibyte ahead of it at most.
   */
  async read(count: number): Promise<Uint8Array> {
    await this.#fill();
    const isAligned = (this.#chunk.byteOffset + this.#at) % ALIGNMENT === 0;
    if (isAligned && this.#chunk.length - this.#at >= count) {
      return this.#take(count);
    }
    let filled = 0;
    while (filled < count && (await this.#fill())) {
      const part = this.#take(count - filled);
      this.#reserve(filled, filled + part.length, count);
      this.#buffer.set(part, filled);
      filled += part.length;
    }
    return this.#buffer.subarray(0, filled);
  }

  /** As `read`, at once, where the bytes lie in the chunk at hand; at any offset in their buffer. */
  readNow(count: number): Uint8Array | undefined {
    return this.#chunk.length - this.#at >= count ? this.#take(count) : undefined;
  }

  /** The next byte, at once; undefined where none is at hand. */
  byteNow(): number | undefined {
    if (this.#at === this.#chunk.length) return undefined;
    this.position++;
    return this.#chunk[this.#at++];
  }

  /** Gives back bytes that were taken at once, all since the last wait. */
  giveBack(count: number): void {
    this.#at -= count;
    this.position -= count;
  }

  /** Fills `room` with the next bytes; returns how many there were. */
  async readInto(room: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < room.length && (await this.#fill())) {
      const part = this.#take(room.length - filled);
      room.set(part, filled);
      filled += part.length;
    }
    return filled;
  }

  /** The next `count` bytes, or as many as are left; they stay to be read. Valid as `read`'s. */
  async peek(count: number): Promise<Uint8Array> {
    await this.#fill();
    if (this.#chunk.length - this.#at >= count) {
      return this.#chunk.subarray(this.#at, this.#at + count);
    }
    const head = (await this.read(count)).slice();
    const rest = this.#chunk.subarray(this.#at);
    this.#chunk = new Uint8Array(head.length + rest.length);
    this.#chunk.set(head);
    this.#chunk.set(rest, head.length);
    this.#at = 0;
    this.position -= head.length;
    return head;
  }

  /** Passes over `count` bytes; returns how many there were. */
  async skip(count: number): Promise<number> {
    let skipped = 0;
    while (skipped < count && (await this.#fill())) skipped += this.#take(count - skipped).length;
    return skipped;
  }

  /** Whether the stream has ended. */
  async ended(): Promise<boolean> {
    return !(await this.#fill());
  }

  /** Gives the stream back before its end. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** Makes the current chunk non-empty; false at the end of the stream. */
  async #fill(): Promise<boolean> {
    while (this.#at === this.#chunk.length) {
      const { done, value } = await this.#chunks.next();
      if (done) return false;
      // Of Node's Buffers, which are Uint8Arrays too, `slice` makes no copy.
      this.#chunk = new Uint8Array(value.buffer, value.byteOffset, value.length);
      this.#at = 0;
    }
    return true;
  }

  #take(most: number): Uint8Array {
    const part = this.#chunk.subarray(this.#at, this.#at + most);
    this.#at += part.length;
    this.position += part.length;
    return part;
  }

  /** Room for `wanted` bytes of which `filled` are there: a mebibyte, then doubling towards `most`. */
  #reserve(filled: number, wanted: number, most: number): void {
    if (this.#buffer.length >= wanted) return;
    const grown = new Uint8Array(
      Math.min(most, Math.max(wanted, 2 * this.#buffer.length, 2 ** 20)),
    );
    grown.set(this.#buffer.subarray(0, filled));
    this.#buffer = grown;
  }
}
