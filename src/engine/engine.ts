/**
 * One model's memory and the module that works in it: dimensions and tensors in, batches in,
 * outputs out. src/engine is the only room that reads or writes linear memory. Views are made where
 * they are used, since growth detaches them.
 */

import {
  ABI_VERSION,
  Buffer,
  CONFIG_FIELDS,
  type Dimensions,
  Dtype,
  type Exports,
  Output,
  Part,
  Slot,
  Storage,
  WeightType,
} from './abi.ts';
import type { Build } from './build.ts';
import { exportsOf } from './instantiate.ts';
import { type StoreRows, storeTableRows } from './packed/table-rows.ts';
import {
  checkRequest,
  type OutputName,
  outputSize,
  type Request,
  selectedRows,
} from './request.ts';
import { checkStatus, type SlotIndex, type SlotPart, type SlotStorage } from './slot-part.ts';

import {
  ALONE,
  isThreaded,
  sharedMemory,
  Team,
  type ThreadedExports,
  type ThreadPlan,
} from './team.ts';

export type { OutputName, Request } from './request.ts';
export type { SlotIndex, SlotPart, SlotStorage } from './slot-part.ts';

/** Bytes of linear memory. */
export interface MemoryUsage {
  /** Weights with their records. */
  readonly weights: number;
  /** All of it: weights, the arena of the largest request so far, constants. */
  readonly total: number;
}

/** A stretch of linear memory. */
export interface Extent {
  readonly address: number;
  readonly bytes: number;
}

/** Room for rows on their way in; a longer row makes it grow. */
const STAGING_BYTES = 1 << 20;

const I32_MAX = 2 ** 31 - 1;

const BYTES_PER_ELEMENT = { F32: 4, F16: 2, BF16: 2, F64: 8 } as const;

const WEIGHT_TYPES = Object.keys(WeightType) as (keyof typeof WeightType)[];

/**
 * A model in WebAssembly memory. Not reentrant, and never suspended: calls are synchronous.
 *
 * Weights are open after creation. `seal` ends loading; from then on `forward` runs, and weights
 * are read or written inside `openWeights` only.
 */
export class Engine {
  readonly build: Build;
  readonly dimensions: Dimensions;
  readonly #exports: Exports;
  /** Address of the module's records. */
  protected readonly pass: number;
  readonly #weightBytes: number;
  /** Undefined where the calling thread works alone. */
  readonly #team: Team | undefined;
  readonly #plan: ThreadPlan;
  #staging = { bytes: 0, elements: 0, address: 0 };
  #isSealed = false;

  /**
   * Instantiates `module` and allocates zeroed weights for `dimensions`. Where the module shares
   * its memory, the other threads of `plan` wait for calls when this settles.
   *
   * @throws RangeError when memory does not suffice, TypeError when the module has another ABI or does not
   * run such weights
   */
  static async create(
    module: WebAssembly.Module,
    build: Build,
    dimensions: Dimensions,
    plan: ThreadPlan = ALONE,
  ): Promise<Engine> {
    if (!isThreaded(module)) {
      const reason = plan.threads > 1 ? 'the WebAssembly module has none' : plan.obstacle;
      const alone = { threads: 1, obstacle: reason };
      return new Engine(await exportsOf<Exports>(module), build, dimensions, alone);
    }
    const memory = sharedMemory();
    const exports = await exportsOf<Exports>(module, { env: { memory } });
    const engine = new Engine(exports, build, dimensions, plan);
    await engine.#team?.start(module, memory);
    return engine;
  }

  /** Over the exports of a fresh instance; `create` makes one. */
  constructor(exports: Exports, build: Build, dimensions: Dimensions, plan: ThreadPlan = ALONE) {
    const version = typeof exports.abiVersion === 'function' ? exports.abiVersion() : 'none';
    if (version !== ABI_VERSION) {
      throw new TypeError(
        `Cannot use the WebAssembly module: ABI version is ${version}, expected ${ABI_VERSION}`,
      );
    }
    this.build = build;
    this.dimensions = dimensions;
    this.#exports = exports;
    this.pass = exports.createPass();
    this.#plan = plan;
    if (plan.threads > 1) {
      this.#team = new Team(exports as ThreadedExports, this.pass, plan.threads);
    }
    const config = new DataView(exports.memory.buffer, exports.configAddress(this.pass));
    CONFIG_FIELDS.forEach((field, i) => {
      if (field === 'epsilon') config.setFloat32(4 * i, dimensions[field], true);
      else config.setInt32(4 * i, dimensions[field], true);
    });
    this.#weightBytes = grow('the weights', () => exports.allocateWeights(this.pass)) >>> 0;
    if (!this.#weightBytes) {
      throw new TypeError('Cannot use the WebAssembly module: it runs q8 only, expected "simd"');
    }
  }

  // ---- weights ----

