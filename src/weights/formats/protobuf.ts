/**
 * Protocol buffers' wire format (protobuf.dev, "Encoding"), strict: tags, varints and lengths, of
 * messages in memory and of messages in a stream. Knows no schema. SyntaxError for bytes that are
 * no message.
 */

import { type ByteReader, Cursor, readWhole } from '../byte-reader.ts';

/** Wire types, by the names of the encoding's page. */
export const Wire = { Varint: 0, I64: 1, Len: 2, I32: 5 } as const;

/** A field's number, and its wire type. */
export interface Tag {
  readonly field: number;
  readonly wire: number;
}

/** One field of a message: a varint as a number, anything else as its bytes. */
export interface WireField extends Tag {
  readonly value: number | Uint8Array;
}

/** A varint has 7 bits a byte and 64 in all. */
const MAX_VARINT_BYTES = 10;
/** Varints of up to 7 bytes (49 bits) are exact numbers. */
const EXACT_SCALE = 2 ** 49;
const DECODER = new TextDecoder();

/**
 * Passes over the varint at a cursor and returns its value as int64, rounded beyond 2^53.
 * Undefined, with the cursor where it was, when the varint does not end before the offset `end`.
 *
 * @throws SyntaxError for more than 10 bytes or 64 bits
 */
function readVarint(cursor: Cursor, end: number): number | undefined {
  const { bytes, at: start } = cursor;
  const limit = Math.min(end, start + MAX_VARINT_BYTES);
  let [value, scale] = [0, 1];
  for (let at = start; at < limit; at++) {
    const byte = bytes[at]!;
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte >= 0x80) continue;
    cursor.at = at + 1;
    return scale <= EXACT_SCALE ? value : int64Of(bytes.subarray(start, at + 1));
  }
  if (limit < start + MAX_VARINT_BYTES) return undefined;
  throw new SyntaxError(`a varint has more than ${MAX_VARINT_BYTES} bytes`);
}

/** The value of a varint of any length, the lowest bits in its first byte. */
function int64Of(varint: Uint8Array): number {
  const value = varint.reduceRight((high, byte) => high * 128n + BigInt(byte & 0x7f), 0n);
  if (value >= 2n ** 64n) throw new SyntaxError('a varint has more than 64 bits');
  return Number(BigInt.asIntN(64, value));
}

/** The tag that a varint stands for. Groups, which are deprecated, are refused. */
function tagOf(value: number): Tag {
  const tag = { field: Math.floor(value / 8), wire: value & 7 };
  if (tag.field < 1 || tag.field >= 2 ** 29) {
    throw new SyntaxError(`found field ${tag.field}, expected 1 to ${2 ** 29 - 1}`);
  }
  if (tag.wire <= Wire.Len || tag.wire === Wire.I32) return tag;
  throw new SyntaxError(`field ${tag.field} has wire type ${tag.wire}, expected 0, 1, 2 or 5`);
}

/** Bytes of a value of fixed size; undefined where a length precedes the value. */
function fixedBytes({ wire }: Tag): number | undefined {
  if (wire === Wire.I64) return 8;
  return wire === Wire.I32 ? 4 : undefined;
}

// ---- messages in memory ----

/**
 * The fields of a message in memory: `next` moves to each in turn. A value becomes an object only
 * when it is asked for, because a graph has tens of thousands of fields.
 */
export class MessageFields {
  /** The field's number. */
  field = 0;
  #wire = 0;
  readonly #cursor: Cursor;
  /** A varint's value, or the offset of the bytes that end at the cursor. */
  #value = 0;

  constructor(message: Uint8Array) {
    this.#cursor = new Cursor(message);
  }

