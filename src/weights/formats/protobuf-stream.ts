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

  /**
   * The next field, at once, where it is bytes that are all at hand, valid until the next is asked
   * for; else nothing is taken. Promises for a graph's thousands of parts would be a third of all garbage.
   */
  nextNow(): WireField | undefined {
    const start = this.#reader.position;
    const tag = this.#varintNow();
    const length = tag !== undefined && (tag & 7) === Wire.Bytes ? this.#varintNow() : undefined;
    const rest = (this.#end ?? Number.POSITIVE_INFINITY) - this.#reader.position;
    const isInside = length !== undefined && length >= 0 && length <= rest;
    const value = isInside ? this.#reader.readNow(length) : undefined;
    if (value) return { ...tagOf(tag!), value };
    this.#reader.giveBack(this.#reader.position - start);
    return undefined;
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

  /** As `value`, valid until the next field is asked for. */
  async passing(tag: Tag): Promise<WireField> {
    if (tag.wire === Wire.Varint) return { ...tag, value: await this.#varint() };
    const length = await this.#length(tag);
    const value = this.#reader.readNow(length) ?? (await this.#reader.read(length));
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
    if (this.#reader.readNow(length)) return;
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

  /** A varint that is at hand and of a number without rounding; else bytes may have been taken. */
  #varintNow(): number | undefined {
    let value = 0;
    for (let scale = 1; scale < 2 ** 49; scale *= 128) {
      if (this.#reader.position === this.#end) return undefined;
      const byte = this.#reader.byteNow();
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * scale;
      if (isLastByte(byte)) return value;
    }
    return undefined;
  }

  /** At once where it is one byte, as most are: no promise is made for those. */
  #varint(): number | Promise<number> {
    const first = this.#reader.position === this.#end ? undefined : this.#reader.byteNow();
    return first !== undefined && isLastByte(first) ? first : this.#longVarint(first);
  }

  async #longVarint(first: number | undefined): Promise<number> {
    const bytes = new Uint8Array(MAX_VARINT_BYTES);
    let length = 0;
    if (first !== undefined) bytes[length++] = first;
    while (length < MAX_VARINT_BYTES) {
      if (this.#reader.position === this.#end) throw cutOff();
      const byte = this.#reader.byteNow() ?? (await this.#reader.read(1))[0];
      if (byte === undefined) throw cutOff();
      bytes[length++] = byte;
      if (isLastByte(byte)) return varintOf(bytes.subarray(0, length));
    }
    throw new SyntaxError(`a varint has more than ${MAX_VARINT_BYTES} bytes`);
  }
}

function cutOff(): SyntaxError {
  return new SyntaxError('it is cut off');
}