  /**
   * Makes the derived values that a pass needs. Ends loading; does nothing where weights are
   * sealed.
   */
  seal(): void {
    if (this.#isSealed) return;
    this.#exports.seal(this.pass);
    this.#isSealed = true;
  }

  /**
   * Runs `body` while weights have the bits that they were stored with, and seals them again unless
   * they were open before. Synchronous, so that no pass can come between.
   */
  openWeights<T>(body: () => T): T {
    if (!this.#isSealed) return body();
    this.#exports.openWeights(this.pass);
    this.#isSealed = false;
    try {
      return body();
    } finally {
      this.seal();
    }
  }

  /**
   * Packs rows of one tensor into its slot. `bytes` holds `rows` rows as the checkpoint has them
   * (row-major, little-endian); a vector counts one element a row.
   *
   * @throws RangeError for rows or parts that the model does not have, and for sealed weights
   */
  store(to: SlotPart, first: number, rows: number, bytes: Uint8Array, dtype: keyof typeof Dtype) {
    const perRow = bytes.byteLength / rows;
    const most = Math.max(1, Math.floor(STAGING_BYTES / perRow));
    for (let done = 0; done < rows; done += most) {
      const count = Math.min(most, rows - done);
      const chunk = bytes.subarray(done * perRow, (done + count) * perRow);
      const at = first + done;
      const store: StoreRows = (...part) => this.#storeRows(to, at, count, ...part);
      const status = to.slot.endsWith('Embeddings')
        ? storeTableRows(this, to, at, count, chunk, dtype, store)
        : store(chunk, dtype);
      checkStatus(status, 'store', to, at, count);
    }
  }

  #storeRows(
    to: SlotPart,
    first: number,
    rows: number,
    bytes: Uint8Array,
    dtype: keyof typeof Dtype,
  ): number {
    this.#stage(bytes, BYTES_PER_ELEMENT[dtype]);
    const part = to.part === 'weight' ? Part.Weight : Part.Bias;
    const at = [Slot[to.slot], to.layer, to.network, part] as const;
    return this.#exports.storeRows(this.pass, ...at, Dtype[dtype], first, rows);
  }

  /**
   * A copy of the weights of a slot that are kept in f32 beside it, as packed/outliers.ts reads
   * them; empty where there are none.
   */
  outliers(at: SlotIndex): Uint8Array<ArrayBuffer> {
    const { address, bytes } = this.extent({ ...at, storage: 'Outliers' });
    return this.#bytes(address, bytes).slice();
  }

  /**
   * Replaces them by `count`, in ascending order. Weights have to be open, and no tensor partly
   * stored.
   *
   * @throws RangeError when memory does not suffice, or for a slot that the model does not have
   */
  setOutliers(at: SlotIndex, count: number, bytes: Uint8Array): void {
    const { slot, layer, network } = at;
    const address = grow(`the outliers of ${slot}`, () =>
      this.#exports.reserveOutliers(this.pass, Slot[slot], layer, network, count),
    );
    if (this.extent({ ...at, storage: 'Outliers' }).bytes !== bytes.length) {
      throw new RangeError(
        `Cannot store outliers of ${slot}: found ${bytes.length} bytes, expected ${count} outliers`,
      );
    }
    this.#bytes(address >>> 0, bytes.length).set(bytes);
    // They lie where staging began.
    this.#staging = { bytes: 0, elements: 0, address: 0 };
  }

  /**
   * The opposite of `store`: `rows` rows of `rowSize` elements of an f32 model as they were stored;
   * a vector counts one element a row. Rows are copied in pieces of about a mebibyte.
   *
   * @throws TypeError for a model whose weights are not f32, RangeError for rows that it does not have
   */
  fetch(from: SlotPart, first: number, rows: number, rowSize: number): Float32Array<ArrayBuffer> {
    if (this.dimensions.weightType !== WeightType.F32) {
      throw new TypeError(
        `Cannot fetch ${from.slot} ${from.part}: weights are quantised, expected dtype "fp32"`,
      );
    }
    const fetched = new Float32Array(rows * rowSize);
    const most = Math.max(1, Math.floor(STAGING_BYTES / 4 / Math.max(1, rowSize)));
    for (let done = 0; done < rows; done += most) {
      const count = Math.min(most, rows - done);
      // Opened anew: a request may have used the place since.
      const address = this.#openStaging(4 * count * rowSize, count * rowSize);
      const status = this.#exports.fetchRows(
        this.pass,
        Slot[from.slot],
        from.layer,
        from.network,
        from.part === 'weight' ? Part.Weight : Part.Bias,
        first + done,
        count,
        count * rowSize,
      );
      checkStatus(status, 'fetch', from, first + done, count);
      fetched.set(this.floats(address, count * rowSize), done * rowSize);
    }
    return fetched;
  }

