import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FilesError } from '../../../src/errors.ts';
import { type ByteSource, type FileLike, openSource } from '../../../src/hub/source.ts';

const BYTES = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

async function readAll(source: ByteSource | undefined): Promise<Uint8Array> {
  const chunks: number[] = [];
  for await (const chunk of source!.stream()) chunks.push(...chunk);
  return Uint8Array.from(chunks);
}

/** A stream that gives one chunk, then waits for ever; `cancelled` holds the reason of its end. */
function endless() {
  const state = { cancelled: undefined as unknown };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (state.cancelled === undefined) controller.enqueue(BYTES);
      state.cancelled = null;
      return new Promise(() => {});
    },
    cancel(reason) {
      state.cancelled = reason ?? 'left';
    },
  });
  return { stream, state };
}

async function* oneBuffer() {
  const buffer = new Uint8Array(100);
  for (let i = 0; i < 1000; i += 100) {
    buffer.set(BYTES.subarray(i, i + 100));
    yield buffer;
  }
}

describe('openSource()', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'source-'));
    await writeFile(join(folder, 'file.bin'), BYTES);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const kinds: [string, () => FileLike][] = [
    ['a path', () => join(folder, 'file.bin')],
    ['a file URL', () => pathToFileURL(join(folder, 'file.bin'))],
    ['a file URL as a string', () => pathToFileURL(join(folder, 'file.bin')).href],
    ['a Uint8Array', () => BYTES],
    ['an ArrayBuffer', () => BYTES.slice().buffer],
    ['a view of part of a buffer', () => new Uint8Array([9, ...BYTES, 9]).subarray(1, 1001)],
    ['a Blob', () => new Blob([BYTES])],
    ['a blob URL', () => URL.createObjectURL(new Blob([BYTES]))],
    ['a data URL', () => `data:;base64,${btoa(String.fromCharCode(...BYTES))}`],
    ['a file handle', () => ({ getFile: async () => new Blob([BYTES]) })],
    ["an entry of Deno's KV", () => ({ key: ['x'], value: BYTES, versionstamp: '1' })],
    ['a value of KV', () => ({ value: BYTES.slice().buffer, metadata: null })],
    ['a stream of KV', () => ({ value: new Blob([BYTES]).stream(), metadata: null })],
    ['an object of R2', () => ({ body: new Blob([BYTES]).stream(), size: 1000, etag: 'x' })],
    ["a stream of Node's", () => createReadStream(join(folder, 'file.bin'))],
    ['a generator that uses one buffer', () => oneBuffer()],
    ['a Response', () => new Response(BYTES)],
    ['a ReadableStream', () => new Blob([BYTES]).stream()],
  ];
  it.each(kinds)('reads %s', async (_, make) => {
    const source = await openSource(make(), 'file.bin');
    expect(await readAll(source)).toEqual(BYTES);
    expect([undefined, 1000]).toContain(source?.size);
  });

  it.each(kinds.slice(0, -6))('reads %s twice', async (_, make) => {
    const source = await openSource(make(), 'file.bin');
    await readAll(source);
    expect(await readAll(source)).toEqual(BYTES);
  });

  it.each(kinds.slice(-6))('refuses to read %s twice', async (_, make) => {
    const source = await openSource(make(), 'file.bin');
    await readAll(source);
    await expect(readAll(source)).rejects.toThrow(
      'Cannot read "file.bin": its stream was read before',
    );
  });

  it.each(['a path', 'a Blob', 'a file handle'])('reads %s at any offset', async (kind) => {
    const source = (await openSource(kinds.find(([name]) => name === kind)![1](), 'f'))!;
    const access = await source.access!();
    expect(await access.read(300, 310)).toEqual(BYTES.subarray(300, 310));
    expect(await access.read(5, 5)).toEqual(new Uint8Array());
    expect(await access.read(990, 1010)).toEqual(BYTES.subarray(990));
    await access.close();
  });

  it('reports a Blob that cannot be read, and stops reads at an offset when the signal aborts', async () => {
    const slice = () => ({ arrayBuffer: () => Promise.reject(new Error('it is gone')) });
    const blob = Object.assign(new Blob([BYTES]), { slice }) as unknown as Blob;
    const broken = await (await openSource(blob, 'f'))!.access!();
    await expect(broken.read(0, 1)).rejects.toThrow(
      new FilesError('Cannot read "f": it is gone', 'f'),
    );
    const stop = new AbortController();
    const access = await (await openSource(new Blob([BYTES]), 'f', stop))!.access!();
    stop.abort(new Error('enough'));
    await expect(access.read(0, 1)).rejects.toThrow('enough');
  });

  it('refuses text in place of a path, without quoting it', async () => {
    await expect(openSource('[PAD]\n[UNK]\n', 'vocab.txt')).rejects.toThrow(
      new FilesError(
        'Cannot open "vocab.txt": found text of 12 characters, expected a path, a URL or bytes (new TextEncoder().encode(text))',
        'vocab.txt',
      ),
    );
  });

  it('refuses a Response that the caller has read', async () => {
    const response = new Response(BYTES);
    await response.arrayBuffer();
    await expect(readAll(await openSource(response, 'x'))).rejects.toThrow('read before');
  });

  it('refuses a Response that failed', async () => {
    const response = new Response('no', { status: 500 });
    await expect(openSource(response, 'x')).rejects.toThrow('response has status 500');
  });

  it('knows a storage object by its body, and its size', async () => {
    const { body } = new Response(BYTES);
    const object = { body, size: 1000, arrayBuffer: async () => new ArrayBuffer(0) };
    const source = await openSource(object, 'x');
    expect(source?.size).toBe(1000);
    expect(await readAll(source)).toEqual(BYTES);
  });

  it('takes a plain object for parsed JSON', async () => {
    const bytes = await readAll(await openSource({ a: [1] }, 'x.json'));
    expect(new TextDecoder().decode(bytes)).toBe('{"a":[1]}');
  });

  it('returns undefined for a path where nothing is, throws for a folder', async () => {
    expect(await openSource(join(folder, 'none'), 'x')).toBeUndefined();
    expect(await openSource(join(folder, 'file.bin', 'none'), 'x')).toBeUndefined();
    await expect(openSource(folder, 'x')).rejects.toThrow('found a folder, expected a file');
  });

  it.each([{ value: [1] }, { body: 'text', size: 3 }, { value: 'x' }])(
    'takes %j for JSON, as it holds no bytes',
    async (json) => {
      const bytes = await readAll(await openSource(json, 'x.json'));
      expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual(json);
    },
  );

  it('refuses what is no file', async () => {
    await expect(openSource(7 as unknown as FileLike, 'x')).rejects.toThrow('found a number');
  });

  it('refuses a stream of strings', async () => {
    const stream = new ReadableStream({ start: (c) => c.enqueue('text') });
    const source = await openSource(stream, 'x');
    await expect(readAll(source)).rejects.toThrow('its stream gives strings, expected Uint8Arrays');
  });

  it('says how many bytes came before a stream broke', async () => {
    let pulls = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull: (c) => (pulls++ === 0 ? c.enqueue(BYTES) : c.error(new Error('reset'))),
    });
    const reading = readAll(await openSource(stream, 'x'));
    await expect(reading).rejects.toThrow(FilesError);
    await expect(reading).rejects.toThrow(/Cannot read "x": it broke off after \d+ bytes/);
  });

  it('cancels a stream that is left early', async () => {
    const { stream, state } = endless();
    for await (const _ of (await openSource(stream, 'x'))!.stream()) break;
    expect(state.cancelled).toBe('left');
  });

  it('stops a stream that hangs when the signal aborts', async () => {
    const { stream, state } = endless();
    const controller = new AbortController();
    const source = await openSource(stream, 'x', { signal: controller.signal });
    const reading = readAll(source);
    setTimeout(() => controller.abort(new Error('enough')), 5);
    await expect(reading).rejects.toThrow('enough');
    expect(state.cancelled).toMatchObject({ message: 'enough' });
  });
});
