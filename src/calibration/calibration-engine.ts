/**
 * Two models in one pass, for calibration: exact weights in f32, and beside each layer the rounded ones
 * that are made of what it reads there (assembly/ops/tap.ts). In: hidden rows of both, block after block.
 * Out: the sums that a layer is fitted by.
 */

import { platform } from '#platform';
import { Buffer, type Dimensions, type Exports, Slot } from '../engine/abi.ts';
import { Engine, grow } from '../engine/engine.ts';
import type { SlotAddress } from '../engine/slot-address.ts';

/** One linear layer of K inputs and N outputs. */
export interface LayerPlace extends Omit<SlotAddress, 'part'> {
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * What a layer met, means over rows: K inputs as the model with rounded weights has them, N errors, which
 * are what exact inputs, weights and residual give less what rounded inputs and exact weights do.
 */
export interface LayerSums {
  /** [K,K], of inputs about their means. */
  readonly covariance: Float64Array;
  /** [K,N], of inputs by errors, both about their means. */
  readonly cross: Float64Array;
  readonly inputMeans: Float64Array;
  readonly errorMeans: Float64Array;
}

/** A layer in whole numbers: weight n of input k is numbers[k,n] * scales[n] * factors[k]. */
export interface RoundedLayer {
  /** [K,N], -127 to 127. */
  readonly numbers: Int8Array;
  readonly scales: Float32Array;
  readonly bias: Float32Array;
  readonly factors: Float32Array;
}

/** Rounds one layer. */
export type Fit = (place: LayerPlace, sums: LayerSums) => RoundedLayer;

/** Exports of assembly/calibration.ts on top of the usual ones. */
interface CalibrationExports extends Exports {
  layerAddress(slot: number, layer: number, network: number): number;
  openCalibration(): void;
  sumsAddress(which: number): number;
  runBlock(layer: number): void;
  firstRows(): number;
  inputSums(layer: number, x: number, xBytes: number, rows: number): void;
  errorSums(layer: number, x: number, xBytes: number, rows: number, residual: number): void;
}

/** Places in memory, as assembly/calibration.ts numbers them. */
export const Sums = {
  Inputs: 0,
  Cross: 1,
  InputMeans: 2,
  ErrorMeans: 3,
  Twin: 4,
  Hidden: 5,
} as const;

/** Columns of a panel. */
const NR = 8;

/** Not reentrant; `open` once, then block after block. */
export class CalibrationEngine {
  /** The exact model. */
  readonly engine: Engine;
  readonly #exports: CalibrationExports;
  readonly #dimensions: Dimensions;
  readonly #places = new Map<number, LayerPlace>();
  /** Covariances of inputs that several layers read, by address, until something else is written there. */
  readonly #covariances = new Map<number, Float64Array>();
  #lengths: Int32Array = new Int32Array();
  #rows = 0;
  #fit: Fit | undefined;

  /**
   * Zeroed weights for `dimensions`, which are those of an f32 model.
   *
   * @throws TypeError where the runtime has no module for calibration, RangeError when memory does not
   * suffice
   */
  static async create(dimensions: Dimensions): Promise<CalibrationEngine> {
    if (!platform.readCalibration) {
      throw new TypeError(
        'Cannot calibrate: this runtime has no module for it, expected Node, Deno or Bun',
      );
    }
    let made: CalibrationEngine | undefined;
    type Show = CalibrationEngine['show'];
    const show = (...rows: Parameters<Show>) => made?.show(...rows) ?? false;
    const module = await platform.readCalibration();
    const { exports } = await WebAssembly.instantiate(module, { tap: { show } });
    made = new CalibrationEngine(exports as unknown as CalibrationExports, dimensions);
    return made;
  }

  private constructor(exports: CalibrationExports, dimensions: Dimensions) {
    this.engine = new Engine(exports, 'simd', dimensions);
    this.#exports = exports;
    this.#dimensions = dimensions;
  }

