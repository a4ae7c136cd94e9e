/**
 * Finds the inputs of layers whose weights 8 or 16 bits would lose, and has the engine keep them in
 * f32. Tokens with massive activations make them: the residual stream carries numbers of 1e4 to 1e7
 * in a few channels, and what reads the stream is as much smaller there (docs/accuracy.md).
 *
 * In: matrices of a checkpoint, as they stream in. Out: the same, stored.
 */

import { Activation, type Dtype, WeightType } from '../abi.ts';
import type { Engine, SlotIndex, SlotPart } from '../engine.ts';
import { encodeInputs, floatsOf, type OutlyingInput } from './outliers.ts';

/** Takes rows of tensors, as `Engine.store`; `all` is how many rows the whole tensor has. */
export interface Store {
  store(
    to: SlotPart,
    first: number,
    rows: number,
    bytes: Uint8Array,
    dtype: keyof typeof Dtype,
    all: number,
  ): void;
}

/** A matrix [N,K] of a layer. */
interface Matrix {
  readonly at: SlotPart;
  readonly N: number;
  readonly K: number;
  readonly values: Float32Array;
}

/**
 * q8: an input is small where its largest weight is less than this part of the largest of its
 * outputs' ...
 */
const SMALL = 2 ** -5;
/** ... and is kept in f32 where some layer would have fewer levels for its weights: others, or */
const FEWEST_LEVELS = 8;
/** where it is as small as this: what comes in by it is massive, and coarsens its row. */
const MASSIVE = 2 ** -14;

/**
 * fp16: an input is kept in f32 where the root mean square of its weights is below: halves lose
 * digits below 2^-14.
 */
const SMALLEST_HALF = 2 ** -13;

/** Stores matrices in an engine; those of q8 and fp16 models without their outlying inputs. */
export class OutlierStore implements Store {
  readonly #engine: Engine;
  /** Matrices in the making, and those that wait for others that read the same rows. */
  readonly #waiting = new Map<string, { matrix: Matrix; rows: number }>();
  /** Layers whose inputs have been found to be ordinary, by the name of a group's first. */
  readonly #ordinary = new Set<string>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  store(...[to, first, rows, bytes, dtype, all]: Parameters<Store['store']>): void {
    const group = this.#groupOf(to, dtype).map((slot) => ({ ...to, slot }));
    const key = group[0] ? nameOf(group[0]) : '';
    if (group.length === 0 || this.#ordinary.has(key)) {
      this.#engine.store(to, first, rows, bytes, dtype);
      return;
    }
    // Almost all matrices are whole, and their first rows show that no input is small.
    if (first === 0 && rows === all && !this.#mayHaveOutliers(bytes, dtype, rows)) {
      this.#ordinary.add(key);
      for (const at of group) this.#release(at);
      this.#engine.store(to, first, rows, bytes, dtype);
      return;
    }
    const some = floatsOf(bytes, dtype);
    const K = some.length / rows;
    if (first === 0) {
      const values = rows === all ? some : new Float32Array(all * K);
      this.#waiting.set(nameOf(to), { matrix: { at: to, N: all, K, values }, rows: 0 });
    }
    const own = this.#waiting.get(nameOf(to))!;
    if (rows < all) own.matrix.values.set(some, first * K);
    own.rows += rows;
    const found = [...this.#waiting.values()].filter(
      ({ matrix, rows }) =>
        rows === matrix.N && group.some((at) => nameOf(at) === nameOf(matrix.at)),
    );
    if (found.length === group.length) this.#finish(found.map(({ matrix }) => matrix));
  }

  /** Stores matrices that wait for others which did not come. */
  finish(): void {
    for (const { matrix } of [...this.#waiting.values()]) this.#release(matrix.at);
  }

  /** Slots of all layers that read the same rows by the same factors; none where `to` is no such. */
  #groupOf(to: SlotPart, dtype: keyof typeof Dtype): readonly SlotIndex['slot'][] {
    const d = this.#engine.dimensions;
    if (to.part === 'bias' || !LAYERS.includes(to.slot)) return [];
    if (d.weightType === WeightType.F16) return dtype === 'F16' ? [] : [to.slot];
    if (d.weightType !== WeightType.Q8 || this.#engine.weightType(to) !== 'Q8') return [];
    // Behind ReLU, the layer in front multiplies by the factors.
    if (to.slot === 'FeedForwardOutput' && d.activation === Activation.Relu) return [];
    const three = d.sharedBottleneck && !d.bottleneckAttention;
    const groups: SlotIndex['slot'][][] = three
      ? [
          ['SharedBottleneck', 'Value', 'InputBottleneck'],
          ['Key', 'Query'],
        ]
      : [['Key', 'Value', 'Query']];
    const group = groups.find((slots) => slots.includes(to.slot)) ?? [to.slot];
    const has = (slot: SlotIndex['slot']) =>
      this.#engine.extent({ ...to, slot, storage: 'Data' }).bytes > 0;
    return group.filter(has);
  }

  /** Whether a whole matrix may have inputs that are outlying; looks at a few rows as a rule. */
  #mayHaveOutliers(bytes: Uint8Array, dtype: keyof typeof Dtype, N: number): boolean {
    const perRow = bytes.byteLength / N;
    const is8Bits = this.#engine.dimensions.weightType === WeightType.Q8;
    let isSmall: Uint8Array | undefined;
    for (let n = 0; n < N; n += FIRST_ROWS) {
      const end = Math.min(N, n + FIRST_ROWS);
      const some = floatsOf(bytes.subarray(n * perRow, end * perRow), dtype);
      const K = some.length / (end - n);
      isSmall ??= new Uint8Array(K).fill(1);
      let left = 0;
      for (let from = 0; from < some.length; from += K) {
        const least = is8Bits
          ? SMALL * largestOf(some, from, from + K)
          : SMALLEST_HALF * Math.sqrt(N);
        for (let k = 0; k < K; k++) if (Math.abs(some[from + k]!) >= least) isSmall[k] = 0;
      }
      for (let k = 0; k < K; k++) left += isSmall[k]!;
      if (left === 0) return false;
    }
    return true;
  }

  /** Stores a matrix that waited for others in vain. */
  #release(at: SlotPart): void {
    const waiting = this.#waiting.get(nameOf(at));
    if (!waiting || waiting.rows < waiting.matrix.N) return;
    this.#waiting.delete(nameOf(at));
    this.#engine.store(at, 0, waiting.rows, bytesOf(waiting.matrix), 'F32');
  }

  /** Stores the layers of a group, in the order in which they came. */
  #finish(group: readonly Matrix[]): void {
    const engine = this.#engine;
    const is8Bits = engine.dimensions.weightType === WeightType.Q8;
    const inputs = is8Bits ? smallInputs(group) : group.flatMap(inputsBelowHalf);
    const outlying = group.map((matrix) => inputs.map((input) => takeInput(matrix, input)));
    for (const matrix of group) {
      this.#waiting.delete(nameOf(matrix.at));
      engine.store(matrix.at, 0, matrix.N, bytesOf(matrix), 'F32');
    }
    if (inputs.length === 0) return;
    group.forEach(({ at, N }, i) => {
      engine.setOutliers(at, inputs.length, encodeInputs(outlying[i]!, N));
      if (is8Bits) clearFactors(engine, at, inputs);
    });
  }
}

