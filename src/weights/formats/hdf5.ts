/**
 * Hdf5File: groups, string attributes and datasets of an HDF5 file (HDF5 File Format Specification
 * 3.0), as far as h5py writes them for Keras: superblock versions 0, 2 and 3, symbol tables and
 * link messages, contiguous and compact storage. Everything else is refused by name.
 */

import type { ByteAccess } from '../../platform/types.ts';
import { byteSize, quote, showShape } from '../tensor-info.ts';
import { type Fields, Hdf5Bytes } from './hdf5-bytes.ts';
import {
  type Hdf5Attribute,
  type HeaderMessage,
  Message,
  messagesAt,
  readAttribute,
  readDataspace,
  readDatatype,
  readLink,
  readSymbolTable,
} from './hdf5-messages.ts';

const HDF5_SIGNATURE = '\x89HDF\r\n\x1a\n';
/** Data layout classes. */
const COMPACT = 0;
const CONTIGUOUS = 1;

/** A dataset of little-endian numbers. */
export interface Hdf5Dataset {
  /** By safetensors' names, such as F32; others for types that safetensors has not. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes of all values. */
  readonly size: number;
  /** Their offset in the file, or the values themselves where the object header holds them. */
  readonly values: number | Uint8Array;
}

/** The children of a group: addresses of object headers, by name. */
type Links = ReadonlyMap<string, number>;

/** Throws SyntaxError for a broken file, and for features that are not supported. */
export class Hdf5File {
  readonly #bytes: Hdf5Bytes;
  readonly #root: number;
  readonly #messages = new Map<number, readonly HeaderMessage[]>();
  readonly #links = new Map<number, Links>();
  readonly #attributes = new Map<number, ReadonlyMap<string, () => Hdf5Attribute>>();
  readonly #heaps = new Map<number, ReadonlyMap<number, Fields>>();

  private constructor(bytes: Hdf5Bytes, root: number) {
    this.#bytes = bytes;
    this.#root = root;
  }

  /** Opens a file of `size` bytes. */
  static async open(file: ByteAccess, size: number): Promise<Hdf5File> {
    const bytes = new Hdf5Bytes(file, size);
    return new Hdf5File(bytes, await readSuperblock(bytes));
  }

  /**
   * The address of the object at `path` below the group at `from`; undefined when there is none.
   */
  async find(path: string, from = this.#root): Promise<number | undefined> {
    let address: number | undefined = from;
    for (const name of path.split('/')) {
      if (name === '') continue;
      if (address === undefined) return undefined;
      const links: Links = this.#links.get(address) ?? (await this.#readLinks(address));
      address = links.get(name);
    }
    return address;
  }

  /**
   * The strings of an attribute of the object at an address; undefined when it has no such
   * attribute.
   */
  async texts(name: string, address = this.#root): Promise<string[] | undefined> {
    const attributes = this.#attributes.get(address) ?? (await this.#attributesAt(address));
    this.#attributes.set(address, attributes);
    const read = attributes.get(name);
    return read && (await this.#textsOf(name, read()));
  }

  /** The dataset at an address. */
  async dataset(address: number, name: string): Promise<Hdf5Dataset> {
    const messages = await this.#messagesAt(address);
    const one = (wanted: number) =>
      messages.find(({ type }) => type === wanted)?.fields.fromStart();
    const [space, type, layout] = [Message.Dataspace, Message.Datatype, Message.DataLayout].map(
      one,
    );
    if (!space || !type || !layout) throw new SyntaxError(`${quote(name)} is no dataset`);
    if (one(Message.FilterPipeline)) throw new SyntaxError(`dataset ${quote(name)} is compressed`);
    const found = readDatatype(type);
    if (found.kind !== 'number') {
      throw new SyntaxError(
        `dataset ${quote(name)} holds ${found.kind === 'other' ? found.name : 'text'}, expected little-endian numbers`,
      );
    }
    const shape = readDataspace(space);
    const size = byteSize(shape, found.size);
    const [values, length] = this.#values(layout, name, size);
    if (length === size) return { dtype: found.dtype, shape, size, values };
    throw new SyntaxError(
      `dataset ${quote(name)} has ${length} bytes, expected ${size} of shape ${showShape(shape)}`,
    );
  }

  /**
   * Where a data layout message (IV.A.2.i) says that `size` bytes of values are. Versions 3 and 4
   * are the same for compact and contiguous storage.
   */
  #values(
    layout: Fields,
    name: string,
    size: number,
  ): [values: Hdf5Dataset['values'], length: number] {
    const version = layout.u8();
    if (version !== 3 && version !== 4) {
      throw new SyntaxError(`layout of ${quote(name)} has version ${version}, expected 3 or 4`);
    }
    const layoutClass = layout.u8();
    if (layoutClass === COMPACT) {
      const values = layout.bytes(layout.u16());
      return [values, values.length];
    }
    if (layoutClass !== CONTIGUOUS) {
      throw new SyntaxError(`dataset ${quote(name)} is chunked, expected it in one piece`);
    }
    const [address, bytes] = [layout.address(), layout.u64()];
    if (size === 0) return [new Uint8Array(), 0];
    if (address === undefined) throw new SyntaxError(`dataset ${quote(name)} was never written`);
    this.#bytes.check(address, bytes, `dataset ${quote(name)}`);
    return [address, bytes];
  }

