/**
 * Holds the engine of one model: makes it for the first call that needs it, replaces it where
 * weights get other shapes, and lets it go on `dispose`.
 */

import type { Dimensions } from '../engine/abi.ts';
import { chooseBuild, chooseDotBuild } from '../engine/build.ts';
import { Engine } from '../engine/engine.ts';
import { givenModule, hasModule, packageModule } from '../engine/module.ts';
import { planThreads } from '../engine/team.ts';
import type { EngineOptions, WeightDtype } from './options.ts';

/** How the engines of a model are made. */
export interface ModelEngineOptions extends Pick<EngineOptions, 'variant' | 'wasm' | 'threads'> {
  readonly dtype: WeightDtype;
  /** q8 may round activations to 8 bits where that makes it faster. */
  readonly isFast: boolean;
}

/** Fills zeroed weights. */
export type Fill = (engine: Engine) => void | Promise<void>;

/** The engine of one model, which may not be made yet. */
export class ModelEngine {
  readonly #dimensions: () => Dimensions;
  readonly #options: ModelEngineOptions;
  #engine: Promise<Engine> | undefined;
  #surgery: Promise<unknown> | undefined;
  #isDisposed = false;

  /** @param dimensions of the model, asked for when its engine is made */
  constructor(dimensions: () => Dimensions, options: ModelEngineOptions) {
    this.#dimensions = dimensions;
    this.#options = options;
  }

  /**
   * The engine, made, filled and sealed once. A failed attempt is forgotten, so that the next call
   * tries again.
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

  /** Another engine, with zeroed weights that are open. */
  async make(dimensions: Dimensions): Promise<Engine> {
    const { variant, wasm, dtype, isFast, threads = 1 } = this.#options;
    // Without fused sums, q8 gives the same bits on every engine.
    const build = dtype === 'q8' ? chooseDotBuild(variant, isFast) : chooseBuild(variant);
    const plan = planThreads(threads, dimensions);
    const rowBits = isFast && build !== 'simd' ? 8 : 16;
    const threaded = `${build}-threads` as const;
    const isTeam = plan.threads > 1 && hasModule(threaded);
    const own = () => packageModule(isTeam ? threaded : build);
    const module = await (wasm === undefined ? own() : givenModule(wasm));
    return Engine.create(module, build, { ...dimensions, rowBits }, plan);
  }

  /** Later calls get this engine, sealed. */
  replace(engine: Engine): void {
    this.#checkInUse();
    engine.seal();
    this.#letGo();
    this.#engine = Promise.resolve(engine);
  }

  /** Runs `surgery` when all surgery before it is done, so that each begins with a whole model. */
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

  /** Settles when all surgery so far is done; undefined where none is under way. */
  get surgery(): Promise<unknown> | undefined {
    return this.#surgery;
  }

  /** Gives the memory back and ends the threads. */
  dispose(): void {
    this.#isDisposed = true;
    this.#letGo();
  }

  #letGo(): void {
    // An engine that could not be made has no threads.
    this.#engine?.then((engine) => engine.dispose()).catch(() => {});
    this.#engine = undefined;
  }

  async #filled(fill: Fill): Promise<Engine> {
    const engine = await this.make(this.#dimensions());
    await fill(engine);
    engine.seal();
    return engine;
  }

  #checkInUse(): void {
    if (!this.#isDisposed) return;
    throw new Error('Cannot run the model: it is disposed, expected a model in use');
  }
}
