/** Names of a checkpoint's tensors -> where their rows go in the engine. */

import type { MobileBertConfig } from '../../config/config.ts';
import type { Engine } from '../../engine/engine.ts';
import { OutlierStore, type Store } from '../../engine/packed/outlying-inputs.ts';
import { WeightsError } from '../../errors.ts';
import { canonicalName, isHeadName } from '../../weights/checkpoint-names.ts';
import { isFloat8 } from '../../weights/float8.ts';
import type { Destination, TensorInfo } from '../../weights/load.ts';
import {
  decoder,
  type HeadParts,
  type Kept,
  type Parameter,
  parameters,
  type SlotPart,
} from '../../weights/names.ts';
import { DTYPE_BYTES, quote, rowsOf, showShape } from '../../weights/tensor-info.ts';
import type { WeightDtype } from '../options.ts';

/** The model that weights go into, and come from. */
export interface Target {
  readonly engine: Engine;
  /** What its matrices and tables are kept in. */
  readonly dtype: WeightDtype;
  readonly config: MobileBertConfig;
  readonly parts: HeadParts;
}

const LM_BIAS = 'cls.predictions.bias';
const DECODER_WEIGHT = 'cls.predictions.decoder.weight';

/** A tensor of another shape than the model's: its parameter's name, what was found and expected. */
export type Mismatch = [name: string, found: readonly number[], expected: readonly number[]];

/**
 * Tensors of one checkpoint -> destinations in the engine. A tied decoder may have been saved
 * beside what it is tied to, whole or in part: as in Python, what was saved is what decodes. It may
 * also have been saved alone (`safetensors.torch.save_model` keeps one name of a shared tensor):
 * then it is the word embedding too.
 */
export class Placement {
  /** Tensors that were left out because of their shape, where that is allowed. */
  readonly mismatched: Mismatch[] = [];
  readonly #store: OutlierStore;
  readonly #parameters = new Map<string, Parameter>();
  /** Decoder parameters that the model does not need to find. */
  readonly #tied = new Map<string, Parameter>();
  /** By the parameter's name, so that two tensors for one parameter meet in one destination. */
  readonly #destinations = new Map<string, Destination>();
  readonly #words: Parameter;
  /** The decoder in a file for a class without one, if it may have to stand in for the embedding. */
  readonly #standIn: Parameter | undefined;
  readonly #mayMismatch: boolean;
  /** How many names lost a prefix, by the prefix. */
  readonly #prefixes = new Map<string, number>();
  /** Names in the file of tensors of eight-bit floats. */
  readonly #float8s: string[] = [];
  readonly #leftOut: string[] = [];
  #standInName: string | undefined;

  /** @param mayMismatch whether a tensor of another shape than its parameter's is left out */
  constructor({ engine, config, parts }: Target, mayMismatch = false) {
    this.#store = new OutlierStore(engine);
    this.#mayMismatch = mayMismatch;
    for (const parameter of parameters(config, parts)) {
      this.#parameters.set(parameter.name, parameter);
    }
    const isWords = ({ slots }: Parameter) => slots[0]?.slot === 'WordEmbeddings';
    this.#words = [...this.#parameters.values()].find(isWords)!;
    if (!config.tie_word_embeddings) return;
    if (parts.languageModel) {
      for (const parameter of decoder(config)) this.#tied.set(parameter.name, parameter);
    } else {
      const [weight] = decoder(config);
      this.#standIn = { ...weight!, slots: this.#words.slots };
    }
  }

  /**
   * The destination of a file's tensor; undefined where the model has no use for it.
   *
   * @throws WeightsError for a head of another shape, unless that is allowed
   */
  place(tensor: string, { shape, dtype }: TensorInfo): Destination | undefined {
    const isKnown = (candidate: string) => this.#find(candidate) !== undefined;
    const { name, prefix } = canonicalName(tensor, isKnown);
    const parameter = this.#find(name);
    if (!parameter || !this.#fits(parameter, tensor, shape)) return undefined;
    const to = this.#destinations.get(name) ?? this.#destination(parameter);
    this.#destinations.set(name, to);
    if (prefix !== '') this.#prefixes.set(prefix, (this.#prefixes.get(prefix) ?? 0) + 1);
    if (isFloat8(dtype)) this.#float8s.push(tensor);
    if (parameter === this.#standIn) this.#standInName = tensor;
    return to;
  }

  /** Stores what waited for other tensors; to be called behind the last one. */
  finish(): void {
    this.#store.finish();
  }

  /** Parameters that no tensor was placed into; those of another shape are among them. */
  missing(): Parameter[] {
    return [...this.#parameters.values()].filter(({ name, slots }) => {
      const isTiedBias = name === LM_BIAS && slots.some((slotPart) => this.#isSaved(slotPart));
      const isTiedWords = name === this.#words.name && this.#hasOtherWords();
      return !(this.#destinations.has(name) || isTiedBias || isTiedWords);
    });
  }

  /** Tensors that had a destination in case others were missing, which they are not. */
  unused(): string[] {
    const isUnused = this.#standInName !== undefined && this.#destinations.has(this.#words.name);
    return isUnused ? [this.#standInName!] : [];
  }

  /** The tensors of `mismatched`, by their names in the file. */
  leftOut(): readonly string[] {
    return this.#leftOut;
  }

  /** What was done to names, as sentences. */
  notes(): string[] {
    return Array.from(this.#prefixes, ([prefix, count]) => {
      return `removed ${JSON.stringify(prefix)} from the names of ${count} tensors`;
    });
  }

  /** Tensors of eight-bit floats whose values `unexpected` has factors for. */
  scaled(unexpected: readonly string[]): string[] {
    const others = new Set(unexpected);
    return this.#float8s.filter((name) => {
      return others.has(`${name}_scale`) || others.has(`${name}_scale_inv`);
    });
  }

  #find(name: string): Parameter | undefined {
    const standIn = this.#standIn?.name === name ? this.#standIn : undefined;
    return this.#parameters.get(name) ?? this.#tied.get(name) ?? standIn;
  }

