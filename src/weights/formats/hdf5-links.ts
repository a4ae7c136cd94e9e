/** Links of HDF5 groups: symbol tables (a B-tree over nodes, names in a heap) and link messages. */

import type { Fields, Hdf5Bytes } from './hdf5-bytes.ts';

const ENTRY_BYTES = 40;
const HARD_LINK = 0;

/** A symbol table message (IV.A.2.r): where the tree and the heap of names are. */
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

/** The nodes of a B-tree of version 1 for groups: keys of 8 bytes between children of a level below. */
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

/** A symbol table node: the name's offset in the heap, the object's header, for each entry. */
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

/** A link message (IV.A.2.g); links that are no hard ones lead out of the file, and are left out. */
export function readLink(message: Fields, links: Map<string, number>): void {
  const flags = message.skip(1).u8();
  const kind = flags & 8 ? message.u8() : HARD_LINK;
  if (flags & 4) message.skip(8);
  if (flags & 16) message.skip(1);
  const sizes = [() => message.u8(), () => message.u16(), () => message.u32(), () => message.u64()];
  const name = message.text(sizes[flags & 3]!());
  if (kind === HARD_LINK) links.set(name, message.u64());
}
