/**
 * Check: a file's bytes, as they pass, against what was declared of them. The last of them pass only
 * when all are right, so that nobody who reads a whole file has read a wrong one.
 */

import { FilesError } from '../errors.ts';
import type { Hash } from '../platform/types.ts';
import type { Declared } from './declared.ts';
import { createHash } from './sha.ts';

/** Enough of a file's start to tell a web page. */
const SNIFF_BYTES = 64;

/** Bytes that are not the file: nothing of them is worth keeping. */
export class MismatchError extends FilesError {}

/** One file's. */
export class Check {
  /** Bytes so far. */
  received = 0;
  readonly #name: string;
  readonly #declared: Declared;
  readonly #hash: Hash | undefined;
  #head: Uint8Array | undefined = new Uint8Array();

  constructor(name: string, declared: Declared) {
    this.#name = name;
    this.#declared = declared;
    const { hash, size } = declared;
    if (hash?.name === 'sha256') this.#hash = createHash('sha256');
    // A git blob is hashed with its length in front: where that is not known, so is the hash.
    if (hash?.name === 'sha1' && size !== undefined) {
      this.#hash = createHash('sha1');
      this.#hash.update(new TextEncoder().encode(`blob ${size}\0`));
    }
  }

  /** Bytes that are still to come; undefined where no length is known. */
  get missing(): number | undefined {
    const { size } = this.#declared;
    return size === undefined ? undefined : size - this.received;
  }

  /** @throws MismatchError for a web page, for more bytes than declared, and for wrong ones */
  take(chunk: Uint8Array): void {
    this.#sniff(chunk);
    this.received += chunk.length;
    if ((this.missing ?? 0) < 0) {
      throw this.#fail(`found more than ${this.#declared.size} bytes, expected as declared`);
    }
    this.#hash?.update(chunk);
    if (this.missing === 0) this.#compare();
  }

  /** Behind the last byte. @throws MismatchError when it is not the last that was declared */
  end(): void {
    if (this.missing) {
      throw this.#fail(`found ${this.received} bytes, expected ${this.#declared.size}`);
    }
    // Of a length that is not declared, no byte was known to be the last one.
    if (this.missing === undefined || this.received === 0) this.#compare();
  }

  #compare(): void {
    const found = this.#hash?.hex();
    const { hash } = this.#declared;
    if (found === undefined || found === hash?.hex) return;
    throw this.#fail(
      `its ${hash?.name} is ${found}, expected ${hash?.hex}; nothing of it is kept, load it again`,
    );
  }

  /** Many servers answer 200 with their start page for a file they do not have. */
  #sniff(chunk: Uint8Array): void {
    if (this.#head === undefined) return;
    const head = new Uint8Array([...this.#head, ...chunk.subarray(0, SNIFF_BYTES)]);
    const text = String.fromCharCode(...head.subarray(0, SNIFF_BYTES));
    if (/^(\xef\xbb\xbf)?\s*<(!doctype\s+html|html[\s>])/i.test(text)) {
      throw this.#fail('found an HTML page, expected the file');
    }
    this.#head = head.length < SNIFF_BYTES ? head : undefined;
  }

  #fail(flaw: string): MismatchError {
    return new MismatchError(`Cannot read ${this.#name}: ${flaw}`, this.#name);
  }
}
