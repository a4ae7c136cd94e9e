/** Varints and fields (protobuf.dev, "Encoding"), the same in memory and in chunks of any size. */
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../../src/weights/byte-reader.ts';
import {
  MessageFields,
  MessageStream,
  type WireField,
} from '../../../../src/weights/formats/protobuf.ts';
import { field, join, number, text, varint } from '../onnx-file.ts';
import { chunked } from '../safetensors-file.ts';

function inMemory(message: Uint8Array): WireField[] {
  const found: WireField[] = [];
  const fields = new MessageFields(message);
  while (fields.next()) found.push(fields.whole);
  return found;
}

async function inStream(message: Uint8Array, chunk: number, end?: number): Promise<WireField[]> {
  const found: WireField[] = [];
  const stream = new MessageStream(
    new ByteReader(chunked(message, chunk).stream()),
    undefined,
    end,
  );
  for (let tag = await stream.next(); tag; tag = await stream.next()) {
    found.push(await stream.value(tag));
  }
  return found;
}

const NUMBERS = [0, 1, 127, 128, 300, 2 ** 31, 2 ** 48, 2 ** 49 - 1, 2 ** 49, 2 ** 53, -1, -300];
const message = join(
  ...NUMBERS.map((value, i) => number(i + 1, value)),
  field(2 ** 29 - 1, text('text')),
  join(varint(8 * 20 + 1), new Uint8Array(8).fill(1)),
  join(varint(8 * 21 + 5), new Uint8Array(4).fill(2)),
);

describe('MessageFields', () => {
  it('reads varints as int64, bytes and numbers of fixed size', () => {
    const fields = inMemory(message);
    expect(fields.slice(0, NUMBERS.length).map(({ value }) => value)).toEqual(NUMBERS);
    expect(fields.slice(NUMBERS.length)).toEqual([
      { field: 2 ** 29 - 1, wire: 2, value: text('text') },
      { field: 20, wire: 1, value: new Uint8Array(8).fill(1) },
      { field: 21, wire: 5, value: new Uint8Array(4).fill(2) },
    ]);
  });

  it.each<[string, Uint8Array, string]>([
    ['a varint that is cut off', Uint8Array.of(8, 0x80), 'a varint is cut off'],
    ['ten bytes that go on', new Uint8Array(10).fill(0x80), 'a varint has more than 10 bytes'],
    ['nine bytes that go on', new Uint8Array(9).fill(0x80), 'a varint is cut off'],
    ['bytes that are cut off', Uint8Array.of(10, 5, 1), 'said to have 5 bytes, expected at most 1'],
  ])('refuses %s', (_, bytes, flaw) => {
    expect(() => inMemory(bytes)).toThrow(SyntaxError);
    expect(() => inMemory(bytes)).toThrow(flaw);
  });
});

describe('MessageStream', () => {
  it.each([1, 2, 3, 7, 11, 1000])('reads what MessageFields reads, in chunks of %i', async (n) => {
    expect(await inStream(message, n)).toEqual(inMemory(message));
  });

  it.each([1, 4, 1000])('refuses a varint that its message cuts off, chunks of %i', async (n) => {
    const bytes = join(number(1, 5), number(2, 300), new Uint8Array(20));
    await expect(inStream(bytes, n, 4)).rejects.toThrow('it is cut off');
    await expect(inStream(bytes.subarray(0, 4), n)).rejects.toThrow('it is cut off');
  });
});

describe('MessageStream.nextNow()', () => {
  it('takes fields of bytes in the current chunk, and moves nothing else', async () => {
    const bytes = join(field(1, text('ab')), number(2, 300), field(3, text('cdefgh')));
    const reader = new ByteReader(chunked(bytes, 8).stream());
    const stream = new MessageStream(reader, undefined, bytes.length);
    expect(stream.nextNow()).toBeUndefined();
    await reader.peek(1);
    expect(stream.nextNow()).toEqual({ field: 1, wire: 2, value: text('ab') });
    expect([stream.nextNow(), reader.position]).toEqual([undefined, 4]);
    expect(await stream.value((await stream.next())!)).toEqual({ field: 2, wire: 0, value: 300 });
    expect([stream.nextNow(), reader.position]).toEqual([undefined, 7]);
    const tag = (await stream.next())!;
    expect(await stream.value(tag)).toEqual({ field: 3, wire: 2, value: text('cdefgh') });
    expect(await stream.next()).toBeUndefined();
  });
});
