/** Names of a checkpoint's tensors -> where their rows go in the engine. */

import type { MobileBertConfig } from '../config.ts';
import type { Engine } from '../engine/engine.ts';
import type { Destination } from '../weights/load.ts';
import {
  canonicalName,
  decoder,
  type HeadParts,
  type Parameter,
  type Place,
  parameters,
} from '../weights/names.ts';

/** The model that weights go into. */
export interface Target {
  readonly engine: Engine;
  readonly config: MobileBertConfig;
  readonly parts: HeadParts;
}

const LM_BIAS = 'cls.predictions.bias';

/**
 * Tensors of one checkpoint -> destinations in the engine. A tied decoder may have been saved beside
 * what it is tied to, whole or in part: as in Python, what was saved is what decodes.
 */
export class Placement {
  readonly #engine: Engine;
  readonly #parameters = new Map<string, Parameter>();
  /** Decoder parameters that the model does not need to find. */
  readonly #tied = new Map<string, Parameter>();
  /** By the parameter's name, so that two tensors for one parameter meet in one destination. */
  readonly #homes = new Map<string, Destination>();

  constructor({ engine, config, parts }: Target) {
    this.#engine = engine;
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
    const home = this.#homes.get(name) ?? this.#destination(parameter);
    this.#homes.set(name, home);
    return home;
  }

  /** Parameters that no tensor was placed into. */
  missing(): Parameter[] {
    return [...this.#parameters.values()].filter(({ name, places }) => {
      const isTiedBias = name === LM_BIAS && places.some((place) => this.#isSaved(place));
      return !(this.#homes.has(name) || isTiedBias);
    });
  }

  /** All places but those that a saved decoder fills. Known when the first value is written. */
  #destination(parameter: Parameter): Destination {
    if (this.#tied.has(parameter.name)) return destination(this.#engine, parameter);
    const write: Destination['write'] = (...rows) => {
      const places = parameter.places.filter((place) => !this.#isSaved(place));
      destination(this.#engine, { ...parameter, places }).write(...rows);
    };
    return { shape: parameter.shape, write };
  }

  #isSaved({ slot, part }: Place): boolean {
    const name = `cls.predictions.decoder.${part}`;
    return slot === 'LmDecoder' && this.#tied.has(name) && this.#homes.has(name);
  }
}

/** Where a parameter's rows go: all its places, or nowhere. */
export function destination(engine: Engine, { shape, places }: Parameter): Destination {
  return {
    shape,
    write(first, rows, bytes, dtype) {
      for (const place of places) engine.store(place, first, rows, bytes, dtype);
    },
  };
}
