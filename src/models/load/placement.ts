/** Names of a checkpoint's tensors -> where their rows go in the engine. */

import type { MobileBertConfig } from '../../config/config.ts';
import type { Engine } from '../../engine/engine.ts';
import { OutlierStore, type Store } from '../../engine/packed/outlying-inputs.ts';
import type { Destination } from '../../weights/load.ts';
import {
  canonicalName,
  decoder,
  type HeadParts,
  type Kept,
  type Parameter,
  parameters,
  type SlotPart,
} from '../../weights/names.ts';
import { DTYPE_BYTES, rowsOf } from '../../weights/tensor-info.ts';
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

/**
 * Tensors of one checkpoint -> destinations in the engine. A tied decoder may have been saved
 * beside what it is tied to, whole or in part: as in Python, what was saved is what decodes.
 */
export class Placement {
  readonly #store: Store;
  readonly #parameters = new Map<string, Parameter>();
  /** Decoder parameters that the model does not need to find. */
  readonly #tied = new Map<string, Parameter>();
  /** By the parameter's name, so that two tensors for one parameter meet in one destination. */
  readonly #destinations = new Map<string, Destination>();

  constructor({ engine, config, parts }: Target) {
    this.#store = new OutlierStore(engine);
    for (const parameter of parameters(config, parts)) {
      this.#parameters.set(parameter.name, parameter);
    }
    if (!(parts.languageModel && config.tie_word_embeddings)) return;
    for (const parameter of decoder(config)) this.#tied.set(parameter.name, parameter);
  }

  /** The destination of a file's tensor; undefined where the model has no use for it. */
  place(tensor: string): Destination | undefined {
    const find = (name: string) => this.#parameters.get(name) ?? this.#tied.get(name);
    const name = canonicalName(tensor, (candidate) => find(candidate) !== undefined);
    const parameter = find(name);
    if (!parameter) return undefined;
    const to = this.#destinations.get(name) ?? this.#destination(parameter);
    this.#destinations.set(name, to);
    return to;
  }

  /** Parameters that no tensor was placed into. */
  missing(): Parameter[] {
    return [...this.#parameters.values()].filter(({ name, slots }) => {
      const isTiedBias = name === LM_BIAS && slots.some((slotPart) => this.#isSaved(slotPart));
      return !(this.#destinations.has(name) || isTiedBias);
    });
  }

  /**
   * All slots but those that a saved decoder fills. They are known when the first value is written.
   */
  #destination(parameter: Parameter): Destination {
    if (this.#tied.has(parameter.name)) return destination(this.#store, parameter);
    let all: Destination | undefined;
    const write: Destination['write'] = (...rows) => {
      const slots = parameter.slots.filter((slotPart) => !this.#isSaved(slotPart));
      all ??= destination(this.#store, { ...parameter, slots });
      all.write(...rows);
    };
    return { shape: parameter.shape, write };
  }

  #isSaved({ slot, part }: SlotPart): boolean {
    const name = `cls.predictions.decoder.${part}`;
    return slot === 'LmDecoder' && this.#tied.has(name) && this.#destinations.has(name);
  }
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
