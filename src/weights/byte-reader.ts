/**
 * ByteReader: exact numbers of bytes out of a stream of chunks of any size. Bytes that lie in one
 * chunk, aligned, are handed out without a copy; others are copied into one buffer.
 */

/** A stream of one chunk. */
export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

/** Alignment that `read` promises, enough for every element type. */
const ALIGNMENT = 8;

/** Bytes in memory, and the offset of the next one to read. */
export class Cursor {
  bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Bytes that are left. */
  get rest(): number {
    return this.bytes.length - this.at;
  }
}

/** One pass over a stream. */
export class ByteReader {
  /**
   * The current chunk. Parsers of small fields read from it directly, without a promise, and move
   * its `at`; they may move it back as long as nothing was awaited in between.
   */
  readonly chunk = new Cursor(new Uint8Array());
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** Offset in the stream of the current chunk's byte 0. */
  #start = 0;
  #buffer: Uint8Array = new Uint8Array();

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Bytes handed out or skipped so far. */
  get position(): number {
    return this.#start + this.chunk.at;
  }

  /**
   * The next `count` bytes, or as many as are left. Valid until the next call; their offset in
   * their buffer is a multiple of 8. Allocates at most 1 MiB more than has arrived.
   */
  async read(count: number): Promise<Uint8Array> {
    await this.#fill();
    const isAligned = (this.chunk.bytes.byteOffset + this.chunk.at) % ALIGNMENT === 0;
    if (isAligned && this.chunk.rest >= count) return this.#take(count);
    let filled = 0;
    while (filled < count && (await this.#fill())) {
      const part = this.#take(count - filled);
      this.#reserve(filled, filled + part.length, count);
      this.#buffer.set(part, filled);
      filled += part.length;
    }
    return this.#buffer.subarray(0, filled);
  }

  /**
   * The next `count` bytes without a promise, where the current chunk has them; undefined where it
   * has not. Unlike those of `read` they have any alignment.
   */
  readNow(count: number): Uint8Array | undefined {
    return this.chunk.rest >= count ? this.#take(count) : undefined;
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

  /**
   * The next `count` bytes, or as many as are left, without passing over them: they are in the
   * current chunk then. Valid until the next call.
   */
  async peek(count: number): Promise<Uint8Array> {
    await this.#fill();
    const { chunk } = this;
    if (chunk.rest >= count) return chunk.bytes.subarray(chunk.at, chunk.at + count);
    const start = this.position;
    const head = (await this.read(count)).slice();
    const rest = chunk.bytes.subarray(chunk.at);
    chunk.bytes = new Uint8Array(head.length + rest.length);
    chunk.bytes.set(head);
    chunk.bytes.set(rest, head.length);
    chunk.at = 0;
    this.#start = start;
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

  /** Closes the stream before its end. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** Makes the current chunk non-empty; false at the end of the stream. */
  async #fill(): Promise<boolean> {
    const { chunk } = this;
    while (chunk.rest === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) return false;
      this.#start += chunk.at;
      chunk.at = 0;
      // A view of its own class: a chunk may be a Node Buffer, whose `slice` makes no copy.
      chunk.bytes = new Uint8Array(value.buffer, value.byteOffset, value.length);
    }
    return true;
  }

  /** Up to `most` bytes of the current chunk. */
  #take(most: number): Uint8Array {
    const { chunk } = this;
    const part = chunk.bytes.subarray(chunk.at, chunk.at + most);
    chunk.at += part.length;
    return part;
  }

  /**
   * Makes room for `wanted` bytes and keeps the first `filled`. The buffer starts with 1 MiB and
   * doubles, but has at most `most` bytes.
   */
  #reserve(filled: number, wanted: number, most: number): void {
    if (this.#buffer.length >= wanted) return;
    const grown = new Uint8Array(
      Math.min(most, Math.max(wanted, 2 * this.#buffer.length, 2 ** 20)),
    );
    grown.set(this.#buffer.subarray(0, filled));
    this.#buffer = grown;
  }
}

/** First allocation where the stream's size is unknown. */
const PIECE_BYTES = 2 ** 20;
/** The most that is allocated at once because a stream says that it is as long. */
const MAX_PROMISED_BYTES = 2 ** 28;

/**
 * The next `count` bytes, or as many as are left, in memory that stays valid: in `room` where they
 * fit, else newly allocated. With a known `size` of the stream all is allocated at once (up to
 * 256 MiB); without, memory grows with what arrives.
 */
export async function readWhole(
  reader: ByteReader,
  count: number,
  size: number | undefined,
  room?: Uint8Array,
): Promise<Uint8Array> {
  const promised = Math.min(MAX_PROMISED_BYTES, (size ?? 0) - reader.position);
  const isRoom = room !== undefined && count <= room.length;
  let bytes: Uint8Array = isRoom
    ? room.subarray(0, count)
    : new Uint8Array(Math.min(count, Math.max(promised, PIECE_BYTES)));
  let filled = await reader.readInto(bytes);
  while (filled < count && filled === bytes.length && !(await reader.ended())) {
    const grown = new Uint8Array(Math.min(count, 2 * filled + PIECE_BYTES));
    grown.set(bytes);
    bytes = grown;
    filled += await reader.readInto(bytes.subarray(filled));
  }
  return bytes.subarray(0, filled);
}
