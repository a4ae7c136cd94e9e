/**
 * Calls into build/testing/testing.<build>.wasm with typed arrays for addresses. In: arrays, copied
 * into linear memory between guards. Out: what the kernel left, once every guard and every input is
 * found as it was. Guards are large finite floats, each different: what a kernel reads past its
 * extents shows in its results, and what it writes there shows in the guards.
 */
import { instantiateSync } from '@assemblyscript/loader';
import type { TestingExports } from './testing-exports.ts';
import { type BuildName, readBuild } from './variants.ts';

/** What can lie in linear memory. */
export type Data = Float32Array | Float64Array | Int32Array | Uint16Array | Uint8Array;

/** Floats of guard on either side of a block: one whole tile of overshoot. */
const GUARD = 64;

interface Block {
  readonly address: number;
  readonly bytes: number;
  /** What must still be there; nothing where the kernel may write. */
  readonly expected: Uint8Array | undefined;
}

/** The memory of one call. */
export class Frame {
  readonly #exports: TestingExports;
  readonly #blocks: Block[] = [];

  constructor(exports: TestingExports) {
    this.#exports = exports;
  }

  /** Address of a copy of `data`, which the kernel must leave as it is. */
  input(data: Data): number {
    return this.#place(data, true);
  }

  /** Address of a copy of `data`, which the kernel may change. */
  inout(data: Data): number {
    return this.#place(data, false);
  }

  /** Address of `length` floats for results, of a value that no kernel computes. */
  output(length: number): number {
    return this.#place(new Float32Array(length).fill(UNWRITTEN), false);
  }

  /** A copy of `length` floats at an address. */
  read(address: number, length: number): Float32Array {
    return new Float32Array(this.#exports.memory.buffer, address, length).slice();
  }

  /** Fails where a guard or an input is not what it was. */
  check(): void {
    for (const [index, block] of this.#blocks.entries()) {
      const { address, bytes, expected } = block;
      this.#compare(address - 4 * GUARD, guard(2 * index), `the guard before block ${index}`);
      this.#compare(address + bytes, guard(2 * index + 1), `the guard behind block ${index}`);
      if (expected) this.#compare(address, expected, `input block ${index}`);
    }
  }

  #place(data: Data, isInput: boolean): number {
    const bytes = data.byteLength;
    const source = new Uint8Array(data.buffer, data.byteOffset, bytes);
    const address = this.#exports.allocate(bytes + 8 * GUARD) + 4 * GUARD;
    const index = this.#blocks.length;
    // The view is made behind the allocation, which may have grown the memory.
    const memory = new Uint8Array(this.#exports.memory.buffer);
    memory.set(guard(2 * index), address - 4 * GUARD);
    memory.set(source, address);
    memory.set(guard(2 * index + 1), address + bytes);
    this.#blocks.push({ address, bytes, expected: isInput ? source.slice() : undefined });
    return address;
  }

  #compare(address: number, expected: Uint8Array, what: string): void {
    const found = new Uint8Array(this.#exports.memory.buffer, address, expected.length);
    for (let i = 0; i < expected.length; i++) {
      if (found[i] !== expected[i]) throw new Error(`The kernel wrote byte ${i} of ${what}`);
    }
  }
}

/**
 * What `Frame.output` holds until it is written: finite, so that it cannot pass for a computed NaN.
 */
export const UNWRITTEN = Math.fround(-7.7e33);

/** One instance of a testing module. */
export class Kernels {
  readonly exports: TestingExports;

  constructor(build: BuildName) {
    const bytes = readBuild(`testing.${build}.wasm`);
    this.exports = instantiateSync<TestingExports & Record<string, unknown>>(bytes).exports;
  }

  /** Runs `body` with memory of its own, checks guards and inputs, and gives the memory back. */
  call<T>(body: (frame: Frame, exports: TestingExports) => T): T {
    const start = this.exports.mark();
    try {
      const frame = new Frame(this.exports);
      const result = body(frame, this.exports);
      frame.check();
      return result;
    } finally {
      this.exports.release(start);
    }
  }
}

/** 64 floats from about 1e9 up, other ones for every `index`. */
function guard(index: number): Uint8Array {
  const bits = Uint32Array.from({ length: GUARD }, (_, i) => 0x4e800000 + index * GUARD + i);
  return new Uint8Array(bits.buffer);
}
