/**
 * Two models in one pass, for calibration: an exact one in f32, and one whose layers get rounded
 * weights as the pass comes to them (assembly/ops/observe.ts). In: hidden rows of both, block after
 * block. Out: the sums that a layer is fitted by.
 */

import { platform } from '#platform';
import { Buffer, type Dimensions, type Exports, Slot } from '../engine/abi.ts';
import { Engine, grow, type SlotIndex } from '../engine/engine.ts';
import { exportsOf } from '../engine/instantiate.ts';
import { NR } from '../engine/packed/panels.ts';

/** One linear layer of K inputs and N outputs. */
export interface LayerSlot extends SlotIndex {
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * Means over rows of what one layer reads and misses: K inputs as the model with rounded weights
 * has them, and N errors. An error is the output of exact inputs, weights and residual, less the
 * output of rounded inputs and exact weights.
 */
export interface LayerSums {
  /** [K,K], of inputs about their means. */
  readonly covariance: Float64Array;
  /** [K,N], of inputs by errors, both about their means. */
  readonly cross: Float64Array;
  readonly inputMeans: Float64Array;
  readonly errorMeans: Float64Array;
}

/** A layer in integers: weight n of input k is numbers[k,n] * scales[n] * factors[k]. */
export interface RoundedLayer {
  /** [K,N], -127 to 127. */
  readonly numbers: Int8Array;
  readonly scales: Float32Array;
  readonly bias: Float32Array;
  readonly factors: Float32Array;
  /** Weights [N] of inputs that are not rounded; their numbers and factors are zeros. */
  readonly outlying: ReadonlyMap<number, Float64Array>;
}

/** Rounds one layer. */
export type Fit = (at: LayerSlot, sums: LayerSums) => RoundedLayer;

/** Exports of assembly/calibration.ts. */
interface CalibrationExports extends Exports {
  layerAddress(pass: number, slot: number, layer: number, network: number): number;
  openCalibration(pass: number): void;
  sumsAddress(pass: number, which: number): number;
  runBlock(pass: number, layer: number): void;
  firstRows(pass: number): number;
  inputSums(pass: number, layer: number, x: number, rows: number): void;
  errorSums(pass: number, layer: number, x: number, rows: number, residual: number): void;
}

/** Places in memory, as assembly/calibration.ts numbers them. */
export const Sums = {
  Inputs: 0,
  Cross: 1,
  InputMeans: 2,
  ErrorMeans: 3,
  Rounded: 4,
  Hidden: 5,
} as const;

/** The engine of the exact model. `open` once, then block after block. Not reentrant. */
export class CalibrationEngine extends Engine {
  readonly #exports: CalibrationExports;
  readonly #layers = new Map<number, LayerSlot>();
  /**
   * Covariances of inputs that several layers read, by address, until something else is written
   * there.
   */
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
  static async forModel(dimensions: Dimensions): Promise<CalibrationEngine> {
    if (!platform.readCalibration) {
      throw new TypeError(
        'Cannot calibrate: this runtime has no module for it, expected Node, Deno or Bun',
      );
    }
    let made: CalibrationEngine | undefined;
    type Observe = CalibrationEngine['observe'];
    const observe = (...rows: Parameters<Observe>) => made?.observe(...rows) ?? false;
    const module = await platform.readCalibration();
    const exports = await exportsOf<CalibrationExports>(module, { observe: { observe } });
    made = new CalibrationEngine(exports, dimensions);
    return made;
  }

  private constructor(exports: CalibrationExports, dimensions: Dimensions) {
    super(exports, 'simd', dimensions);
    this.#exports = exports;
  }

