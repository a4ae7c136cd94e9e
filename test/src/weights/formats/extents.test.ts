import { expect, it } from 'vitest';
import type { ByteSource } from '../../../../src/platform/types.ts';
import { ByteReader } from '../../../../src/weights/byte-reader.ts';
import {
  chunkBytes,
  type Extent,
  heldRows,
  readExtents,
} from '../../../../src/weights/formats/extents.ts';

const FILE = Uint8Array.from({ length: 100 }, (_, i) => i);

async function* chunked(file: Uint8Array, size: number) {
  for (let at = 0; at < file.length; at += size) yield file.slice(at, at + size);
}

/** The pieces of each extent: offset in the extent, and bytes. */
async function piecesOf(extents: readonly Extent[], chunk: number) {
  const source: ByteSource = { name: 'a', size: 100, stream: () => chunked(FILE, chunk) };
  const found: [name: string, from: number, bytes: number[]][] = [];
  const pieces = readExtents(new ByteReader(source.stream()), source, extents);
  for await (const [{ name }, bytes, from] of pieces) found.push([name, from, [...bytes]]);
  return found;
}

const range = (start: number, end: number) => [...FILE.subarray(start, end)];
const big: Extent = { name: 'big', offset: 10, length: 25, pieceBytes: 10 };

it.each([7, 16, 100])(
  'readExtents() gives pieces where `pieceBytes` allows it, chunks of %i',
  async (n) => {
    const empty: Extent = { name: 'empty', offset: 40, length: 0, pieceBytes: 0 };
    const whole: Extent = { name: 'whole', offset: 40, length: 30 };
    expect(await piecesOf([whole, big, empty].toReversed(), n)).toEqual([
      ['big', 0, range(10, 20)],
      ['big', 10, range(20, 30)],
      ['big', 20, range(30, 35)],
      ['empty', 0, []],
      ['whole', 0, range(40, 70)],
    ]);
  },
);

it.each([7, 100])(
  'readExtents() gives an extent that two share as a whole, chunks of %i',
  async (n) => {
    expect(await piecesOf([big, { ...big, name: 'other' }], n)).toEqual([
      ['big', 0, range(10, 35)],
      ['other', 0, range(10, 35)],
    ]);
  },
);

it('readExtents() refuses an extent that lies in the last piece of another', async () => {
  const inside: Extent = { name: 'inside', offset: 30, length: 5 };
  await expect(piecesOf([big, inside], 100)).rejects.toThrow('"inside" overlap others');
});

it('readExtents() refuses pieces that the stream ends before', async () => {
  const long: Extent = { name: 'long', offset: 80, length: 25, pieceBytes: 10 };
  await expect(piecesOf([long], 100)).rejects.toThrow('values of "long" end at 105');
});

it.each(['F16', 'F32', 'F64'] as const)('heldRows() of pieces are those of all: %s', (dtype) => {
  const size = { F16: 2, F32: 4, F64: 8 }[dtype];
  const tensor = { name: 'a', dtype, shape: [700, 1000] };
  const bytes = new Uint8Array(700 * 1000 * size);
  const places = (part: Uint8Array, from: number) =>
    Array.from(heldRows(tensor, part, from), ({ firstRow, rows, bytes: { length } }) => {
      return [firstRow, rows, length / (1000 * size)];
    });
  const step = chunkBytes(tensor);
  expect(step).toBeLessThanOrEqual(2 ** 20);
  const pieces: number[][] = [];
  for (let from = 0; from < bytes.length; from += step) {
    pieces.push(...places(bytes.subarray(from, from + step), from));
  }
  expect(pieces.length).toBeGreaterThan(2);
  expect(pieces).toEqual(places(bytes, 0));
});
