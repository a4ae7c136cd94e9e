import { createHash as reference } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Check, createHash, MismatchError, portableHash } from '../../../src/hub/integrity.ts';
import type { HashName } from '../../../src/platform/types.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** NIST, "Examples with Intermediate Values" (SHA1.pdf, SHA256.pdf); long ones of FIPS 180-2. */
const VECTORS: [HashName, string, string][] = [
  ['sha1', '', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  ['sha1', 'abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  [
    'sha1',
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '84983e441c3bd26ebaae4aa1f95129e5e54670f1',
  ],
  ['sha1', 'a'.repeat(1e6), '34aa973cd4c4daa4f61eeb2bdbad27316534016f'],
  ['sha256', '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['sha256', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'sha256',
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['sha256', 'a'.repeat(1e6), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
];

describe.each([
  ['portableHash()', portableHash],
  ['createHash()', createHash],
])('%s', (_, make) => {
  it.each(VECTORS)('gives the %s of NIST for %.20j', (name, text, expected) => {
    const hash = make(name);
    hash.update(bytes(text));
    expect(hash.hex()).toBe(expected);
  });

  it.each(['sha1', 'sha256'] as const)('%s is the same however bytes are cut', (name) => {
    const all = Uint8Array.from({ length: 300 }, (_, i) => (i * 89) % 251);
    for (let length = 0; length <= 130; length++) {
      const expected = reference(name).update(all.subarray(0, length)).digest('hex');
      for (const piece of [1, 63, 64, 65, 300]) {
        const hash = make(name);
        for (let i = 0; i < length; i += piece) {
          hash.update(all.subarray(i, Math.min(length, i + piece)));
        }
        expect(hash.hex()).toBe(expected);
      }
    }
  });
});

describe('Check', () => {
  /** `printf 'hello\\n' | git hash-object --stdin`, and the SHA-256 of the same bytes. */
  const DECLARED = [
    { name: 'sha1', hex: 'ce013625030ba8dba906f756967f9e9ca394464a' },
    { name: 'sha256', hex: '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03' },
  ] as const;

  it.each(DECLARED)('passes the bytes of a declared $name, in chunks', (hash) => {
    const check = new Check('x', { size: 6, hash });
    for (const chunk of ['he', 'llo', '\n']) check.take(bytes(chunk));
    expect(check.missing).toBe(0);
    expect(() => check.end()).not.toThrow();
  });

  it.each(DECLARED)('refuses other bytes at the last chunk by $name', (hash) => {
    const check = new Check('x', { size: 6, hash });
    check.take(bytes('hello'));
    expect(() => check.take(bytes('!'))).toThrow(MismatchError);
  });

  it('checks a SHA-256 without a declared length at the end', () => {
    const check = new Check('x', { hash: DECLARED[1] });
    check.take(bytes('hello!'));
    expect(() => check.end()).toThrow(`its sha256 is`);
  });
});
