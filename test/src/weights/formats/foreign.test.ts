/** What stands where weights should: each reader says what it found. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { loadPacked } from '../../../../src/models/load/packed-file.ts';
import { foreignKind } from '../../../../src/weights/formats/foreign.ts';
import { loadWeights } from '../../../../src/weights/load.ts';
import { parseShardIndex } from '../../../../src/weights/shard-index.ts';
import { chunked, fileOf } from '../safetensors-file.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const POINTER = `version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
`;
const tar = new Uint8Array(1024);
tar.set(encode('storages'));
tar.set(encode('ustar'), 257);

const found: [string, Uint8Array, string][] = [
  ['a pointer', encode(POINTER), 'found a Git LFS pointer, not the file itself'],
  ['a page', encode('<!doctype html><html lang="en">'), 'found an HTML page'],
  ['a page after a mark and blanks', encode('\ufeff\n  <HTML>'), 'found an HTML page'],
  ['a page after a comment', encode('<!-- built -->\n<html>'), 'found an HTML page'],
  ["a store's answer", encode('<?xml version="1.0"?><Error>'), 'found an XML page'],
  ['an error', encode('{"error":"Repository not found"}'), 'found JSON ("{\\"error\\":'],
  ['an error with { at byte 8', encode('{"err": {"a":"Repository"}}'), 'found JSON'],
  ['a sentence', encode('Entry not found'), 'found text ("Entry not found")'],
  ['a packed file', gzipSync(encode('x')), 'found a gzip file'],
  ['another model', encode('GGUF\x03\0\0\0'), 'found a GGUF file'],
  ['another pickle', Uint8Array.of(0x80, 2, 0x7d, 0x2e), 'a pickle that is no PyTorch checkpoint'],
  ['an empty archive', encode('PK\x05\x06\0\0'), 'an empty ZIP archive'],
  ['a tar archive', tar, 'found a tar archive (PyTorch before 0.2'],
];

describe('loadWeights()', () => {
  it.each(found)('says that it found %s', async (_, file, message) => {
    for (const size of [1, 7, 4096]) {
      const loading = loadWeights(chunked(file, size, file.length), () => undefined);
      await expect(loading).rejects.toThrow(message);
    }
  });

  it.each([0x8b1f, 640, 0x0388, 0x3c20])(
    'reads a safetensors file whose header has %i bytes, as other formats begin',
    async (length) => {
      const file = fileOf(`{}${' '.repeat(length - 2)}`, 0);
      expect((await loadWeights(chunked(file, 4096), () => undefined)).loaded).toEqual([]);
    },
  );
});

describe('loadPacked()', () => {
  it.each(found)('says that it found %s', async (_, file, message) => {
    await expect(loadPacked(chunked(file, 64), new Map(), () => {})).rejects.toThrow(message);
  });
});

describe('parseShardIndex()', () => {
  it.each(found.slice(0, 5))('says that it found %s', (_, file, message) => {
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(file);
    expect(() => parseShardIndex(text, 'index.json')).toThrow(message);
  });
});

describe('foreignKind()', () => {
  it.each(['', '\0', 'PK\x03\x04', '\x08\x07\x12\x07pytorch', '\x89HDF\r\n\x1a\n'])(
    'knows nothing of %j',
    (text) => {
      expect(foreignKind(Uint8Array.from(text, (char) => char.charCodeAt(0)))).toBeUndefined();
    },
  );
});
