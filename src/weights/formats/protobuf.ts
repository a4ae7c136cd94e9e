/**
 * Protocol buffers' wire format (protobuf.dev, "Encoding") of messages in memory, strict: tags,
 * varints and lengths. Knows no schema. SyntaxError for bytes that are no message.
 */

/** What stands behind a tag. */
export const Wire = { Varint: 0, Fixed64: 1, Bytes: 2, Fixed32: 5 } as const;

/** A field's number, and how its value is written. */
export interface Tag {
  readonly field: number;
  readonly wire: number;
}

/** One field of a message: a varint as a number, anything else as its bytes. */
export interface WireField extends Tag {
  readonly value: number | Uint8Array;
}

/** A varint has 7 bits a byte and 64 in all. */
export const MAX_VARINT_BYTES = 10;
/** Bytes up to which a varint is a number without rounding, whatever they are. */
const SHORT_VARINT_BYTES = 7;
const DECODER = new TextDecoder();

/**
 * The fields of a message that is held whole: `next` goes to each in turn. Nothing is made of values
 * that are not asked for: a graph has tens of thousands.
 */
export class MessageFields {
  /** The field's number. */
  field = 0;
  #wire = 0;
  readonly #bytes: Uint8Array;
  readonly #cursor: Cursor;
  /** The value: a varint's number, or where the bytes begin that end at the cursor. */
  #value = 0;

  constructor(message: Uint8Array) {
    this.#bytes = message;
    this.#cursor = new Cursor(message);
  }

  /** Goes to the next field; false at the end. */
  next(): boolean {
    const cursor = this.#cursor;
    if (cursor.rest === 0) return false;
    const tag = tagOf(cursor.varint());
    this.field = tag.field;
    this.#wire = tag.wire;
    if (tag.wire === Wire.Varint) this.#value = cursor.varint();
    else this.#value = cursor.skip(fixedBytes(tag) ?? cursor.varint());
    return true;
  }

  /** The field at hand, as others take it. */
  get whole(): WireField {
    const [field, wire] = [this.field, this.#wire];
    if (wire === Wire.Varint) return { field, wire, value: this.#value };
    return { field, wire, value: this.#bytes.subarray(this.#value, this.#cursor.at) };
  }

  /** As `bytesOf`. */
  get bytes(): Uint8Array {
    return bytesOf(this.whole);
  }

  /** As `textOf`. */
  get text(): string {
    return textOf(this.whole);
  }
}

/** The values of a repeated integer, as int64: of a packed field, or of one that stands alone. */
export function* varintsOf({ value }: WireField): Generator<number> {
  if (typeof value === 'number') return yield value;
  const cursor = new Cursor(value);
  while (cursor.rest > 0) yield cursor.varint();
}

/** The bytes of a field that is a message, a text or bytes. */
export function bytesOf({ field, wire, value }: WireField): Uint8Array {
  if (wire === Wire.Bytes) return value as Uint8Array;
  throw new SyntaxError(`field ${field} has wire type ${wire}, expected ${Wire.Bytes}`);
}

/** The text of a field; bytes that are no UTF-8 become replacement characters. */
export function textOf(field: WireField): string {
  return DECODER.decode(bytesOf(field));
}

/** Key and value of a message that is an entry of texts: fields 1 and 2. */
export function entryOf(message: Uint8Array): [key: string, value: string] {
  let [key, value] = ['', ''];
  const fields = new MessageFields(message);
  while (fields.next()) {
    if (fields.field === 1) key = fields.text;
    if (fields.field === 2) value = fields.text;
  }
  return [key, value];
}

/** The number of a field that is an integer. */
export function numberOf({ field, wire, value }: WireField): number {
  if (typeof value === 'number') return value;
  throw new SyntaxError(`field ${field} has wire type ${wire}, expected ${Wire.Varint}`);
}

/** The tag that a varint stands for. Groups, which were given up long ago, are refused. */
export function tagOf(value: number): Tag {
  const tag = { field: Math.floor(value / 8), wire: value & 7 };
  if (tag.field < 1 || tag.field >= 2 ** 29) {
    throw new SyntaxError(`found field ${tag.field}, expected 1 to ${2 ** 29 - 1}`);
  }
  if (tag.wire <= Wire.Bytes || tag.wire === Wire.Fixed32) return tag;
  throw new SyntaxError(`field ${tag.field} has wire type ${tag.wire}, expected 0, 1, 2 or 5`);
}

/** Bytes of a value that has always as many; undefined where a length stands before it. */
export function fixedBytes({ wire }: Tag): number | undefined {
  if (wire === Wire.Fixed64) return 8;
  return wire === Wire.Fixed32 ? 4 : undefined;
}

/** Whether a varint ends with this byte. */
export function isLastByte(byte: number): boolean {
  return byte < 0x80;
}

/** A varint's value as int64, low bits first; rounded where it is beyond exact numbers. */
export function varintOf(bytes: Uint8Array): number {
  if (bytes.length <= SHORT_VARINT_BYTES) {
    let value = 0;
    for (let i = bytes.length - 1; i >= 0; i--) value = value * 128 + (bytes[i]! & 0x7f);
    return value;
  }
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = value * 128n + BigInt(bytes[i]! & 0x7f);
  if (value >= 2n ** 64n) throw new SyntaxError('a varint has more than 64 bits');
  return Number(BigInt.asIntN(64, value));
}

/** A place in a message, and what is read from there on. */
class Cursor {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes that are left. */
  get rest(): number {
    return this.#bytes.length - this.at;
  }

  /** Passes over bytes; returns where they begin. */
  skip(count: number): number {
    if (!(count >= 0 && count <= this.rest)) {
      throw new SyntaxError(
        `a field is said to have ${count} bytes, expected at most ${this.rest}`,
      );
    }
    this.at += count;
    return this.at - count;
  }

  varint(): number {
    const start = this.at;
    for (let length = 1; length <= MAX_VARINT_BYTES; length++) {
      const byte = this.#bytes[start + length - 1];
      if (byte === undefined) throw new SyntaxError('a varint is cut off');
      if (!isLastByte(byte)) continue;
      this.at = start + length;
      return length === 1 ? byte : varintOf(this.#bytes.subarray(start, this.at));
    }
    throw new SyntaxError(`a varint has more than ${MAX_VARINT_BYTES} bytes`);
  }
}