  /**
   * Takes up both models' hidden rows [rows,H] of texts of these lengths; layers to be fitted are
   * named.
   */
  open(
    lengths: Int32Array,
    exact: Float32Array,
    rounded: Float32Array,
    layers: readonly LayerSlot[],
  ): void {
    const rows = lengths.reduce((sum, length) => sum + length, 0);
    const exports = this.#exports;
    grow(`calibration with ${rows} tokens`, () => {
      // With a "longest text" of all rows, the buffers of one chunk hold them all.
      exports.reserve(this.pass, 2 * lengths.length, 2 * rows, 0, 2 * rows, 0, 0);
      exports.openCalibration(this.pass);
    });
    this.#lengths = lengths;
    this.#rows = rows;
    for (const at of layers) this.#layers.set(this.#layer(at), at);
    const at = (which: number) => exports.bufferAddress(this.pass, which);
    this.integers(at(Buffer.Lengths), 2 * lengths.length).set([...lengths, ...lengths]);
    this.integers(at(Buffer.AttentionMask), 2 * rows).fill(1);
    const { hidden: H } = this.dimensions;
    const hidden = this.#sumsOf(Sums.Hidden, 2 * rows * padded(H)).fill(0);
    [exact, rounded].forEach((from, half) => {
      for (let row = 0; row < rows; row++) {
        hidden.set(from.subarray(row * H, (row + 1) * H), (half * rows + row) * padded(H));
      }
    });
  }

  /**
   * Hidden rows of both models through a block; `fit` rounds every named layer when its turn comes.
   */
  runBlock(layer: number, fit: Fit): void {
    this.#covariances.clear();
    this.#fit = fit;
    try {
      this.#exports.runBlock(this.pass, layer);
    } finally {
      this.#fit = undefined;
    }
  }

  /**
   * The sums of a layer behind the last block, which reads all hidden rows or each text's first.
   */
  headSums(at: LayerSlot, which: 'all' | 'first'): LayerSums {
    this.#covariances.clear();
    const isFirst = which === 'first';
    const x = isFirst
      ? this.#exports.firstRows(this.pass)
      : this.#exports.sumsAddress(this.pass, Sums.Hidden);
    const rows = isFirst ? this.#lengths.length : this.#rows;
    return this.#sums(at, x, rows, 0);
  }

  /**
   * The module's import: a layer is about to read rows. Returns whether there are rounded weights
   * for it.
   */
  private observe(
    layer: number,
    x: number,
    _xBytes: number,
    rows: number,
    residual: number,
    y: number,
  ): boolean {
    const [fit, at] = [this.#fit, this.#layers.get(layer)];
    if (!fit || !at) return false;
    // The sums run products too, which are not to be observed.
    this.#fit = undefined;
    this.#writeRounded(fit(at, this.#sums(at, x, rows, residual)));
    this.#fit = fit;
    this.#covariances.delete(y);
    return true;
  }

  #sums(at: LayerSlot, x: number, rows: number, residual: number): LayerSums {
    const layer = this.#layer(at);
    const exports = this.#exports;
    const { inputs: K, outputs: N } = at;
    let covariance = this.#covariances.get(x);
    if (!covariance) {
      exports.inputSums(this.pass, layer, x, rows);
      covariance = mirrored(this.#means(Sums.Inputs, K, K, rows), K);
      this.#covariances.set(x, covariance);
    }
    exports.errorSums(this.pass, layer, x, rows, residual);
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
    const sums = this.#sumsOf(which, rows * stride);
    const means = new Float64Array(rows * columns);
    for (let row = 0, i = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, i++) {
        means[i] = sums[row * stride + column]! / count;
      }
    }
    return means;
  }

  #writeRounded({ numbers, scales, bias, factors, outlying }: RoundedLayer): void {
    const [K, N] = [factors.length, scales.length];
    const panels = this.#sumsOf(Sums.Rounded, padded(N) * (K + 1)).fill(0);
    for (let n = 0; n < N; n++) {
      const lane = (n - (n % NR)) * (K + 1) + (n % NR);
      panels[lane] = bias[n]!;
      for (let k = 0; k < K; k++) {
        panels[lane + NR * (k + 1)] = Math.fround(numbers[k * N + n]! * scales[n]!) * factors[k]!;
      }
      for (const [k, weights] of outlying) panels[lane + NR * (k + 1)] = weights[n]!;
    }
  }

  #layer({ slot, layer, network }: LayerSlot): number {
    return this.#exports.layerAddress(this.pass, Slot[slot], layer, network);
  }

  #sumsOf(which: number, length: number): Float32Array {
    return this.floats(this.#exports.sumsAddress(this.pass, which), length);
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