  /** Takes up both models' hidden rows [rows,H] of texts of these lengths; layers to be fitted are named. */
  open(
    lengths: Int32Array,
    exact: Float32Array,
    rounded: Float32Array,
    places: readonly LayerPlace[],
  ): void {
    const rows = lengths.reduce((sum, length) => sum + length, 0);
    const exports = this.#exports;
    grow(`calibration with ${rows} tokens`, () => {
      // Said to be one text, the buffers of a chunk hold all rows.
      exports.reserve(2 * lengths.length, 2 * rows, 0, 2 * rows, 0, 0);
      exports.openCalibration();
    });
    this.#lengths = lengths;
    this.#rows = rows;
    for (const place of places) this.#places.set(this.#layer(place), place);
    const { buffer } = exports.memory;
    const at = (which: number) => exports.bufferAddress(which) >>> 0;
    new Int32Array(buffer, at(Buffer.Lengths), 2 * lengths.length).set([...lengths, ...lengths]);
    new Int32Array(buffer, at(Buffer.AttentionMask), 2 * rows).fill(1);
    const { hidden: H } = this.#dimensions;
    const hidden = this.#floats(Sums.Hidden, 2 * rows * padded(H)).fill(0);
    [exact, rounded].forEach((from, half) => {
      for (let row = 0; row < rows; row++) {
        hidden.set(from.subarray(row * H, (row + 1) * H), (half * rows + row) * padded(H));
      }
    });
  }

  /** Hidden rows of both models through a block; `fit` rounds every named layer when its turn comes. */
  runBlock(layer: number, fit: Fit): void {
    this.#covariances.clear();
    this.#fit = fit;
    try {
      this.#exports.runBlock(layer);
    } finally {
      this.#fit = undefined;
    }
  }

  /** What a layer behind the last block meets: all hidden rows, or each text's first. */
  headSums(place: LayerPlace, which: 'all' | 'first'): LayerSums {
    this.#covariances.clear();
    const isFirst = which === 'first';
    const x = isFirst ? this.#exports.firstRows() : this.#exports.sumsAddress(Sums.Hidden);
    const rows = isFirst ? this.#lengths.length : this.#rows;
    return this.#sums(place, x, 4 * padded(this.#dimensions.hidden), rows, 0);
  }

  /** The module's import: rows that a layer is about to read. Whether there are rounded weights for it. */
  private show(
    layer: number,
    x: number,
    xBytes: number,
    rows: number,
    residual: number,
    y: number,
  ): boolean {
    const [fit, place] = [this.#fit, this.#places.get(layer)];
    if (!fit || !place) return false;
    // The sums take products too, which nobody is shown.
    this.#fit = undefined;
    this.#writeTwin(fit(place, this.#sums(place, x, xBytes, rows, residual)));
    this.#fit = fit;
    this.#covariances.delete(y);
    return true;
  }

  #sums(place: LayerPlace, x: number, xBytes: number, rows: number, residual: number): LayerSums {
    const layer = this.#layer(place);
    const exports = this.#exports;
    const { inputs: K, outputs: N } = place;
    let covariance = this.#covariances.get(x);
    if (!covariance) {
      exports.inputSums(layer, x, xBytes, rows);
      covariance = mirrored(this.#means(Sums.Inputs, K, K, rows), K);
      this.#covariances.set(x, covariance);
    }
    exports.errorSums(layer, x, xBytes, rows, residual);
    return {
      covariance,
      cross: this.#means(Sums.Cross, K, N, rows),
      inputMeans: this.#means(Sums.InputMeans, 1, K, 1),
      errorMeans: this.#means(Sums.ErrorMeans, 1, N, 1),
    };
  }

  /** A matrix of sums, dense, each divided by `count`. */
  #means(which: number, rows: number, columns: number, count: number): Float64Array {
    const stride = padded(columns);
    const sums = this.#floats(which, rows * stride);
    const means = new Float64Array(rows * columns);
    for (let row = 0, i = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, i++) {
        means[i] = sums[row * stride + column]! / count;
      }
    }
    return means;
  }

  #writeTwin({ numbers, scales, bias, factors }: RoundedLayer): void {
    const [K, N] = [factors.length, scales.length];
    const panels = this.#floats(Sums.Twin, padded(N) * (K + 1)).fill(0);
    for (let n = 0; n < N; n++) {
      const lane = (n - (n % NR)) * (K + 1) + (n % NR);
      panels[lane] = bias[n]!;
      for (let k = 0; k < K; k++) {
        panels[lane + NR * (k + 1)] = Math.fround(numbers[k * N + n]! * scales[n]!) * factors[k]!;
      }
    }
  }

  #layer({ slot, layer, network }: LayerPlace): number {
    return this.#exports.layerAddress(Slot[slot], layer, network);
  }

  #floats(which: number, length: number): Float32Array {
    const address = this.#exports.sumsAddress(which) >>> 0;
    return new Float32Array(this.#exports.memory.buffer, address, length);
  }
}

/** Columns of a row in whole panels. */
function padded(columns: number): number {
  return Math.ceil(columns / NR) * NR;
}

/** A symmetric matrix of which the lower half is there. */
function mirrored(matrix: Float64Array, size: number): Float64Array {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) matrix[j * size + i] = matrix[i * size + j]!;
  }
  return matrix;
}
