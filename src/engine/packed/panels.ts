/**
 * The panels of one linear layer, element by element, where they lie in linear memory: for reading
 * quantised weights, clearing those of pruned heads, and writing those that calibration made. The
 * layout is drawn in docs/memory.md.
 */

import { fromBf16, fromHalf, roundTo24 } from '../../numerics/half.ts';
import { WeightType } from '../abi.ts';
import type { Engine, SlotIndex } from '../engine.ts';
import { decodeInputs } from './outliers.ts';

/** Columns of a panel. */
export const NR = 8;

/** Bytes in front of a panel's first depth, and the type of the numbers behind them. */
const LAYOUT = {
  F32: { head: 4 * NR, Numbers: Float32Array },
  F16: { head: 4 * NR, Numbers: Uint16Array },
  BF16: { head: 4 * NR, Numbers: Uint16Array },
  Q8: { head: 8 * NR, Numbers: Int8Array },
} as const;

/**
 * Views of linear memory: valid inside `openWeights` until memory grows, so made where they are
 * used.
 */
export class Panels {
  readonly #numbers: Float32Array | Uint16Array | Int8Array;
  /** The same bytes as f32: biases, and scales of q8. */
  readonly #floats: Float32Array;
  /** Input factors of a q8 layer; empty where there are none. */
  readonly #factors: Float32Array;
  readonly #widen: (number: number) => number;
  readonly #isQ8: boolean;
  readonly #panelBytes: number;
  readonly #head: number;
  /** Weights of inputs that are kept in f32; their numbers in the panels are zero. */
  readonly #outlying: ReadonlyMap<number, Float32Array>;

  /** @param outputs columns of the layer */
  constructor(engine: Engine, at: SlotIndex, outputs: number) {
    const type = engine.weightType(at);
    const { head, Numbers } = LAYOUT[type];
    const data = engine.storage({ ...at, storage: 'Data' });
    const scales = engine.storage({ ...at, storage: 'Scales' });
    const { buffer, byteOffset, byteLength } = data;
    this.#numbers = new Numbers(buffer, byteOffset, byteLength / Numbers.BYTES_PER_ELEMENT);
    this.#floats = new Float32Array(buffer, byteOffset, byteLength / 4);
    this.#factors = new Float32Array(scales.buffer, scales.byteOffset, scales.byteLength / 4);
    this.#panelBytes = byteLength / Math.ceil(outputs / NR);
    this.#head = head;
    this.#isQ8 = engine.dimensions.weightType === WeightType.Q8;
    const outlying = decodeInputs(engine.storage({ ...at, storage: 'Outliers' }), outputs);
    this.#outlying = new Map(outlying.map(({ input, weights }) => [input, weights]));
    this.#widen = type === 'BF16' ? fromBf16 : fromHalf;
  }

  /** The weight of output n for input k, as products use it. */
  weight(n: number, k: number): number {
    const outlier = this.#outlying.get(k);
    if (outlier) return outlier[n]!;
    const number = this.#numbers[this.#weightAt(n, k)]!;
    if (this.#numbers instanceof Float32Array) return number;
    if (this.#numbers instanceof Uint16Array) return this.#widen(number);
    const scale = this.#floats[this.#biasAt(n) + NR]!;
    return Math.fround(number * scale) * this.factor(k);
  }

  bias(n: number): number {
    return this.#floats[this.#biasAt(n)]!;
  }

  /** What a q8 layer multiplies input k by before it rounds it. */
  factor(k: number): number {
    return this.#factors[k] ?? 1;
  }

  /**
   * Stores the number that a panel has for a weight: in q8 the integer, which scale and factor make a
   * weight. It is zero where the weight is kept in f32.
   */
  setNumber(n: number, k: number, number: number): void {
    this.#numbers[this.#weightAt(n, k)] = number;
  }

  /** Makes a weight zero. */
  clear(n: number, k: number): void {
    this.setNumber(n, k, 0);
    const outlier = this.#outlying.get(k);
    if (outlier) outlier[n] = 0;
  }

  setScale(n: number, scale: number): void {
    this.#floats[this.#biasAt(n) + NR] = scale;
  }

  /** A q8 model keeps 24 bits of a bias. */
  setBias(n: number, bias: number): void {
    this.#floats[this.#biasAt(n)] = this.#isQ8 ? roundTo24(bias) : bias;
  }

  /** Index of output n's bias; its scale is a row on. */
  #biasAt(n: number): number {
    return (Math.floor(n / NR) * this.#panelBytes) / 4 + (n % NR);
  }

  #weightAt(n: number, k: number): number {
    const width = this.#numbers.BYTES_PER_ELEMENT;
    const first = (Math.floor(n / NR) * this.#panelBytes + this.#head) / width;
    const lane = n % NR;
    // Of eight bits, four depths of a lane lie together.
    if (width === 1) return first + 4 * NR * (k >> 2) + 4 * lane + (k & 3);
    return first + NR * k + lane;
  }
}