  /** Other shapes of the encoder are refused by `loadWeights`, unless they are allowed. */
  #fits(parameter: Parameter, tensor: string, shape: readonly number[]): boolean {
    const expected = parameter.shape;
    const isSame = shape.length === expected.length && shape.every((n, i) => n === expected[i]);
    if (isSame) return true;
    if (parameter === this.#standIn) return false;
    if (!this.#mayMismatch) {
      if (isHeadName(parameter.name)) throw wrongHead(tensor, shape, expected);
      return true;
    }
    this.mismatched.push([parameter.name, shape, expected]);
    this.#leftOut.push(tensor);
    return false;
  }

  /**
   * All slots but those that a saved decoder fills, and for a decoder those of an embedding that was
   * not saved. They are known when the first value is written. An embedding in a later file of
   * several replaces what the decoder wrote.
   */
  #destination(parameter: Parameter): Destination {
    const isDecoder = parameter.name === DECODER_WEIGHT && !this.#parameters.has(DECODER_WEIGHT);
    let all: Destination | undefined;
    const write: Destination['write'] = (...rows) => {
      all ??= destination(this.#store, {
        ...parameter,
        slots: isDecoder ? this.#decoderSlots(parameter) : this.#slotsWithoutDecoder(parameter),
      });
      all.write(...rows);
    };
    return { shape: parameter.shape, write };
  }

  #decoderSlots({ slots }: Parameter): readonly SlotPart[] {
    const words = this.#words.slots.filter(({ slot }) => slot === 'WordEmbeddings');
    const own = slots.filter(({ slot }) => slot === 'LmDecoder');
    return this.#destinations.has(this.#words.name) ? own : [...words, ...own];
  }

  #slotsWithoutDecoder({ name, slots }: Parameter): readonly SlotPart[] {
    if (this.#tied.has(name)) return slots;
    return slots.filter((slotPart) => !this.#isSaved(slotPart));
  }

  #isSaved({ slot, part }: SlotPart): boolean {
    const name = `cls.predictions.decoder.${part}`;
    return slot === 'LmDecoder' && this.#tied.has(name) && this.#destinations.has(name);
  }

  #hasOtherWords(): boolean {
    return !this.#parameters.has(DECODER_WEIGHT) && this.#destinations.has(DECODER_WEIGHT);
  }
}

function wrongHead(
  tensor: string,
  shape: readonly number[],
  expected: readonly number[],
): WeightsError {
  return new WeightsError(
    `Cannot load weights: tensor ${quote(tensor)} has shape ${showShape(shape)}, expected ${showShape(expected)}, or ignore_mismatched_sizes to initialise it anew`,
  );
}

/** Where a parameter's rows go: to all its slots, or nowhere. */
export function destination(store: Store, { shape, slots, kept }: Parameter): Destination {
  const count = kept?.axis === 0 ? kept.size : rowsOf(shape).rows;
  const all: Destination = {
    shape,
    write(first, rows, bytes, dtype) {
      for (const slotPart of slots) store.store(slotPart, first, rows, bytes, dtype, count);
    },
  };
  return kept ? widened(all, kept) : all;
}

/** Collects what pruning left of a tensor and passes it on whole, with zeros where heads were. */
function widened(whole: Destination, { axis, size, indices }: Kept): Destination {
  const { shape } = whole;
  const { rows: count, rowSize } = rowsOf(shape);
  const [rows, width] = axis === 0 ? [size, rowSize] : [count, size];
  let all = new Uint8Array();
  return {
    shape,
    write(first, part, bytes, dtype) {
      const bytesEach = DTYPE_BYTES[dtype];
      if (first === 0) all = new Uint8Array(rows * width * bytesEach);
      // Runs of numbers that stay together: whole rows, or single columns.
      const run = (axis === 0 ? width : 1) * bytesEach;
      const runsPerRow = (rowSize * bytesEach) / run;
      for (let i = 0; i < part * runsPerRow; i++) {
        const row = first + Math.floor(i / runsPerRow);
        const to = axis === 0 ? indices[row]! : row * width + indices[i % runsPerRow]!;
        all.set(bytes.subarray(i * run, (i + 1) * run), to * run);
      }
      if (first + part === count) whole.write(0, rows, all, dtype);
    },
  };
}
