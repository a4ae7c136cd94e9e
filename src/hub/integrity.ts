/**
 * Integrity of downloads: what a server declares of a file before it sends it, and the check of the
 * bytes against that while they stream by.
 *
 * The hub's headers are those that huggingface_hub's file_download.py reads. `x-linked-etag` and
 * `x-linked-size` describe a file in large-file storage (its SHA-256), `etag` any other file (the
 * SHA-1 of its git blob).
 */

import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { platform } from '#platform';
import { FilesError } from '../errors.ts';
import type { Hash, HashName } from '../platform/types.ts';
import { type Acceptance, acceptanceOf } from './acceptance.ts';
import { ContentCheck, type Foreign } from './content.ts';

/** What is known of a file before its bytes; each part may be unknown. */
export interface Declared {
  /** Bytes of the whole file. */
  readonly size?: number | undefined;
  readonly hash?: { readonly name: HashName; readonly hex: string } | undefined;
  /** Equal for two answers with the same content: a hash, an etag or a date. */
  readonly version?: string | undefined;
}

/** Content types that servers compress in transit. */
const COMPRESSED_TYPES = /^(text\/|application\/(json|javascript|xml))/i;

/**
 * Reads the headers of a response.
 *
 * @param isWhole whether the response is the file itself, not a redirection
 */
export function declaredBy(response: Response, isWhole: boolean): Declared {
  const { headers } = response;
  const linked = tagOf(headers.get('x-linked-etag'));
  const etag = isWhole ? tagOf(headers.get('etag')) : undefined;
  const size = digits(headers.get('x-linked-size')) ?? (isWhole ? lengthOf(response) : undefined);
  if (linked !== undefined && /^[0-9a-f]{64}$/.test(linked)) {
    return { size, hash: { name: 'sha256', hex: linked }, version: linked };
  }
  // Other servers' etags may look like a SHA-1 and be none.
  const isBlob = headers.has('x-repo-commit') && /^[0-9a-f]{40}$/.test(etag ?? '');
  return {
    size,
    hash: isBlob ? { name: 'sha1', hex: etag! } : undefined,
    version: etag ?? headers.get('last-modified') ?? undefined,
  };
}

/** What a list of files says of one, completed by the headers of the file itself. */
export function declaredWith(listed: Declared, { size, hash, version }: Declared): Declared {
  return {
    size: size ?? listed.size,
    hash: hash ?? listed.hash,
    version: version ?? listed.version,
  };
}

/**
 * Whether a later process may continue a partial download: its length is known, and a hash that
 * shows whether the part is still as it was written.
 */
export function isResumable({ size, hash, version }: Declared): boolean {
  return size !== undefined && hash !== undefined && version !== undefined;
}

/** Bytes of the whole file after decompression; undefined where the headers do not tell. */
function lengthOf({ headers, type }: Response): number | undefined {
  // A page cannot see `content-encoding` of another origin.
  const isHidden = type === 'cors' && COMPRESSED_TYPES.test(headers.get('content-type') ?? '');
  if (isHidden || headers.get('content-encoding')) return undefined;
  const range = headers.get('content-range');
  return range === null
    ? digits(headers.get('content-length'))
    : digits(range.match(/\/(\d+)$/)?.[1] ?? null);
}

/** An etag without quotes and without the mark of a weak one: the bytes are checked anyway. */
function tagOf(etag: string | null): string | undefined {
  return etag?.replace(/^W\//, '').replace(/^"(.*)"$/, '$1') || undefined;
}

function digits(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

// ---- the check ----

/** The bytes are not those of the file; none of them may be kept. */
export class MismatchError extends FilesError {}

/**
 * Checks the bytes of one file against what was declared. The last chunk passes only when the whole
 * file is right, so whoever has read a file to its end has read the right one.
 */
export class Check {
  /** Bytes so far. */
  received = 0;
  readonly #name: string;
  readonly #declared: Declared;
  readonly #hash: Hash | undefined;
  readonly #content = new ContentCheck();
  readonly #acceptance: Acceptance | undefined;
  #isProven = false;

  /**
   * @param path name of a file that is to be kept: without a hash it is tested by its kind
   */
  constructor(name: string, declared: Declared, path?: string) {
    this.#name = name;
    this.#declared = declared;
    const { hash, size } = declared;
    if (path !== undefined && hash === undefined) this.#acceptance = acceptanceOf(path);
    if (hash?.name === 'sha256') this.#hash = createHash('sha256');
    // Git hashes a blob behind a header with its length: an unknown length cannot be checked.
    if (hash?.name === 'sha1' && size !== undefined) {
      this.#hash = createHash('sha1');
      this.#hash.update(new TextEncoder().encode(`blob ${size}\0`));
    }
  }

  /** Bytes still to come; undefined when no length was declared. */
  get missing(): number | undefined {
    const size = this.#declared.size ?? this.#acceptance?.size;
    return size === undefined ? undefined : size - this.received;
  }

  /** Whether the whole file was received and is right, as far as can be known. */
  get isProven(): boolean {
    return this.#isProven;
  }

  /** @throws MismatchError for a page, a pointer, too many bytes, or wrong bytes */
  take(chunk: Uint8Array): void {
    this.#refuse(this.#content.take(chunk));
    this.#attempt(() => this.#acceptance?.take(chunk));
    this.received += chunk.length;
    if ((this.missing ?? 0) < 0) {
      const size = this.received + this.missing!;
      throw this.#fail(`found more than ${size} bytes, expected as declared`);
    }
    this.#hash?.update(chunk);
    if (this.missing === 0) this.#compare();
  }

  /** Call after the last byte. @throws MismatchError for too few bytes, or wrong bytes */
  end(): void {
    if (this.missing) {
      throw this.#fail(`found ${this.received} bytes, expected ${this.#declared.size}`);
    }
    // Without a declared length, `take` could not know the last byte.
    if (this.missing === undefined || this.received === 0) this.#compare();
  }

  #compare(): void {
    if (this.#isProven) return;
    const found = this.#hash?.hex();
    const { hash, size } = this.#declared;
    if (found !== undefined && found !== hash?.hex) {
      throw this.#fail(
        `its ${hash?.name} is ${found}, expected ${hash?.hex}; nothing of it is kept, load it again`,
      );
    }
    this.#refuse(this.#content.end());
    const isWhole = this.#attempt(() => this.#acceptance?.end()) ?? true;
    this.#isProven = size !== undefined || isWhole;
  }

  #refuse(foreign: Foreign | undefined): void {
    if (foreign) throw this.#fail(`found ${foreign.what}, expected the file`);
  }

  #attempt<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw this.#fail(`${(error as Error).message}; nothing of it is kept`);
    }
  }

  #fail(flaw: string): MismatchError {
    return new MismatchError(`Cannot read ${this.#name}: ${flaw}`, this.#name);
  }
}

/**
 * A streaming hash (crypto.subtle takes whole messages only). The runtime's own is used where there
 * is one: node:crypto hashes about 1.2 GB/s, the portable one 0.1 GB/s.
 */
export function createHash(name: HashName): Hash {
  return platform.createHash?.(name) ?? portableHash(name);
}

/** The hash of @noble/hashes. */
export function portableHash(name: HashName): Hash {
  const hash = name === 'sha1' ? sha1.create() : sha256.create();
  return {
    update: (bytes) => void hash.update(bytes),
    hex: () => bytesToHex(hash.digest()),
  };
}
