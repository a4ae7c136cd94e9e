/**
 * Streaming SHA-1 and SHA-256: a file is hashed while it streams by, and crypto.subtle takes whole
 * messages only. The runtime's own hash (`#platform`) is used where there is one: node:crypto does
 * about 1.2 GB/s, the portable hash of @noble/hashes 0.1 GB/s.
 */

import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { platform } from '#platform';
import type { Hash, HashName } from '../platform/types.ts';

/** A hash of no bytes yet. */
export function createHash(name: HashName): Hash {
  return platform.createHash?.(name) ?? portableHash(name);
}

/** As `createHash`, without help of the runtime. */
export function portableHash(name: HashName): Hash {
  const hash = name === 'sha1' ? sha1.create() : sha256.create();
  return {
    update: (bytes) => void hash.update(bytes),
    hex: () => bytesToHex(hash.digest()),
  };
}
