/**
 * SHA-1 and SHA-256 (FIPS 180-4) of bytes that come in chunks: what the hub says of a file is checked
 * while the file streams by, and crypto.subtle takes whole messages only. Where the runtime has a
 * streaming hash of its own (`#platform`), that is used: it is several times as fast.
 */

import { platform } from '#platform';
import type { Hash, HashName } from '../platform/types.ts';

/** A hash of no bytes yet. */
export function createHash(name: HashName): Hash {
  return platform.createHash?.(name) ?? portableHash(name);
}

/** As `createHash`, without help of the runtime. */
export function portableHash(name: HashName): Hash {
  return name === 'sha1'
    ? new BlockHash(SHA1_START, sha1Block)
    : new BlockHash(startOf256(), sha256Block);
}

type Compress = (state: Int32Array, block: DataView, offset: number) => void;

const BLOCK_BYTES = 64;

/** What both have in common: blocks of 64 bytes, and their end: a one, zeros, the length in bits. */
class BlockHash implements Hash {
  readonly #state: Int32Array;
  readonly #compress: Compress;
  readonly #rest = new Uint8Array(2 * BLOCK_BYTES);
  #filled = 0;
  #length = 0;

  constructor(start: Iterable<number>, compress: Compress) {
    this.#state = Int32Array.from(start);
    this.#compress = compress;
  }

  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    let from = 0;
    if (this.#filled > 0) {
      from = Math.min(bytes.length, BLOCK_BYTES - this.#filled);
      this.#rest.set(bytes.subarray(0, from), this.#filled);
      this.#filled += from;
      if (this.#filled < BLOCK_BYTES) return;
      this.#compress(this.#state, viewOf(this.#rest), 0);
    }
    const view = viewOf(bytes);
    for (; from + BLOCK_BYTES <= bytes.length; from += BLOCK_BYTES) {
      this.#compress(this.#state, view, from);
    }
    this.#rest.set(bytes.subarray(from));
    this.#filled = bytes.length - from;
  }

  hex(): string {
    const last = this.#rest.fill(0, this.#filled);
    last[this.#filled] = 0x80;
    const size = this.#filled < BLOCK_BYTES - 8 ? BLOCK_BYTES : 2 * BLOCK_BYTES;
    const view = viewOf(last);
    view.setBigUint64(size - 8, BigInt(this.#length) * 8n);
    const state = this.#state.slice();
    for (let offset = 0; offset < size; offset += BLOCK_BYTES) this.#compress(state, view, offset);
    return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

const rotate = (x: number, n: number) => (x << n) | (x >>> (32 - n));

// ---- SHA-1: FIPS 180-4, section 6.1 ----

const SHA1_START = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];

const words = new Int32Array(80);

function sha1Block(state: Int32Array, block: DataView, offset: number): void {
  for (let t = 0; t < 16; t++) words[t] = block.getInt32(offset + 4 * t);
  for (let t = 16; t < 80; t++) {
    words[t] = rotate(words[t - 3]! ^ words[t - 8]! ^ words[t - 14]! ^ words[t - 16]!, 1);
  }
  let [a, b, c, d, e] = state as unknown as [number, number, number, number, number];
  for (let t = 0; t < 80; t++) {
    const mixed = (rotate(a, 5) + sha1Mix(t, b, c, d) + e + words[t]!) | 0;
    [e, d, c, b, a] = [d, c, rotate(b, 30), a, mixed];
  }
  for (const [i, word] of [a, b, c, d, e].entries()) state[i]! += word;
}

/** The function and the constant of round `t`. */
function sha1Mix(t: number, b: number, c: number, d: number): number {
  if (t < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (t < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (t < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

// ---- SHA-256: FIPS 180-4, section 6.2 ----

/** The first primes: from their roots come all constants (sections 4.2.2 and 5.3.3). */
function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) {
    if (found.every((prime) => n % prime !== 0)) found.push(n);
  }
  return found;
}

/** The first 32 bits of a root's fraction. */
const fraction = (root: number) => ((root - Math.floor(root)) * 2 ** 32) | 0;

const startOf256 = () => primes(8).map((prime) => fraction(Math.sqrt(prime)));

let constants: Int32Array | undefined;

function sha256Block(state: Int32Array, block: DataView, offset: number): void {
  constants ??= Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
  for (let t = 0; t < 16; t++) words[t] = block.getInt32(offset + 4 * t);
  for (let t = 16; t < 64; t++) {
    const [w2, w15] = [words[t - 2]!, words[t - 15]!];
    const s0 = rotate(w15, 25) ^ rotate(w15, 14) ^ (w15 >>> 3);
    const s1 = rotate(w2, 15) ^ rotate(w2, 13) ^ (w2 >>> 10);
    words[t] = s1 + words[t - 7]! + s0 + words[t - 16]!;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as number[] as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let t = 0; t < 64; t++) {
    const sum1 = rotate(e, 26) ^ rotate(e, 21) ^ rotate(e, 7);
    const sum0 = rotate(a, 30) ^ rotate(a, 19) ^ rotate(a, 10);
    const first = (h + sum1 + ((e & f) ^ (~e & g)) + constants[t]! + words[t]!) | 0;
    const second = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i]! += word;
}
