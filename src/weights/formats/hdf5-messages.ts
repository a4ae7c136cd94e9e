/**
 * Object headers of HDF5 (HDF5 File Format Specification 3.0, IV.A), versions 1 and 2, and the
 * contents of their messages: dataspaces, datatypes, attributes and links.
 */

import { quote } from '../tensor-info.ts';
import type { Fields, Hdf5Bytes } from './hdf5-bytes.ts';

/** Types of the messages that are read (IV.A.2). */
export const Message = {
  Dataspace: 0x01,
  LinkInfo: 0x02,
  Datatype: 0x03,
  Link: 0x06,
  DataLayout: 0x08,
  FilterPipeline: 0x0b,
  Attribute: 0x0c,
  Continuation: 0x10,
  SymbolTable: 0x11,
  AttributeInfo: 0x15,
} as const;

/** One message, not parsed yet. */
export interface HeaderMessage {
  readonly type: number;
  readonly fields: Fields;
}

const MAX_RANK = 8;
/** The most that a header of version 1 can have, whose count has 2 bytes. */
const MAX_MESSAGES = 65_535;
/** Flag of a message that is stored elsewhere, because objects share it. */
const SHARED = 2;
/** Messages of all other types are ignored, also where they are shared. */
const READ_TYPES: ReadonlySet<number> = new Set(Object.values(Message));

/** The messages of an object's header that have one of the types above. */
export async function messagesAt(file: Hdf5Bytes, address: number): Promise<HeaderMessage[]> {
  const isV1 = (await file.at(address, 4, 'object header')).u8() === 1;
  return isV1 ? messagesV1(file, address) : messagesV2(file, address);
}

/**
 * Version 1 (IV.A.1.a): messages aligned to 8 bytes, in blocks that continuation messages
 * (IV.A.2.q) name.
 */
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
      if (length % 8 !== 0) {
        throw new SyntaxError(`a message has ${length} bytes, expected a multiple of 8`);
      }
      const message = { type, fields: block.skip(3).fields(length) };
      if (type === Message.Continuation) {
        const [at, bytes] = [message.fields.u64(), message.fields.u64()];
        blocks.push(await file.at(at, bytes, 'object header'));
      } else addMessage(messages, message, flags);
    }
  }
  return messages;
}

/** The longest prefix of a header of version 2. */
const MAX_PREFIX_BYTES = 30;

/**
 * Version 2 (IV.A.1.b): "OHDR", unaligned messages, continued in blocks "OCHK", each with a
 * checksum.
 */
