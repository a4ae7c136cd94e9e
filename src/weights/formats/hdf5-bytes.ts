/**
 * Hdf5Bytes: the structures of an HDF5 file, read by checked addresses. Every byte read counts
 * against a budget, so that a cycle of addresses ends.
 */

import type { ByteAccess } from '../../platform/types.ts';
import { quote } from '../tensor-info.ts';
import { lookup3 } from './lookup3.ts';

/** Both halves of the undefined address. */
const UNDEFINED_HALF = 0xffff_ffff;
/** The upper half of 2^53, from which numbers are not exact. */
const INEXACT_HALF = 2 ** 21;
const DECODER = new TextDecoder();

/**
 * The budget in sizes of the file. Every structure is read once, and short names in it once more.
 */
const BUDGET = 4;

/** Bytes read from the file at once, because nearly all structures are smaller. */
const PAGE_BYTES = 2 ** 13;

/** Throws SyntaxError for addresses outside the file, and when the budget is spent. */
export class Hdf5Bytes {
  readonly #file: ByteAccess;
  readonly #size: number;
  readonly #pages = new Map<number, Uint8Array>();
  #budget: number;

  constructor(file: ByteAccess, size: number) {
    this.#file = file;
    this.#size = size;
    this.#budget = BUDGET * size;
  }

  /** The fields of a structure of `length` bytes. */
  async at(address: number, length: number, what: string): Promise<Fields> {
    this.check(address, length, what);
    this.charge(length, what);
    const start = PAGE_BYTES * Math.floor(address / PAGE_BYTES);
    const isInPage = address + length <= start + PAGE_BYTES;
    const bytes = isInPage
      ? (this.#pages.get(start) ?? (await this.#page(start)))
      : await this.#file.read(address, address + length);
    const from = isInPage ? address - start : 0;
    if (from + length <= bytes.length) return new Fields(bytes, what, from, from + length);
    throw new SyntaxError(`${what} is cut off: needs ${length} bytes, has ${bytes.length - from}`);
  }

  /** Counts bytes against the budget. */
  charge(count: number, what: string): void {
    this.#budget -= count;
    if (this.#budget < 0) throw new SyntaxError(`${what} is read over and over: a cycle`);
  }

  /** The fields after the signature of a structure, `length` bytes with the signature. */
  async signed(address: number, signature: string, length: number): Promise<Fields> {
    const fields = await this.at(address, length, signature);
    // Not decoded as UTF-8, which the first byte of a superblock is not.
    const found = String.fromCharCode(...fields.bytes(signature.length));
    if (found === signature) return fields;
    throw new SyntaxError(`found ${quote(found)} at ${address}, expected "${signature}"`);
  }

  /**
   * The same of a structure that ends with its checksum: `length` bytes with signature and checksum.
   * The checksum is not among the fields.
   */
  async summed(address: number, signature: string, length: number): Promise<Fields> {
    if (length < signature.length + 4) {
      throw new SyntaxError(`"${signature}" at ${address} has ${length} bytes, expected more`);
    }
    const all = await this.signed(address, signature, length);
    const fields = all.fields(length - signature.length - 4);
    const [found, expected] = [all.u32(), lookup3(all.fromStart().bytes(length - 4))];
    if (found === expected) return fields;
    throw new SyntaxError(
      `checksum of "${signature}" at ${address} is ${hex(found)}, expected ${hex(expected)}`,
    );
  }

  /** Throws unless the bytes are in the file. */
  check(address: number, length: number, what: string): void {
    const end = address + length;
    if (address >= 0 && length >= 0 && end <= this.#size) return;
    throw new SyntaxError(
      `${what} lies at ${address} to ${end}, expected inside the ${this.#size} bytes`,
    );
  }

  get size(): number {
    return this.#size;
  }

  async #page(start: number): Promise<Uint8Array> {
    const bytes = await this.#file.read(start, Math.min(start + PAGE_BYTES, this.#size));
    this.#pages.set(start, bytes);
    return bytes;
  }
}

/** A structure's fields, read one after another: little-endian numbers and strings. */
export class Fields {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  readonly #start: number;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, what: string, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#what = what;
    this.#start = start;
    this.#end = end;
    this.#at = start;
  }

  /** Bytes that are left. */
  get rest(): number {
    return this.#end - this.#at;
  }

  /** The same fields, from the first one. */
  fromStart(): Fields {
    return new Fields(this.#bytes, this.#what, this.#start, this.#end);
  }

  skip(count: number): this {
    this.#advance(count);
    return this;
  }

  /** Passes over padding up to a multiple of `unit`. */
  align(unit: number): this {
    const read = this.#at - this.#start;
    return this.skip(Math.min(this.rest, (unit - (read % unit)) % unit));
  }

  bytes(count: number): Uint8Array {
    const at = this.#advance(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** The next `count` bytes as fields. */
  fields(count: number): Fields {
    const at = this.#advance(count);
    return new Fields(this.#bytes, this.#what, at, at + count);
  }

  u8(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  u16(): number {
    const at = this.#advance(2);
    return this.#bytes[at]! | (this.#bytes[at + 1]! << 8);
  }

  u32(): number {
    return this.u16() + this.u16() * 2 ** 16;
  }

  /** A size; Infinity from 2^53 on, which fits in no file. */
  u64(): number {
    const [lower, upper] = [this.u32(), this.u32()];
    return upper < INEXACT_HALF ? upper * 2 ** 32 + lower : Number.POSITIVE_INFINITY;
  }

  /** An address; undefined for the undefined address. */
  address(): number | undefined {
    const [lower, upper] = [this.u32(), this.u32()];
    if (lower === UNDEFINED_HALF && upper === UNDEFINED_HALF) return undefined;
    this.#at -= 8;
    return this.u64();
  }

  text(count: number): string {
    return DECODER.decode(this.bytes(count));
  }

  /** The null-terminated string at an offset from the start. */
  textAt(offset: number): string {
    const start = this.#start + offset;
    const end = this.#bytes.indexOf(0, start);
    if (end < 0 || end >= this.#end) {
      throw new SyntaxError(`${this.#what} at ${offset} has no end`);
    }
    return DECODER.decode(this.#bytes.subarray(start, end));
  }

  #advance(count: number): number {
    if (!(count >= 0 && count <= this.rest)) {
      throw new SyntaxError(`${this.#what} is cut off: needs ${count} bytes, has ${this.rest}`);
    }
    this.#at += count;
    return this.#at - count;
  }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
