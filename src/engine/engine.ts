/**
 * One model's memory and the module that works in it: dimensions and tensors in, batches in, outputs
 * out. The only code that reads or writes linear memory; views are made where they are used, since
 * growth detaches them.
 */

import {
  ABI_VERSION,
  Buffer,
  CONFIG_FIELDS,
  type Dimensions,
  Dtype,
  type Exports,
  Home,
  Kind,
  Output,
  Part,
  Slot,
} from './abi.ts';
import type { Build } from './build.ts';
import { checkRequest, type OutputName, type Request, readRows } from './request.ts';
import { checkStored, type SlotAddress } from './slot-address.ts';

export type { OutputName, Request } from './request.ts';
export type { SlotAddress } from './slot-address.ts';

/** One packed part of a slot: bytes as the build keeps them. */
export interface HomeAddress extends Omit<SlotAddress, 'part'> {
  readonly home: keyof typeof Home;
}

/** Bytes of linear memory. */
export interface MemoryUsage {
  /** Weights with their records. */
  readonly weights: number;
  /** All of it: weights, the arena of the largest request so far, constants. */
  readonly total: number;
}

/** Room for rows on their way in; a longer row makes it grow. */
const STAGING_BYTES = 1 << 20;

const I32_MAX = 2 ** 31 - 1;

const BYTES_PER_ELEMENT = { F32: 4, F16: 2, BF16: 2, F64: 8 } as const;

/** A model in WebAssembly memory. Not reentrant, and never suspended: calls are synchronous. */
export class Engine {
  readonly build: Build;
  readonly #exports: Exports;
  readonly #dimensions: Dimensions;
  readonly #weightBytes: number;
  #staging = { bytes: 0, elements: 0, address: 0 };

  /**
   * Instantiates `module` and allocates zeroed weights for `dimensions`.
   *
   * @throws RangeError when memory does not suffice, TypeError when the module has another ABI or does not
   * run such weights
   */
  static async create(
    module: WebAssembly.Module,
    build: Build,
    dimensions: Dimensions,
  ): Promise<Engine> {
    const instance = await WebAssembly.instantiate(module, {});
    return new Engine(instance.exports as unknown as Exports, build, dimensions);
  }

  /** Over the exports of a fresh instance; `create` makes one. */
  constructor(exports: Exports, build: Build, dimensions: Dimensions) {
    const version = typeof exports.abiVersion === 'function' ? exports.abiVersion() : 'none';
    if (version !== ABI_VERSION) {
      throw new TypeError(
        `Cannot use the WebAssembly module: ABI version is ${version}, expected ${ABI_VERSION}`,
      );
    }
    this.build = build;
    this.#exports = exports;
    this.#dimensions = dimensions;
    const config = new DataView(exports.memory.buffer, exports.configAddress());
    CONFIG_FIELDS.forEach((field, i) => {
      if (field === 'epsilon') config.setFloat32(4 * i, dimensions[field], true);
      else config.setInt32(4 * i, dimensions[field], true);
    });
    this.#weightBytes = grow('the weights', () => exports.allocateWeights()) >>> 0;
    if (!this.#weightBytes) {
      throw new TypeError('Cannot use the WebAssembly module: it runs q8 only, expected "simd"');
    }
  }