async function messagesV2(file: Hdf5Bytes, address: number): Promise<HeaderMessage[]> {
  const prefix = await file.signed(address, 'OHDR', MAX_PREFIX_BYTES);
  const version = prefix.u8();
  if (version !== 2) throw new SyntaxError(`object header has version ${version}, expected 1 or 2`);
  const flags = prefix.u8();
  if (flags & 0x20) prefix.skip(16);
  if (flags & 0x10) prefix.skip(4);
  const sizes = [() => prefix.u8(), () => prefix.u16(), () => prefix.u32(), () => prefix.u64()];
  const size = sizes[flags & 3]!();
  const prefixBytes = MAX_PREFIX_BYTES - prefix.rest;
  const messages: HeaderMessage[] = [];
  const first = await file.summed(address, 'OHDR', prefixBytes + size + 4);
  const blocks = [first.skip(prefixBytes - 4)];
  const head = flags & 4 ? 6 : 4;
  for (const block of blocks) {
    while (block.rest >= head) {
      const [type, length, messageFlags] = [block.u8(), block.u16(), block.u8()];
      const message = { type, fields: block.skip(head - 4).fields(length) };
      if (type === Message.Continuation) {
        const [at, bytes] = [message.fields.u64(), message.fields.u64()];
        blocks.push(await file.summed(at, 'OCHK', bytes));
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

/** The sizes of a dataspace (IV.A.2.b); none for a scalar. */
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

/** An element type: a number by safetensors' name, a string, or something else. */
export type Hdf5Type =
  | { readonly kind: 'number'; readonly dtype: string; readonly size: number }
  | { readonly kind: 'string' | 'variable-length string'; readonly size: number }
  | { readonly kind: 'other'; readonly size: number; readonly name: string };

/**
 * The IEEE types, and bfloat16, by all that a datatype message says of a float: size, sign location,
 * mantissa normalisation (2: its first bit is implied), bit offset and precision, exponent location
 * and size, mantissa location and size, exponent bias.
 */
const FLOATS: Readonly<Record<string, string>> = {
  '2,15,2,0,16,10,5,0,10,15': 'F16',
  '2,15,2,0,16,7,8,0,7,127': 'BF16',
  '4,31,2,0,32,23,8,0,23,127': 'F32',
  '8,63,2,0,64,52,11,0,52,1023': 'F64',
};
/** Datatype classes that are refused by name. */
const CLASS_NAMES = ['', '', 'time', '', 'bit field', 'opaque', 'compound', 'reference', 'enum'];

/** Reads a datatype message (IV.A.2.d). Of numbers only little-endian ones are `number`. */
export function readDatatype(fields: Fields): Hdf5Type {
  const kind = fields.u8() & 0x0f;
  const bits = [fields.u8(), fields.u8(), fields.u8()] as const;
  const size = fields.u32();
  if (kind === 0 && isLittleEndian(bits[0])) {
    const name = `${bits[0] & 8 ? 'I' : 'U'}${8 * size}`;
    const isWhole = fields.u16() === 0 && fields.u16() === 8 * size;
    return { kind: 'number', dtype: isWhole ? name : `a part of ${name}`, size };
  }
  if (kind === 1 && isLittleEndian(bits[0])) {
    const [sign, normalisation] = [bits[1], (bits[0] >> 4) & 3];
    const all = [size, sign, normalisation, fields.u16(), fields.u16()];
    all.push(fields.u8(), fields.u8(), fields.u8(), fields.u8(), fields.u32());
    const key = all.join();
    const dtype = Object.hasOwn(FLOATS, key) ? FLOATS[key]! : `a float of ${size} bytes`;
    return { kind: 'number', dtype, size };
  }
  if (kind === 3) return { kind: 'string', size };
  if (kind === 9 && (bits[0] & 0x0f) === 1) return { kind: 'variable-length string', size };
  const name =
    kind < 2 ? 'numbers that are not little-endian' : (CLASS_NAMES[kind] ?? `type ${kind}`);
  return { kind: 'other', size, name };
}

/** Bit 0 is set for big-endian numbers; of floats, bit 6 as well for those of a VAX. */
function isLittleEndian(bits: number): boolean {
  return (bits & 0x41) === 0;
}

/** The value of an attribute. */
export interface Hdf5Attribute {
  readonly type: Hdf5Type;
  readonly shape: readonly number[];
  readonly data: Fields;
}

/** An attribute message (IV.A.2.m): the name, and a function that parses the value. */
export function readAttribute(fields: Fields): [name: string, read: () => Hdf5Attribute] {
  const version = fields.u8();
  if (version < 1 || version > 3) {
    throw new SyntaxError(`attribute has version ${version}, expected 1 to 3`);
  }
  const flags = fields.u8();
  const [nameBytes, typeBytes, spaceBytes] = [fields.u16(), fields.u16(), fields.u16()];
  if (version === 3) fields.skip(1);
  // Parts of version 1 are padded to 8 bytes.
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
    const shape = readDataspace(space.fromStart());
    return { type: readDatatype(type.fromStart()), shape, data: data.fromStart() };
  };
  return [name, read];
}

/** Bytes of a symbol table entry (III.C). */
const ENTRY_BYTES = 40;
/** The link type that has the address of an object header; soft and external links have not. */
const HARD_LINK = 0;

/**
 * Adds the links of a group by its symbol table message (IV.A.2.r): addresses of a B-tree over the
 * entries and of a local heap (III.D) with their names.
 */
export async function readSymbolTable(
  file: Hdf5Bytes,
  message: Fields,
  links: Map<string, number>,
): Promise<void> {
  const [tree, heap] = [message.u64(), message.u64()];
  const head = (await file.signed(heap, 'HEAP', 32)).skip(4);
  const size = head.u64();
  const names = await file.at(head.skip(8).u64(), size, 'name');
  for await (const node of nodesOf(file, tree)) {
    for (const [offset, address] of await symbolsAt(file, node)) {
      const name = names.textAt(offset);
      file.charge(name.length, 'name');
      links.set(name, address);
    }
  }
}

/**
 * Addresses of the symbol table nodes below a node of a version 1 B-tree (III.A.1): keys of 8 bytes
 * alternate with children, which are one level below. `expected` is this node's level.
 */
async function* nodesOf(
  file: Hdf5Bytes,
  address: number,
  expected?: number,
): AsyncGenerator<number> {
  const head = await file.signed(address, 'TREE', 24);
  const [type, level, count] = [head.u8(), head.u8(), head.u16()];
  if (type !== 0 || (expected !== undefined && level !== expected)) {
    throw new SyntaxError(
      `tree at ${address} has type ${type} and level ${level}, expected 0 and ${expected ?? 'any'}`,
    );
  }
  const body = await file.at(address + 24, 16 * count + 8, 'tree');
  for (let i = 0; i < count; i++) {
    const child = body.skip(8).u64();
    if (level === 0) yield child;
    else yield* nodesOf(file, child, level - 1);
  }
}

/**
 * The entries of a symbol table node (III.B): offset of the name in the heap, address of the object
 * header.
 */
async function symbolsAt(
  file: Hdf5Bytes,
  address: number,
): Promise<[offset: number, header: number][]> {
  const count = (await file.signed(address, 'SNOD', 8)).skip(2).u16();
  const entries = await file.at(address + 8, ENTRY_BYTES * count, 'symbol table');
  return Array.from({ length: count }, () => {
    const [offset, header] = [entries.u64(), entries.u64()];
    entries.skip(ENTRY_BYTES - 16);
    return [offset, header];
  });
}

/** Adds the link of a link message (IV.A.2.g), if it is a hard link; others are ignored. */
export function readLink(message: Fields, links: Map<string, number>): void {
  const flags = message.skip(1).u8();
  const kind = flags & 8 ? message.u8() : HARD_LINK;
  if (flags & 4) message.skip(8);
  if (flags & 16) message.skip(1);
  const sizes = [() => message.u8(), () => message.u16(), () => message.u32(), () => message.u64()];
  const name = message.text(sizes[flags & 3]!());
  if (kind === HARD_LINK) links.set(name, message.u64());
}
