/**
 * lookup3 (Bob Jenkins 2006, `hashlittle` with initial value 0): the checksum of HDF5's metadata
 * (HDF5 File Format Specification 3.0, "Jenkins' lookup3").
 */

/** The checksum of all bytes, an unsigned 32-bit number. */
export function lookup3(bytes: Uint8Array): number {
  const words = new Uint32Array(3).fill(0xdeadbeef + bytes.length);
  let at = 0;
  for (; bytes.length - at > 12; at += 12) {
    add(words, bytes, at);
    mix(words);
  }
  if (at === bytes.length) return words[2]!;
  add(words, bytes, at);
  finish(words);
  return words[2]!;
}

/** Adds the next 12 bytes, or as many as are left, as little-endian words. */
function add(words: Uint32Array, bytes: Uint8Array, at: number): void {
  const end = Math.min(12, bytes.length - at);
  for (let i = 0; i < end; i++) words[i >> 2]! += bytes[at + i]! << (8 * (i & 3));
}

function rotate(x: number, count: number): number {
  return (x << count) | (x >>> (32 - count));
}

function mix(words: Uint32Array): void {
  let [a, b, c] = words as unknown as [number, number, number];
  a = (a - c) ^ rotate(c, 4);
  c = (c + b) | 0;
  b = (b - a) ^ rotate(a, 6);
  a = (a + c) | 0;
  c = (c - b) ^ rotate(b, 8);
  b = (b + a) | 0;
  a = (a - c) ^ rotate(c, 16);
  c = (c + b) | 0;
  b = (b - a) ^ rotate(a, 19);
  a = (a + c) | 0;
  c = (c - b) ^ rotate(b, 4);
  b = (b + a) | 0;
  words[0] = a;
  words[1] = b;
  words[2] = c;
}

function finish(words: Uint32Array): void {
  let [a, b, c] = words as unknown as [number, number, number];
  c = (c ^ b) - rotate(b, 14);
  a = (a ^ c) - rotate(c, 11);
  b = (b ^ a) - rotate(a, 25);
  c = (c ^ b) - rotate(b, 16);
  a = (a ^ c) - rotate(c, 4);
  b = (b ^ a) - rotate(a, 14);
  c = (c ^ b) - rotate(b, 24);
  words[2] = c;
}
