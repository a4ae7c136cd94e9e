/**
 * Header messages of HDF5 objects (HDF5 File Format Specification, IV.A): headers of both versions
 * in; messages, and what those for shapes, types, places and attributes say, out.
 */

import { quote } from '../tensor-info.ts';
import type { Fields, Hdf5Bytes } from './hdf5-bytes.ts';

/** Message types. */
export const Message = {
  Dataspace: 0x01,
  LinkInfo: 0x02,
  Datatype: 0x03,
  Link: 0x06,
  Layout: 0x08,
  Filters: 0x0b,
  Attribute: 0x0c,
  Continuation: 0x10,
  SymbolTable: 0x11,
  AttributeInfo: 0x15,
} as const;

/** One message, its bytes not read yet. */
export interface HeaderMessage {
  readonly type: number;
  readonly fields: Fields;
}

const MAX_RANK = 8;
/** What a count of two bytes goes to, which headers of version 1 have. */
const MAX_MESSAGES = 65_535;
/** Flag of a message whose bytes lie elsewhere, shared between objects. */
const SHARED = 2;
/** Messages that say nothing of use here may be shared. */
const READ_TYPES: ReadonlySet<number> = new Set(Object.values(Message));

/** All messages of an object's header, of those types that are read here. */
export async function messagesAt(file: Hdf5Bytes, address: number): Promise<HeaderMessage[]> {
  const isV1 = (await file.at(address, 4, 'object header')).u8() === 1;
  return isV1 ? messagesV1(file, address) : messagesV2(file, address);
}

/** Version 1: fields of 8 bytes each, messages padded to 8, blocks chained by continuations. */
async function messagesV1(file: Hdf5Bytes, address: number): Promise<HeaderMessage[]> {
  const prefix = (await file.at(address, 16, 'object header')).skip(2);
  const count = prefix.u16();
  const size = prefix.skip(4).u32();
  const messages: HeaderMessage[] = [];
  const blocks = [await file.at(address + 16, size, 'object header')];
  let seen = 0;
  for (const block of blocks) {
    while (block.rest >= 8 && seen < count) {
      seen++;
      const [type, length, flags] = [block.u16(), block.u16(), block.u8()];
      const message = { type, fields: block.skip(3).fields(length) };
      if (type === Message.Continuation) {
        const [at, bytes] = [message.fields.u64(), message.fields.u64()];
        blocks.push(await file.at(at, bytes, 'object header'));
      } else addMessage(messages, message, flags);
    }
  }
  return messages;
}

/** What a header of version 2 begins with, at its longest. */
const MAX_PREFIX_BYTES = 30;

/** Version 2: "OHDR", packed messages, blocks that begin with "OCHK", each with a checksum. */
async function messagesV2(file: Hdf5Bytes, address: number): Promise<HeaderMessage[]> {
  const prefix = await file.signed(address, 'OHDR', MAX_PREFIX_BYTES);
  const version = prefix.u8();
  if (version !== 2) throw new SyntaxError(`object header has version ${version}, expected 1 or 2`);
  const flags = prefix.u8();
  if (flags & 0x20) prefix.skip(16);
  if (flags & 0x10) prefix.skip(4);
  const sizes = [() => prefix.u8(), () => prefix.u16(), () => prefix.u32(), () => prefix.u64()];
  const size = sizes[flags & 3]!();
  const start = address + MAX_PREFIX_BYTES - prefix.rest;
  const messages: HeaderMessage[] = [];
  const blocks = [await file.at(start, size, 'object header')];
  const head = flags & 4 ? 6 : 4;
  for (const block of blocks) {
    while (block.rest >= head) {
      const [type, length, messageFlags] = [block.u8(), block.u16(), block.u8()];
      const message = { type, fields: block.skip(head - 4).fields(length) };
      if (type === Message.Continuation) {
        const [at, bytes] = [message.fields.u64(), message.fields.u64()];
        blocks.push(await file.signed(at, 'OCHK', bytes - 4));
      } else addMessage(messages, message, messageFlags);
    }
  }
  return messages;
}