  /** What a slot's matrix or table is kept in. */
  weightType({ slot, layer, network }: SlotIndex): keyof typeof WeightType {
    return WEIGHT_TYPES[this.#exports.weightType(this.pass, Slot[slot], layer, network)]!;
  }

  /** Where a stretch of packed bytes lies; 0 bytes where the model has none. */
  extent({ slot, layer, network, storage }: SlotStorage): Extent {
    const at = [Slot[slot], layer, network, Storage[storage]] as const;
    return {
      address: this.#exports.storageAddress(this.pass, ...at) >>> 0,
      bytes: this.#exports.storageBytes(this.pass, ...at) >>> 0,
    };
  }

  /** Where all parameters lie, one behind the other. */
  parameters(): Extent {
    return {
      address: this.#exports.parametersAddress(this.pass) >>> 0,
      bytes: this.#exports.parametersBytes(this.pass) >>> 0,
    };
  }

  /**
   * The packed bytes themselves, where they lie: valid until memory grows. src/engine/packed knows
   * what they mean.
   *
   * @throws Error for sealed weights, whose bytes are not those that were stored
   */
  storage(at: SlotStorage): Uint8Array<ArrayBuffer> {
    if (this.#isSealed) {
      throw new Error(`Cannot read ${at.slot}: weights are sealed, expected openWeights() first`);
    }
    const { address, bytes } = this.extent(at);
    return this.#bytes(address, bytes);
  }

  // ---- passes ----

  /**
   * Runs one batch and returns the outputs that were asked for, by name, dense and copied out of
   * linear memory: LastHiddenState [Q,H], Pooled [B,H], SequenceLogits [B,C], TokenLogits [Q,C],
   * VocabularyLogits [Q,V] (Q: the selected rows, or all M), HiddenStates [L+1,M,H], Attentions
   * [L][sum over sequences of A*S*S].
   *
   * @throws InputError for a request that does not fit the model, RangeError when memory does not
   * suffice; the engine stays usable. Error for weights that are open. TeamError when a thread has
   * stopped; once the others have ended, calls run on one.
   */
  forward(request: Request): Partial<Record<OutputName, Float32Array>> {
    if (!this.#isSealed) {
      throw new Error('Cannot run the model: its weights are open, expected seal() first');
    }
    checkRequest(request, this.dimensions);
    const { lengths, inputIds, inputsEmbeds } = request;
    const rows = request.attentionMask.length;
    const selected = selectedRows(request);
    const queries = selected?.length ?? rows;
    const longest = lengths.reduce((most, S) => Math.max(most, S), 0);
    const scores = request.outputs.includes('Attentions')
      ? lengths.reduce((sum, S) => sum + S * S, 0)
      : 0;
    let outputs = inputsEmbeds ? Output.FromEmbeds : 0;
    for (const name of request.outputs) outputs |= Output[name];
    grow(`${request.outputs.join(', ')} of ${rows} tokens`, () =>
      // Past what an i32 holds no memory suffices either.
      this.#exports.reserve(
        this.pass,
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
    if (inputsEmbeds) this.#output(Buffer.InputsEmbeds, inputsEmbeds.length).set(inputsEmbeds);
    const pass = () => this.#exports.forward(this.pass);
    if (this.#team) this.#team.run(pass);
    else pass();
    const extents = { sequences: lengths.length, rows, queries, scores };
    return Object.fromEntries(
      request.outputs.map((name) => [
        name,
        this.#output(Buffer[name], outputSize(name, extents, this.dimensions)).slice(),
      ]),
    );
  }

  /** How many threads run a pass, and why there are fewer than were asked for. */
  get threadPlan(): ThreadPlan {
    return this.#team?.plan ?? this.#plan;
  }

  /** Ends the other threads; the engine runs on the calling one from here on. */
  dispose(): void {
    this.#team?.dismiss();
  }

  memoryUsage(): MemoryUsage {
    return { weights: this.#weightBytes, total: this.#exports.memory.buffer.byteLength };
  }

  /** A view of bytes, valid until memory grows. */
  #bytes(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#exports.memory.buffer as ArrayBuffer, address, length);
  }

  /** A view of f32, valid until memory grows. */
  protected floats(address: number, length: number): Float32Array {
    return new Float32Array(this.#exports.memory.buffer, address >>> 0, length);
  }

  /** A view of i32, valid until memory grows. */
  protected integers(address: number, length: number): Int32Array {
    return new Int32Array(this.#exports.memory.buffer, address >>> 0, length);
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
    const opened = grow('a tensor', () =>
      this.#exports.openStaging(this.pass, size.bytes, size.elements),
    );
    this.#staging = { ...size, address: opened >>> 0 };
    return this.#staging.address;
  }

  #writeIntegers(buffer: number, data: Int32Array): void {
    this.integers(this.#exports.bufferAddress(this.pass, buffer), data.length).set(data);
  }

  #output(buffer: number, length: number): Float32Array {
    return this.floats(this.#exports.bufferAddress(this.pass, buffer), length);
  }
}

/**
 * Runs what may grow memory. The module traps when memory cannot grow; nothing that it planned is
 * in use then.
 *
 * @throws RangeError naming what did not fit
 */
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
