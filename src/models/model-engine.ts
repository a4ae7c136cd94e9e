/**
 * The engine of one model: made by the first call that needs it, replaced where weights get other
 * shapes, let go by `dispose`. In: how engines are made. Out: the engine, filled once.
 */

import type { Dimensions } from '../engine/abi.ts';
import { chooseBuild, chooseDotBuild } from '../engine/build.ts';
import { Engine } from '../engine/engine.ts';
import { givenModule, packageModule } from '../engine/module.ts';
import type { EngineOptions, WeightDtype } from './options.ts';

/** How the engines of a model are made. */
export interface ModelEngineOptions extends Pick<EngineOptions, 'variant' | 'wasm'> {
  readonly dtype: WeightDtype;
  /** q8 may round activations to 8 bits where that makes it faster. */
  readonly isFast: boolean;
}

/** Fills zeroed weights. */
export type Fill = (engine: Engine) => void | Promise<void>;

/** One model's engine, now or to come. */
export class ModelEngine {
  readonly #dimensions: () => Dimensions;
  readonly #options: ModelEngineOptions;
  #engine: Promise<Engine> | undefined;
  #surgery: Promise<unknown> | undefined;
  #isDisposed = false;

  /** @param dimensions the model's, asked for when its engine is made */
  constructor(dimensions: () => Dimensions, options: ModelEngineOptions) {
    this.#dimensions = dimensions;
    this.#options = options;
  }

  /**
   * The engine, made and filled once. A failed attempt is forgotten, so that the next tries again.
   *
   * @throws Error on a disposed model
   */
  get(fill: Fill): Promise<Engine> {
    this.#checkInUse();
    if (!this.#engine) {
      const engine = this.#filled(fill);
      engine.catch(() => {
        if (this.#engine === engine) this.#engine = undefined;
      });
      this.#engine = engine;
    }
    return this.#engine;
  }

  /** Another engine, with zeroed weights. */
  async make(dimensions: Dimensions): Promise<Engine> {
    const { variant, wasm, dtype, isFast } = this.#options;
    // Where nothing is fused, q8 gives the same bits on every engine.
    const build = dtype === 'q8' ? chooseDotBuild(variant, isFast) : chooseBuild(variant);
    const module = await (wasm === undefined ? packageModule(build) : givenModule(wasm));
    const rowBits = isFast && build !== 'simd' ? 8 : 16;
    return Engine.create(module, build, { ...dimensions, rowBits });
  }

  /** Later calls get this engine. */
  replace(engine: Engine): void {
    this.#checkInUse();
    this.#engine = Promise.resolve(engine);
  }

  /** Changes weights when all changes before it are done, so that each begins with a whole model. */
  operate<T>(surgery: () => Promise<T>): Promise<T> {
    const done = (this.#surgery ?? Promise.resolve()).then(surgery);
    const settled: Promise<unknown> = done
      .catch(() => {})
      .finally(() => {
        if (this.#surgery === settled) this.#surgery = undefined;
      });
    this.#surgery = settled;
    return done;
  }

  /** Settled when all changes of weights are that were asked for so far; undefined where there are none. */
  get surgery(): Promise<unknown> | undefined {
    return this.#surgery;
  }

  /** Gives the memory back. */
  dispose(): void {
    this.#isDisposed = true;
    this.#engine = undefined;
  }

  async #filled(fill: Fill): Promise<Engine> {
    const engine = await this.make(this.#dimensions());
    await fill(engine);
    return engine;
  }

  #checkInUse(): void {
    if (!this.#isDisposed) return;
    throw new Error('Cannot run the model: it is disposed, expected a model in use');
  }
}
