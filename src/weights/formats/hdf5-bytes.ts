/**
 * Hdf5Bytes: the bytes of an HDF5 file, read through places that are checked. Every structure is
 * counted against a budget, so that none can be read over and over: a cycle ends there.
 */

import { quote } from '../tensor-info.ts';

/** Addresses that mean nothing is there. */
const UNDEFINED_ADDRESS = 0xffff_ffff_ffff_ffffn;
const DECODER = new TextDecoder();

/** A whole structure is read once, and short texts in it may be read once more. */
const READINGS = 4;

/** An HDF5 file in memory. SyntaxError for what is not there or was read too often. */
export class Hdf5Bytes {
  readonly #bytes: Uint8Array;
  #budget: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#budget = READINGS * bytes.length;
  }

  /** A structure's bytes. */
  at(address: number, length: number, what: string): Fields {
    const values = this.values(address, length, what);
    this.charge(length, what);
    return new Fields(values, what);
  }

  /** Counts bytes that are read, wherever they were found. */
  charge(count: number, what: string): void {
    this.#budget -= count;
    if (this.#budget < 0) throw new SyntaxError(`${what} is read over and over: a cycle`);
  }

  /** A structure that begins with its name. */
  signed(address: number, signature: string, length: number): Fields {
    const fields = this.at(address, length, signature);
    // Byte by byte: HDF5's own begins with one that is no UTF-8.
    const found = String.fromCharCode(...fields.bytes(signature.length));
    if (found === signature) return fields;
    throw new SyntaxError(`found ${quote(found)} at ${address}, expected "${signature}"`);
  }

  /** Bytes that are values. */
  values(address: number, length: number, what: string): Uint8Array {
    const end = address + length;
    if (address >= 0 && length >= 0 && end <= this.#bytes.length) {
      return this.#bytes.subarray(address, end);
    }
    throw new SyntaxError(
      `${what} lies at ${address} to ${end}, expected inside the ${this.#bytes.length} bytes`,
    );
  }

  /** A text that ends with a zero byte before `end`. */
  textAt(address: number, end: number): string {
    const bytes = this.values(address, Math.max(0, end - address), 'name');
    const length = bytes.indexOf(0);
    if (length < 0) throw new SyntaxError(`name at ${address} has no end`);
    return this.at(address, length, 'name').text(length);
  }
}

/** Little-endian numbers and texts, one behind the other. */
export class Fields {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #at = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#what = what;
  }

  get rest(): number {
    return this.#bytes.length - this.#at;
  }

  /** The same, from the beginning. */
  again(): Fields {
    return new Fields(this.#bytes, this.#what);
  }

  skip(count: number): this {
    this.#advance(count);
    return this;
  }

  /** Passes over padding up to a multiple of `unit`. */
  align(unit: number): this {
    return this.skip(Math.min(this.rest, (unit - (this.#at % unit)) % unit));
  }

  bytes(count: number): Uint8Array {
    const at = this.#advance(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** Fields of their own. */
  fields(count: number): Fields {
    return new Fields(this.bytes(count), this.#what);
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** A size; Infinity beyond exact numbers, which fits in no file. */
  u64(): number {
    const value = this.#view.getBigUint64(this.#advance(8), true);
    return value > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : Number(value);
  }

  /** An address; undefined where it says that nothing is there. */
  address(): number | undefined {
    const at = this.#advance(8);
    const isThere = this.#view.getBigUint64(at, true) !== UNDEFINED_ADDRESS;
    if (!isThere) return undefined;
    this.#at = at;
    return this.u64();
  }

  text(count: number): string {
    return DECODER.decode(this.bytes(count));
  }

  #advance(count: number): number {
    if (!(count >= 0 && count <= this.rest)) {
      throw new SyntaxError(`${this.#what} is cut off: needs ${count} bytes, has ${this.rest}`);
    }
    this.#at += count;
    return this.#at - count;
  }
}
