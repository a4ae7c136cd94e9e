/**
 * Hdf5File: groups, text attributes and datasets of an HDF5 file (HDF5 File Format Specification 3.0),
 * as far as h5py writes them for Keras: superblocks 0, 2 and 3, symbol tables and compact links,
 * contiguous and compact values. Everything else is refused by name.
 */

import type { ByteAccess } from '../../platform/types.ts';
import { byteSize, quote, showShape } from '../tensor-info.ts';
import { type Fields, Hdf5Bytes } from './hdf5-bytes.ts';
import { readLink, readSymbolTable } from './hdf5-links.ts';
import {
  type Hdf5Attribute,
  type HeaderMessage,
  Message,
  messagesAt,
  readAttribute,
  readDataspace,
  readDatatype,
} from './hdf5-messages.ts';

const HDF5_SIGNATURE = '\x89HDF\r\n\x1a\n';

/** A dataset: its type by the names of safetensors (such as F32), and its values, little-endian. */
export interface Hdf5Dataset {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes of all values. */
  readonly size: number;
  /** Where in the file they begin; those of a header are given as they are. */
  readonly values: number | Uint8Array;
}

/** The children of a group: addresses of their headers, by name. */
type Links = ReadonlyMap<string, number>;

/** What a file says of itself. SyntaxError for a broken one, and for what is not read here. */
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

  /** A file of `size` bytes. */
  static async open(file: ByteAccess, size: number): Promise<Hdf5File> {
    const bytes = new Hdf5Bytes(file, size);
    return new Hdf5File(bytes, await readSuperblock(bytes));
  }

  /** The address of what `path` names, from the group at `from`; undefined when it is not there. */
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

  /** The texts of an attribute of the object at an address; undefined when it has none of the name. */
  async texts(name: string, address = this.#root): Promise<string[] | undefined> {
    const attributes = this.#attributes.get(address) ?? (await this.#attributesAt(address));
    this.#attributes.set(address, attributes);
    const read = attributes.get(name);
    return read && (await this.#textsOf(name, read()));
  }

  /** The dataset at an address. */
  async dataset(address: number, name: string): Promise<Hdf5Dataset> {
    const messages = await this.#messagesAt(address);
    const one = (wanted: number) => messages.find(({ type }) => type === wanted)?.fields.again();
    const [space, type, layout] = [Message.Dataspace, Message.Datatype, Message.Layout].map(one);
    if (!space || !type || !layout) throw new SyntaxError(`${quote(name)} is no dataset`);
    if (one(Message.Filters)) throw new SyntaxError(`dataset ${quote(name)} is compressed`);
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

  /** Layouts of versions 3 and 4, which agree on what is read here; `size` is that of the values. */
  #values(
    layout: Fields,
    name: string,
    size: number,
  ): [values: Hdf5Dataset['values'], length: number] {
    const version = layout.u8();
    if (version !== 3 && version !== 4) {
      throw new SyntaxError(`layout of ${quote(name)} has version ${version}, expected 3 or 4`);
    }
    const kind = layout.u8();
    if (kind === 0) {
      const values = layout.bytes(layout.u16());
      return [values, values.length];
    }
    if (kind !== 1) {
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
      if (type === Message.Attribute) attributes.set(...readAttribute(fields.again()));
      if (type === Message.AttributeInfo && hasHeap(fields.again(), 2)) {
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
      if (type === Message.SymbolTable) await readSymbolTable(this.#bytes, fields.again(), links);
      else if (type === Message.Link) readLink(fields.again(), links);
      else if (type === Message.LinkInfo && hasHeap(fields.again(), 8)) {
        throw new SyntaxError('links are in a fractal heap, expected a symbol table');
      }
    }
    this.#links.set(address, links);
    return links;
  }

  async #textsOf(name: string, { type, shape, data }: Hdf5Attribute): Promise<string[]> {
    const count = shape.reduce((product, size) => product * size, 1);
    const isText = type.kind === 'text' || type.kind === 'long text';
    if (!isText || count * type.size > data.rest || (type.size === 0 && count > 0)) {
      throw new SyntaxError(`attribute ${quote(name)} holds no texts, or not ${count} of them`);
    }
    this.#bytes.charge(count * type.size, `attribute ${quote(name)}`);
    const texts: string[] = [];
    for (let i = 0; i < count; i++) {
      const item = data.fields(type.size);
      const text = type.kind === 'text' ? item.text(type.size) : await this.#longText(item);
      texts.push(text.replace(/\0.*$/s, ''));
    }
    return texts;
  }

  /** A text of any length: its size, and which object of which global heap it is. */
  async #longText(reference: Fields): Promise<string> {
    const length = reference.u32();
    const [address, index] = [reference.address(), reference.u32()];
    if (length === 0) return '';
    const heap = address === undefined ? undefined : await this.#heapAt(address);
    const found = heap?.get(index)?.again();
    if (!found) throw new SyntaxError(`text ${index} is in no global heap`);
    this.#bytes.charge(length, 'text');
    return found.text(length);
  }

  /** A global heap: "GCOL", its size, objects padded to 8 bytes; object 0 is what is free. */
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

/** The address of the root group's header. Addresses and sizes have 8 bytes and count from the start. */
async function readSuperblock(file: Hdf5Bytes): Promise<number> {
  const fields = await file.signed(0, HDF5_SIGNATURE, 48);
  const version = fields.u8();
  if (version !== 0 && version !== 2 && version !== 3) {
    throw new SyntaxError(`superblock has version ${version}, expected 0, 2 or 3`);
  }
  if (version === 0) fields.skip(4);
  const sizes = [fields.u8(), fields.u8()];
  const base = fields.skip(version === 0 ? 9 : 1).u64();
  if (sizes.join() !== '8,8' || base !== 0) {
    throw new SyntaxError(`addresses of ${sizes.join()} bytes begin at ${base}, expected 8,8 at 0`);
  }
  // Version 0: addresses of free space, end and driver, then the root's entry: its name, its header.
  if (version === 0) return (await file.at(64, 8, 'superblock')).u64();
  return fields.skip(16).u64();
}

/** Whether a link info or attribute info message names a heap: `orderBytes` where order is tracked. */
function hasHeap(fields: Fields, orderBytes: number): boolean {
  const flags = fields.skip(1).u8();
  return fields.skip(flags & 1 ? orderBytes : 0).address() !== undefined;
}
