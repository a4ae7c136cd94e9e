/**
 * The panels of one linear layer, element by element, where they lie in linear memory: reading weights
 * that are kept small, clearing those of pruned heads, and taking those that calibration made. The layout is that of docs/memory.md.
 */

import type { Engine, HomeAddress } from '../engine/engine.ts';
import { fromBf16, fromHalf, roundTo24 } from '../half.ts';
import type { WeightDtype } from './options.ts';

/** Columns of a panel. */
const NR = 8;

/** Bytes before a panel's first depth, and what weights are read as. */
const LAYOUT = {
  fp32: { head: 32, Numbers: Float32Array },
  fp16: { head: 32, Numbers: Uint16Array },
  bf16: { head: 32, Numbers: Uint16Array },
  q8: { head: 64, Numbers: Int8Array },
} as const;

/** Classifiers are kept in f32 whatever the rest is kept in. */
const CLASSIFIERS: readonly string[] = ['SequenceHead', 'TokenHead'];

/** In q8 models the upper halves of f32. */
const FINE: readonly string[] = ['TokenTypeEmbeddings', 'EmbeddingTransformation', 'Pooler'];

/** What a matrix or table is kept in, in a model of some dtype. */
export function keptIn(slot: string, dtype: WeightDtype): keyof typeof LAYOUT {
  if (CLASSIFIERS.includes(slot)) return 'fp32';
  return dtype === 'q8' && FINE.includes(slot) ? 'bf16' : dtype;
}

/** Views of linear memory: valid until it grows, so made where they are used. */
export class Panels {
  readonly #numbers: Float32Array | Uint16Array | Int8Array;
  /** The same bytes: biases, and in q8 scales. */
  readonly #floats: Float32Array;
  /** Input factors of a q8 layer; empty where there are none. */
  readonly #factors: Float32Array;
  readonly #widen: (number: number) => number;
  readonly #isSmall: boolean;
  readonly #panelBytes: number;
  readonly #head: number;

  constructor(
    engine: Engine,
    address: Omit<HomeAddress, 'home'>,
    outputs: number,
    dtype: WeightDtype,
  ) {
    const kind = keptIn(address.slot, dtype);
    const { head, Numbers } = LAYOUT[kind];
    const data = engine.home({ ...address, home: 'Data' });
    const scales = engine.home({ ...address, home: 'Scales' });
    const { buffer, byteOffset, byteLength } = data;
    this.#numbers = new Numbers(buffer, byteOffset, byteLength / Numbers.BYTES_PER_ELEMENT);
    this.#floats = new Float32Array(buffer, byteOffset, byteLength / 4);
    this.#factors = new Float32Array(scales.buffer, scales.byteOffset, scales.byteLength / 4);
    this.#panelBytes = byteLength / Math.ceil(outputs / NR);
    this.#head = head;
    this.#isSmall = dtype === 'q8';
    this.#widen = kind === 'bf16' ? fromBf16 : fromHalf;
  }

  /** The weight that output n has for input k, as products use it. */
  weight(n: number, k: number): number {
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

  /** The number that is kept for a weight: of q8, times scale and factor, the weight. */
  setNumber(n: number, k: number, number: number): void {
    this.#numbers[this.#weightAt(n, k)] = number;
  }

  setScale(n: number, scale: number): void {
    this.#floats[this.#biasAt(n) + NR] = scale;
  }

  /** A q8 layer keeps 24 bits of a bias. */
  setBias(n: number, bias: number): void {
    this.#floats[this.#biasAt(n)] = this.#isSmall ? roundTo24(bias) : bias;
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