/** Rows that are looked at together. */
const FIRST_ROWS = 4;

const LAYERS: readonly string[] = [
  'InputBottleneck',
  'SharedBottleneck',
  'Query',
  'Key',
  'Value',
  'AttentionOutput',
  'FeedForwardIntermediate',
  'FeedForwardOutput',
  'OutputBottleneck',
  'Pooler',
  'LmTransform',
];

function nameOf({ slot, layer, network }: SlotIndex): string {
  return `${slot}.${layer}.${network}`;
}

function bytesOf({ values }: Matrix): Uint8Array {
  return new Uint8Array(values.buffer);
}

function largestOf(values: Float32Array, from: number, end: number): number {
  let largest = 0;
  for (let i = from; i < end; i++) {
    const size = Math.abs(values[i]!);
    if (size > largest) largest = size;
  }
  return largest;
}

/** Ascending inputs of layers that read the same rows, as 8 bits would lose their weights. */
function smallInputs(group: readonly Matrix[]): number[] {
  const { K } = group[0]!;
  const sizes = group.map(relativeSizes);
  const inputs: number[] = [];
  for (let k = 0; k < K; k++) {
    const largest = Math.max(...sizes.map(({ most }) => most[k]!));
    if (!(largest > 0 && largest < SMALL)) continue;
    const levels = Math.min(...sizes.map(({ mean }) => (127 * mean[k]!) / largest));
    if (largest < MASSIVE || levels < FEWEST_LEVELS) inputs.push(k);
  }
  return inputs;
}

/**
 * How much of its outputs' ranges each input uses: the most [K], and the root mean square [K].
 */
function relativeSizes({ values, N, K }: Matrix): { most: Float32Array; mean: Float32Array } {
  const most = new Float32Array(K);
  const mean = new Float32Array(K);
  for (let from = 0; from < values.length; from += K) {
    const range = largestOf(values, from, from + K);
    if (range === 0) continue;
    for (let k = 0; k < K; k++) {
      const size = Math.abs(values[from + k]!) / range;
      if (size > most[k]!) most[k] = size;
      mean[k]! += size * size;
    }
  }
  return { most, mean: mean.map((sum) => Math.sqrt(sum / N)) };
}

/** Ascending inputs whose weights half precision would lose digits of. */
export function inputsBelowHalf({ values, N, K }: Omit<Matrix, 'at'>): number[] {
  const sums = new Float64Array(K);
  for (let i = 0, k = 0; i < values.length; i++) {
    sums[k]! += values[i]! * values[i]!;
    if (++k === K) k = 0;
  }
  return Array.from(sums.keys()).filter((k) => sums[k]! > 0 && sums[k]! < N * SMALLEST_HALF ** 2);
}

/** Takes the weights of an input out of a matrix, which has zeros there then. */
function takeInput({ values, N, K }: Matrix, input: number): OutlyingInput {
  const weights = new Float32Array(N);
  for (let n = 0, i = input; n < N; n++, i += K) {
    weights[n] = values[i]!;
    values[i] = 0;
  }
  return { input, weights };
}

/** Rows are quantised without these inputs. */
function clearFactors(engine: Engine, at: SlotIndex, inputs: readonly number[]): void {
  const { buffer, byteOffset, byteLength } = engine.storage({ ...at, storage: 'Scales' });
  const factors = new Float32Array(buffer, byteOffset, byteLength / 4);
  for (const input of inputs) factors[input] = 0;
}
