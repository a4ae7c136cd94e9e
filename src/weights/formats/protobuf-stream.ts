/** MessageStream: one message of protocol buffers out of a stream, field by field. */

import type { ByteReader } from '../byte-reader.ts';
import {
  fixedBytes,
  isLastByte,
  MAX_VARINT_BYTES,
  type Tag,
  tagOf,
  varintOf,
  Wire,
  type WireField,
} from './protobuf.ts';
import { readWhole } from './read-whole.ts';

/** A message up to where its length says; the outermost ends with the stream. */
export class MessageStream {
  readonly #reader: ByteReader;
  readonly #size: number | undefined;
  readonly #end: number | undefined;

  /** `size` is the stream's, where it is known. */
  constructor(reader: ByteReader, size?: number, end?: number) {
    this.#reader = reader;
    this.#size = size;
    this.#end = end;
  }

  /** The next field's tag, whose value must then be taken or skipped; undefined at the end. */
  async next(): Promise<Tag | undefined> {
    const isAtEnd =
      this.#end === undefined ? await this.#reader.ended() : this.#reader.position === this.#end;
    return isAtEnd ? undefined : tagOf(await this.#varint());
  }

  /** The value of a field that is itself a message, to be read to its end. */
  async message(tag: Tag): Promise<MessageStream> {
    if (tag.wire !== Wire.Bytes) {
      throw new SyntaxError(`field ${tag.field} has wire type ${tag.wire}, expected ${Wire.Bytes}`);
    }
    const length = await this.#length(tag);
    return new MessageStream(this.#reader, this.#size, this.#reader.position + length);
  }

  /** The value of a field, whole: in `room` where it fits, else the caller's to keep. */
  async value(tag: Tag, room?: Uint8Array): Promise<WireField> {
    if (tag.wire === Wire.Varint) return { ...tag, value: await this.#varint() };
    const length = await this.#length(tag);
    const value = await readWhole(this.#reader, length, this.#size, room);
    if (value.length < length) throw cutOff();
    return { ...tag, value };
  }

  /** Passes over a field's value. */
  async skip(tag: Tag): Promise<void> {
    if (tag.wire === Wire.Varint) {
      await this.#varint();
      return;
    }
    const length = await this.#length(tag);
    if ((await this.#reader.skip(length)) < length) throw cutOff();
  }

  async #length(tag: Tag): Promise<number> {
    const length = fixedBytes(tag) ?? (await this.#varint());
    const rest = (this.#end ?? this.#size ?? Number.POSITIVE_INFINITY) - this.#reader.position;
    if (length >= 0 && length <= rest) return length;
    throw new SyntaxError(
      `field ${tag.field} is said to have ${length} bytes, expected at most ${rest}`,
    );
  }

  async #varint(): Promise<number> {
    const bytes = new Uint8Array(MAX_VARINT_BYTES);
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      if (this.#reader.position === this.#end) throw cutOff();
      const [byte] = this.#reader.readNow(1) ?? (await this.#reader.read(1));
      if (byte === undefined) throw cutOff();
      bytes[i] = byte;
      if (isLastByte(byte)) return varintOf(bytes.subarray(0, i + 1));
    }
    throw new SyntaxError(`a varint has more than ${MAX_VARINT_BYTES} bytes`);
  }
}

function cutOff(): SyntaxError {
  return new SyntaxError('it is cut off');
}