  async #attributesAt(address: number): Promise<ReadonlyMap<string, () => Hdf5Attribute>> {
    const attributes = new Map<string, () => Hdf5Attribute>();
    for (const { type, fields } of await this.#messagesAt(address)) {
      if (type === Message.Attribute) attributes.set(...readAttribute(fields.fromStart()));
      if (type === Message.AttributeInfo && hasHeap(fields.fromStart(), 2)) {
        throw new SyntaxError('attributes are in a fractal heap, expected them in the header');
      }
    }
    return attributes;
  }

  async #messagesAt(address: number): Promise<readonly HeaderMessage[]> {
    const known = this.#messages.get(address) ?? (await messagesAt(this.#bytes, address));
    this.#messages.set(address, known);
    return known;
  }

  async #readLinks(address: number): Promise<Links> {
    const links = new Map<string, number>();
    for (const { type, fields } of await this.#messagesAt(address)) {
      if (type === Message.SymbolTable)
        await readSymbolTable(this.#bytes, fields.fromStart(), links);
      else if (type === Message.Link) readLink(fields.fromStart(), links);
      else if (type === Message.LinkInfo && hasHeap(fields.fromStart(), 8)) {
        throw new SyntaxError('links are in a fractal heap, expected a symbol table');
      }
    }
    this.#links.set(address, links);
    return links;
  }

  async #textsOf(name: string, { type, shape, data }: Hdf5Attribute): Promise<string[]> {
    const count = shape.reduce((product, size) => product * size, 1);
    const isText = type.kind === 'string' || type.kind === 'variable-length string';
    if (!isText || count * type.size > data.rest || (type.size === 0 && count > 0)) {
      throw new SyntaxError(`attribute ${quote(name)} holds no texts, or not ${count} of them`);
    }
    this.#bytes.charge(count * type.size, `attribute ${quote(name)}`);
    const texts: string[] = [];
    for (let i = 0; i < count; i++) {
      const item = data.fields(type.size);
      const text = type.kind === 'string' ? item.text(type.size) : await this.#heapText(item);
      texts.push(text.replace(/\0.*$/s, ''));
    }
    return texts;
  }

  /** A variable-length string: its length, and the object of a global heap that holds it. */
  async #heapText(reference: Fields): Promise<string> {
    const length = reference.u32();
    const [address, index] = [reference.address(), reference.u32()];
    if (length === 0) return '';
    const heap = address === undefined ? undefined : await this.#heapAt(address);
    const found = heap?.get(index)?.fromStart();
    if (!found) throw new SyntaxError(`text ${index} is in no global heap`);
    this.#bytes.charge(length, 'text');
    return found.text(length);
  }

  /**
   * A global heap (III.E): "GCOL", its size, objects aligned to 8 bytes; object 0 is free space.
   */
  async #heapAt(address: number): Promise<ReadonlyMap<number, Fields>> {
    const known = this.#heaps.get(address);
    if (known) return known;
    const size = (await this.#bytes.signed(address, 'GCOL', 16)).skip(4).u64();
    const objects = new Map<number, Fields>();
    const heap = (await this.#bytes.at(address, size, 'global heap')).skip(16);
    while (heap.rest >= 16) {
      const index = heap.u16();
      const length = heap.skip(6).u64();
      if (index === 0) break;
      objects.set(index, heap.fields(length));
      heap.align(8);
    }
    this.#heaps.set(address, objects);
    return objects;
  }
}

/**
 * The address of the root group's object header, by the superblock (II.A). Addresses and sizes must
 * have 8 bytes, and addresses must count from the start of the file.
 */
async function readSuperblock(file: Hdf5Bytes): Promise<number> {
  const fields = await file.signed(0, HDF5_SIGNATURE, 48);
  const version = fields.u8();
  if (version !== 0 && version !== 2 && version !== 3) {
    throw new SyntaxError(`superblock has version ${version}, expected 0, 2 or 3`);
  }
  // Checked as a whole: later versions end with a checksum.
  if (version > 0) await file.summed(0, HDF5_SIGNATURE, 48);
  if (version === 0) fields.skip(4);
  const sizes = [fields.u8(), fields.u8()];
  const base = fields.skip(version === 0 ? 9 : 1).u64();
  if (sizes.join() !== '8,8' || base !== 0) {
    throw new SyntaxError(`addresses of ${sizes.join()} bytes begin at ${base}, expected 8,8 at 0`);
  }
  const end = fields.skip(8).u64();
  if (end > file.size) {
    throw new SyntaxError(`it is cut off: has ${file.size} bytes, expected ${end}`);
  }
  // Version 0 ends with the root's symbol table entry (III.C) at byte 56: name offset, header
  // address.
  if (version === 0) return (await file.at(64, 8, 'superblock')).u64();
  return fields.u64();
}

/**
 * Whether a link info (IV.A.2.c) or attribute info message (IV.A.2.v) has the address of a fractal
 * heap. With creation order tracked, an index of `orderBytes` bytes precedes it.
 */
function hasHeap(fields: Fields, orderBytes: number): boolean {
  const flags = fields.skip(1).u8();
  return fields.skip(flags & 1 ? orderBytes : 0).address() !== undefined;
}