  /**
   * Packs rows of one tensor into its slot. `bytes` holds `rows` rows as the checkpoint has them
   * (row-major, little-endian); a vector counts one element a row.
   */
  store(
    to: SlotAddress,
    first: number,
    rows: number,
    bytes: Uint8Array,
    dtype: keyof typeof Dtype,
  ) {
    const perRow = bytes.byteLength / rows;
    const most = Math.max(1, Math.floor(STAGING_BYTES / perRow));
    for (let done = 0; done < rows; done += most) {
      const count = Math.min(most, rows - done);
      const chunk = bytes.subarray(done * perRow, (done + count) * perRow);
      this.#stage(chunk, BYTES_PER_ELEMENT[dtype]);
      const part = to.part === 'weight' ? Part.Weight : Part.Bias;
      const status = this.#exports.storeRows(
        Slot[to.slot],
        to.layer,
        to.network,
        part,
        Dtype[dtype],
        first + done,
        count,
      );
      checkStored(status, 'store', to, first + done, count);
    }
  }

  /**
   * The twin of `store`: `rows` rows of `rowSize` elements as they were stored, widened to f32; a
   * vector counts one element a row. Rows come in pieces of about a mebibyte.
   */
  fetch(
    from: SlotAddress,
    first: number,
    rows: number,
    rowSize: number,
  ): Float32Array<ArrayBuffer> {
    if (this.#dimensions.kind !== Kind.F32) {
      throw new TypeError(
        `Cannot fetch ${from.slot} ${from.part}: weights are kept small, expected dtype "fp32"`,
      );
    }
    const fetched = new Float32Array(rows * rowSize);
    const most = Math.max(1, Math.floor(STAGING_BYTES / 4 / Math.max(1, rowSize)));
    for (let done = 0; done < rows; done += most) {
      const count = Math.min(most, rows - done);
      // Opened anew: a request may have used the place since.
      const address = this.#openStaging(4 * count * rowSize, count * rowSize);
      const status = this.#exports.fetchRows(
        Slot[from.slot],
        from.layer,
        from.network,
        from.part === 'weight' ? Part.Weight : Part.Bias,
        first + done,
        count,
        count * rowSize,
      );
      checkStored(status, 'fetch', from, first + done, count);
      const values = new Float32Array(this.#exports.memory.buffer, address, count * rowSize);
      fetched.set(values, done * rowSize);
    }
    return fetched;
  }

  /** Bits of a quantised row, where weights are q8. */
  get rowBits(): number {
    return this.#dimensions.rowBits;
  }

  /** Packed bytes of a home, where they lie: valid until the next call. Empty where there is none. */
  home({ slot, layer, network, home }: HomeAddress): Uint8Array<ArrayBuffer> {
    const at = [Slot[slot], layer, network, Home[home]] as const;
    const bytes = this.#exports.homeBytes(...at) >>> 0;
    const address = this.#exports.homeAddress(...at) >>> 0;
    return new Uint8Array(this.#exports.memory.buffer as ArrayBuffer, address, bytes);
  }

  /**
   * Runs one batch and returns what was asked for, by name, dense and copied out of linear memory:
   * LastHiddenState [R,H], Pooled [B,H], SequenceLogits [B,C], TokenLogits [R,C], VocabularyLogits
   * [R,V] (R: the selected rows, or all M), HiddenStates [L+1,M,H], Attentions [L][sum over sequences of A*S*S].
   *
   * @throws InputError for a request that does not fit the model, RangeError when memory does not
   * suffice; the engine stays usable
   */
  forward(request: Request): Partial<Record<OutputName, Float32Array>> {
    checkRequest(request, this.#dimensions);
    const { lengths, inputIds, inputsEmbeds } = request;
    const rows = request.attentionMask.length;
    const selected = readRows(request);
    const read = selected?.length ?? rows;
    const longest = lengths.reduce((most, S) => Math.max(most, S), 0);
    const scores = request.outputs.includes('Attentions')
      ? lengths.reduce((sum, S) => sum + S * S, 0)
      : 0;
    let outputs = inputsEmbeds ? Output.FromEmbeds : 0;
    for (const name of request.outputs) outputs |= Output[name];
    grow(`${request.outputs.join(', ')} of ${rows} tokens`, () =>
      // Past what an i32 holds no memory suffices either.
      this.#exports.reserve(
        lengths.length,
        rows,
        selected?.length ?? 0,
        longest,
        Math.min(scores, I32_MAX),
        outputs,
      ),
    );
    this.#writeIntegers(Buffer.Lengths, lengths);
    this.#writeIntegers(Buffer.TokenTypeIds, request.tokenTypeIds);
    this.#writeIntegers(Buffer.PositionIds, request.positionIds);
    this.#writeIntegers(Buffer.AttentionMask, request.attentionMask);
    if (selected) this.#writeIntegers(Buffer.SelectedRows, selected);
    if (inputIds) this.#writeIntegers(Buffer.InputIds, inputIds);
    if (inputsEmbeds) this.#floats(Buffer.InputsEmbeds, inputsEmbeds.length).set(inputsEmbeds);
    this.#exports.forward();
    return Object.fromEntries(
      request.outputs.map((name) => [
        name,
        this.#floats(
          Buffer[name],
          this.#outputSize(name, { sequences: lengths.length, rows, read, scores }),
        ).slice(),
      ]),
    );
  }

  memoryUsage(): MemoryUsage {
    return { weights: this.#weightBytes, total: this.#exports.memory.buffer.byteLength };
  }

  #stage(bytes: Uint8Array, bytesPerElement: number): void {
    const elements = bytes.byteLength / bytesPerElement;
    if (bytes.byteLength > this.#staging.bytes || elements > this.#staging.elements) {
      this.#openStaging(bytes.byteLength, elements);
    }
    new Uint8Array(this.#exports.memory.buffer, this.#staging.address).set(bytes);
  }

  #openStaging(bytes: number, elements: number): number {
    const size = {
      bytes: Math.max(bytes, STAGING_BYTES),
      elements: Math.max(elements, STAGING_BYTES / 4),
    };
    const opened = grow('a tensor', () => this.#exports.openStaging(size.bytes, size.elements));
    this.#staging = { ...size, address: opened >>> 0 };
    return this.#staging.address;
  }

  #writeIntegers(buffer: number, data: Int32Array): void {
    const address = this.#exports.bufferAddress(buffer) >>> 0;
    new Int32Array(this.#exports.memory.buffer, address, data.length).set(data);
  }

  #floats(buffer: number, length: number): Float32Array {
    const address = this.#exports.bufferAddress(buffer) >>> 0;
    return new Float32Array(this.#exports.memory.buffer, address, length);
  }

  #outputSize(name: OutputName, { sequences, rows, read, scores }: Extents): number {
    const d = this.#dimensions;
    switch (name) {
      case 'LastHiddenState':
        return read * d.hidden;
      case 'Pooled':
        return sequences * d.hidden;
      case 'SequenceLogits':
        return sequences * d.sequenceLabels;
      case 'TokenLogits':
        return read * d.tokenLabels;
      case 'VocabularyLogits':
        return read * d.vocabulary;
      case 'HiddenStates':
        return (d.layers + 1) * rows * d.hidden;
      case 'Attentions':
        return d.layers * d.heads * scores;
    }
  }
}

/** What the sizes of outputs depend on. */
interface Extents {
  readonly sequences: number;
  readonly rows: number;
  /** Rows that are read past the last block. */
  readonly read: number;
  readonly scores: number;
}

/** The module traps when memory cannot grow; nothing it planned is in use then. */
export function grow<T>(what: string, allocate: () => T): T {
  try {
    return allocate();
  } catch (cause) {
    if (!(cause instanceof WebAssembly.RuntimeError)) throw cause;
    throw new RangeError(
      `Cannot reserve memory for ${what}: WebAssembly memory cannot grow, expected room within 4 GB`,
      { cause },
    );
  }
}