  /** Moves to the next field; false at the end. */
  next(): boolean {
    if (this.#cursor.rest === 0) return false;
    const tag = tagOf(varintAt(this.#cursor));
    this.field = tag.field;
    this.#wire = tag.wire;
    if (tag.wire === Wire.Varint) this.#value = varintAt(this.#cursor);
    else this.#value = this.#skip(fixedBytes(tag) ?? varintAt(this.#cursor));
    return true;
  }

  /** The current field as an object. */
  get whole(): WireField {
    const [field, wire] = [this.field, this.#wire];
    if (wire === Wire.Varint) return { field, wire, value: this.#value };
    return { field, wire, value: this.#cursor.bytes.subarray(this.#value, this.#cursor.at) };
  }

  /** `bytesOf` the current field. */
  get bytes(): Uint8Array {
    return bytesOf(this.whole);
  }

  /** `textOf` the current field. */
  get text(): string {
    return textOf(this.whole);
  }

  /** Passes over bytes; returns the offset where they begin. */
  #skip(count: number): number {
    const cursor = this.#cursor;
    if (!(count >= 0 && count <= cursor.rest)) {
      throw new SyntaxError(
        `a field is said to have ${count} bytes, expected at most ${cursor.rest}`,
      );
    }
    cursor.at += count;
    return cursor.at - count;
  }
}

function varintAt(cursor: Cursor): number {
  const value = readVarint(cursor, cursor.bytes.length);
  if (value === undefined) throw new SyntaxError('a varint is cut off');
  return value;
}

/** The values of a repeated integer as int64, packed or not. */
export function* varintsOf({ value }: WireField): Generator<number> {
  if (typeof value === 'number') return yield value;
  const cursor = new Cursor(value);
  while (cursor.rest > 0) yield varintAt(cursor);
}

/** The bytes of a field that is a message, a string or bytes. */
export function bytesOf({ field, wire, value }: WireField): Uint8Array {
  if (wire === Wire.Len) return value as Uint8Array;
  throw new SyntaxError(`field ${field} has wire type ${wire}, expected ${Wire.Len}`);
}

/** The text of a string field; bytes that are not UTF-8 become replacement characters. */
export function textOf(field: WireField): string {
  return DECODER.decode(bytesOf(field));
}

/** The number of an integer field. */
export function numberOf({ field, wire, value }: WireField): number {
  if (typeof value === 'number') return value;
  throw new SyntaxError(`field ${field} has wire type ${wire}, expected ${Wire.Varint}`);
}

/** Key and value of a map entry of strings: fields 1 and 2. */
export function entryOf(message: Uint8Array): [key: string, value: string] {
  let [key, value] = ['', ''];
  const fields = new MessageFields(message);
  while (fields.next()) {
    if (fields.field === 1) key = fields.text;
    if (fields.field === 2) value = fields.text;
  }
  return [key, value];
}

// ---- messages in a stream ----

/** One message in a stream, up to the offset `end`; the outermost ends with the stream. */
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

  /** The next field's tag, whose value must then be read or skipped; undefined at the end. */
  async next(): Promise<Tag | undefined> {
    const isAtEnd =
      this.#end === undefined ? await this.#reader.ended() : this.#reader.position === this.#end;
    return isAtEnd ? undefined : tagOf(await this.#varint());
  }

  /**
   * The next field without a promise, where it is of bytes that are all in the current chunk; else
   * nothing is read. The bytes are valid until the next field is asked for. A promise for each of a
   * graph's thousands of nodes would be a third of all garbage.
   */
  nextNow(): WireField | undefined {
    const { chunk } = this.#reader;
    const start = chunk.at;
    const number = this.#varintNow();
    const tag = number === undefined ? undefined : tagOf(number);
    const length = tag?.wire === Wire.Len ? this.#varintNow() : undefined;
    const isInside = length !== undefined && length >= 0 && length <= this.#rest;
    const value = isInside ? this.#reader.readNow(length) : undefined;
    if (tag && value) return { field: tag.field, wire: tag.wire, value };
    chunk.at = start;
    return undefined;
  }

  /** The value of a field that is a message, which must be read to its end. */
  async message(tag: Tag): Promise<MessageStream> {
    if (tag.wire !== Wire.Len) {
      throw new SyntaxError(`field ${tag.field} has wire type ${tag.wire}, expected ${Wire.Len}`);
    }
    const length = await this.#length(tag);
    return new MessageStream(this.#reader, this.#size, this.#reader.position + length);
  }

  /** The field with its value in memory that stays valid: in `room` where it fits. */
  async value(tag: Tag, room?: Uint8Array): Promise<WireField> {
    if (tag.wire === Wire.Varint) return { ...tag, value: await this.#varint() };
    const length = await this.#length(tag);
    const value = await readWhole(this.#reader, length, this.#size, room);
    if (value.length < length) throw cutOff();
    return { ...tag, value };
  }

  /** The field with its value, valid until the next field is asked for. */
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

  /** Bytes that are left of the message. */
  get #rest(): number {
    return (this.#end ?? Number.POSITIVE_INFINITY) - this.#reader.position;
  }

  async #length(tag: Tag): Promise<number> {
    const length = fixedBytes(tag) ?? (await this.#varint());
    const rest = (this.#end ?? this.#size ?? Number.POSITIVE_INFINITY) - this.#reader.position;
    if (length >= 0 && length <= rest) return length;
    throw new SyntaxError(
      `field ${tag.field} is said to have ${length} bytes, expected at most ${rest}`,
    );
  }

  /** The next varint, where it is in the current chunk and in the message; else nothing is read. */
  #varintNow(): number | undefined {
    const { chunk } = this.#reader;
    return readVarint(chunk, Math.min(chunk.bytes.length, chunk.at + this.#rest));
  }

  /** Mostly without a promise: one for every varint is measurable. */
  #varint(): number | Promise<number> {
    return this.#varintNow() ?? this.#varintOfChunks();
  }

  /** The next varint, which the current chunk does not hold whole. */
  async #varintOfChunks(): Promise<number> {
    await this.#reader.peek(MAX_VARINT_BYTES);
    const value = this.#varintNow();
    if (value === undefined) throw cutOff();
    return value;
  }
}

function cutOff(): SyntaxError {
  return new SyntaxError('it is cut off');
}
