import { describe, expect, it } from 'vitest';
import { ByteReader, readWhole } from '../../../src/weights/byte-reader.ts';
import { chunked } from './safetensors-file.ts';

const FILE = Uint8Array.from({ length: 50 }, (_, i) => i);
const readerOf = (chunk: number) => new ByteReader(chunked(FILE, chunk).stream());
const range = (start: number, end: number) => [...FILE.subarray(start, end)];

describe('ByteReader', () => {
  it.each([1, 3, 16, 50])('reads, peeks and skips by number, in chunks of %i', async (chunk) => {
    const reader = readerOf(chunk);
    expect([...(await reader.peek(4))]).toEqual(range(0, 4));
    expect(reader.position).toBe(0);
    const bytes = await reader.read(5);
    expect([...bytes]).toEqual(range(0, 5));
    expect(bytes.byteOffset % 8).toBe(0);
    expect(await reader.skip(10)).toBe(10);
    expect([...(await reader.peek(20))]).toEqual(range(15, 35));
    expect([...reader.readNow(20)!]).toEqual(range(15, 35));
    const aligned = await reader.read(7);
    expect([...aligned]).toEqual(range(35, 42));
    expect(aligned.byteOffset % 8).toBe(0);
    expect(reader.position).toBe(42);
    expect([...(await reader.peek(100))]).toEqual(range(42, 50));
    expect([...(await reader.read(100))]).toEqual(range(42, 50));
    expect([await reader.ended(), reader.position, await reader.skip(1)]).toEqual([true, 50, 0]);
  });

  it('knows its position while others move through the current chunk', async () => {
    const reader = readerOf(10);
    await reader.skip(12);
    reader.chunk.at += 5;
    expect([...reader.readNow(3)!]).toEqual(range(17, 20));
    reader.chunk.at -= 2;
    expect(reader.position).toBe(18);
    expect([...(await reader.read(4))]).toEqual(range(18, 22));
  });
});

describe('readWhole()', () => {
  it.each([undefined, 20, 50])('reads into room that fits or its own, size %j', async (size) => {
    const room = new Uint8Array(10);
    const reader = readerOf(7);
    const first = await readWhole(reader, 9, size, room);
    expect([first.buffer === room.buffer, [...first]]).toEqual([true, range(0, 9)]);
    const second = await readWhole(reader, 11, size, room);
    expect([second.buffer === room.buffer, [...second]]).toEqual([false, range(9, 20)]);
    expect([...(await readWhole(reader, 100, size))]).toEqual(range(20, 50));
  });
});