function addMessage(messages: HeaderMessage[], message: HeaderMessage, flags: number): void {
  if (!READ_TYPES.has(message.type)) return;
  if (messages.length === MAX_MESSAGES) {
    throw new SyntaxError(`object header has more than ${MAX_MESSAGES} messages`);
  }
  if (flags & SHARED) throw new SyntaxError(`a message of type ${message.type} is shared`);
  messages.push(message);
}

/** The sizes of a dataspace; none for a single value. */
export function readDataspace(fields: Fields): number[] {
  const version = fields.u8();
  if (version !== 1 && version !== 2) {
    throw new SyntaxError(`dataspace has version ${version}, expected 1 or 2`);
  }
  const rank = fields.u8();
  if (rank > MAX_RANK) throw new SyntaxError(`a shape has ${rank} sizes, expected ${MAX_RANK}`);
  fields.skip(version === 1 ? 6 : 2);
  return Array.from({ length: rank }, () => fields.u64());
}

/** An element type: numbers by the names of safetensors, texts, or something else. */
export type Hdf5Type =
  | { readonly kind: 'number'; readonly dtype: string; readonly size: number }
  | { readonly kind: 'text' | 'long text'; readonly size: number }
  | { readonly kind: 'other'; readonly size: number; readonly name: string };

/** IEEE 754 by [bytes, exponent's bit, its bits, mantissa's bits], and bfloat16 among them. */
const FLOATS: Readonly<Record<string, string>> = {
  '2,10,5,10': 'F16',
  '2,7,8,7': 'BF16',
  '4,23,8,23': 'F32',
  '8,52,11,52': 'F64',
};
const CLASS_NAMES = ['', '', 'time', '', 'bit field', 'opaque', 'compound', 'reference', 'enum'];

/** Reads a datatype; big-endian numbers are of an other type. */
export function readDatatype(fields: Fields): Hdf5Type {
  const kind = fields.u8() & 0x0f;
  const bits = fields.u8();
  const size = fields.skip(2).u32();
  const isBigEndian = (bits & 1) !== 0;
  if (kind === 0 && !isBigEndian) {
    const dtype = `${bits & 8 ? 'I' : 'U'}${8 * size}`;
    return { kind: 'number', dtype, size };
  }
  if (kind === 1 && !isBigEndian) {
    const [exponentAt, exponentBits] = [fields.skip(4).u8(), fields.u8()];
    const key = [size, exponentAt, exponentBits, fields.skip(1).u8()].join();
    const dtype = Object.hasOwn(FLOATS, key) ? FLOATS[key]! : `a float of ${size} bytes`;
    return { kind: 'number', dtype, size };
  }
  if (kind === 3) return { kind: 'text', size };
  if (kind === 9 && (bits & 0x0f) === 1) return { kind: 'long text', size };
  const name = kind < 2 ? 'big-endian numbers' : (CLASS_NAMES[kind] ?? `type ${kind}`);
  return { kind: 'other', size, name };
}

/** The value of an attribute. */
export interface Hdf5Attribute {
  readonly type: Hdf5Type;
  readonly shape: readonly number[];
  readonly data: Fields;
}

/** An attribute's name, and what reads its value. Parts of version 1 are padded to 8 bytes. */
export function readAttribute(fields: Fields): [name: string, read: () => Hdf5Attribute] {
  const version = fields.u8();
  if (version < 1 || version > 3) {
    throw new SyntaxError(`attribute has version ${version}, expected 1 to 3`);
  }
  const flags = fields.u8();
  const [nameBytes, typeBytes, spaceBytes] = [fields.u16(), fields.u16(), fields.u16()];
  if (version === 3) fields.skip(1);
  const part = (count: number) => {
    const found = fields.fields(count);
    if (version === 1) fields.skip(Math.min(fields.rest, (8 - (count % 8)) % 8));
    return found;
  };
  const name = part(nameBytes).text(nameBytes).replace(/\0.*$/s, '');
  const [type, space] = [part(typeBytes), part(spaceBytes)];
  const data = fields.fields(fields.rest);
  const read = () => {
    if (version > 1 && flags & 3) {
      throw new SyntaxError(`attribute ${quote(name)} has a shared type`);
    }
    const shape = readDataspace(space.again());
    return { type: readDatatype(type.again()), shape, data: data.again() };
  };
  return [name, read];
}
