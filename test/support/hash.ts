/** Hashes that are the same in every language: the numbers of synthetic checkpoints. */

/** FNV-1a of an ASCII text, 32 bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash;
}

/** 32 bits for index `i`: murmur3's finaliser of (i * 0x9e3779b1) xor seed. */
export function hashCounter(seed: number, i: number): number {
  let bits = Math.imul(i, 0x9e3779b1) ^ seed;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
