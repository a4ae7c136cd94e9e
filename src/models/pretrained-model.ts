/**
 * What all model classes share: configuration, engine, loading, and the call from Python's arguments
 * to tensors. A subclass says which parts it has and turns the engine's buffers into its output.
 */

import { Callable } from '../callable.ts';
import { MobileBertConfig, type MobileBertConfigOptions } from '../config.ts';
import { chooseBuild } from '../engine/build.ts';
import { Engine, type OutputName, type Request } from '../engine/engine.ts';
import { givenModule, packageModule } from '../engine/module.ts';
import { openFiles } from '../hub/files.ts';
import type { Source } from '../hub/source.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type HeadParts, parameters } from '../weights/names.ts';
import { packedFile } from '../weights/packed.ts';
import { dimensionsOf } from './dimensions.ts';
import { type FoundWeights, findWeights } from './find-weights.ts';
import { type Batch, batchOf, type EncoderInputs } from './inputs.ts';
import { initialiseInto, type LoadingInfo, loadCheckpoint } from './load-checkpoint.ts';
import type { ModelInfo } from './model-info.ts';
import {
  type EngineOptions,
  type FromPretrainedOptions,
  type WeightDtype,
  warnOfUnsupported,
  weightDtype,
} from './options.ts';
import type { EncoderOutput } from './outputs.ts';
import { bytesByPart, homesOf, loadPackedCheckpoint } from './packed.ts';
import type { Target } from './placement.ts';
import { attentionsOf, type Buffers, hiddenStatesOf } from './recorded.ts';
import type { FileContent, ModelFilesOptions, ModelSaveOptions } from './save.ts';
import { tensor } from './tensor-like.ts';

export type { ModelInfo } from './model-info.ts';
export type { Buffers } from './recorded.ts';

/** A constructor that `from_pretrained` can be called on. */
export type ModelClass<M extends PreTrainedModel<never>, O extends EngineOptions> = new (
  config: MobileBertConfig,
  options?: O,
) => M;

/** The word embedding under the names of torch.nn.Embedding. */
export interface InputEmbeddings {
  readonly num_embeddings: number;
  readonly embedding_dim: number;
  /** [num_embeddings, embedding_dim] */
  readonly weight: Tensor<'float32'>;
}

/**
 * Base of the model classes. Made from a configuration alone, a model has Hugging Face's random
 * initialisation; `from_pretrained` gives it a checkpoint's weights. The engine is made by the first
 * call that needs it.
 */
export abstract class PreTrainedModel<
  Inputs extends EncoderInputs = EncoderInputs,
  Output extends EncoderOutput = EncoderOutput,
> extends Callable<[inputs: Inputs], Promise<Output>> {
  readonly config: MobileBertConfig;
  /** What `from_pretrained` found; null for a model that was not loaded. */
  loading_info: LoadingInfo | null = null;
  readonly #options: Omit<EngineOptions, 'dtype'> & {
    readonly seed: number;
    readonly dtype: WeightDtype;
  };
  #engine: Promise<Engine> | undefined;
  #relativeError: number | null = null;
  #isDisposed = false;

  constructor(
    config: MobileBertConfig | MobileBertConfigOptions = {},
    options: EngineOptions = {},
  ) {
    super();
    this.config = config instanceof MobileBertConfig ? config : new MobileBertConfig(config);
    this.config.validate();
    const { variant, wasm, seed = Math.floor(Math.random() * 2 ** 32) } = options;
    this.#options = { variant, wasm, seed, dtype: weightDtype(options.dtype) };
  }

  /** Which of the optional parameters this class has. */
  protected abstract parts(): HeadParts;

  /** What the engine has to compute for these inputs. */
  protected abstract outputs(inputs: Inputs): OutputName[];

  /**
   * Checks the class's own arguments, before the pass, and returns what makes its output of the
   * engine's buffers.
   */
  protected abstract reader(
    inputs: Inputs,
    batch: Batch,
  ): (buffers: Buffers) => Omit<Output, keyof EncoderOutput>;

  /**
   * Loads a checkpoint: a folder, a URL, a hub id, or a map of files.
   *
   * @throws FilesError, ConfigError or WeightsError saying which file, tensor or field is at fault
   */
  static async from_pretrained<M extends PreTrainedModel<never>, O extends EngineOptions>(
    this: ModelClass<M, O>,
    source: Source,
    options?: FromPretrainedOptions & NoInfer<O>,
  ): Promise<M> {
    const { config, model_file_name, ...wishes }: FromPretrainedOptions = options ?? {};
    warnOfUnsupported(wishes);
    const files = await openFiles(source, wishes);
    const fields =
      config instanceof MobileBertConfig
        ? config
        : await MobileBertConfig.fromFiles(files, config ?? {});
    const weights = await findWeights(files, model_file_name ?? 'model', wishes.dtype);
    const model = new this(fields, { ...options, dtype: weights.dtype } as unknown as O);
    await model.#load((engine) => model.#fill(engine, weights, files.name, wishes.signal));
    return model;
  }

  /** Runs the model; arguments and results as in Hugging Face's `forward`. */
  async _call(inputs: Inputs): Promise<Output> {
    if (typeof inputs !== 'object' || inputs === null) {
      throw new TypeError(
        `Cannot run the model: inputs are ${inputs === null ? 'null' : `of type ${typeof inputs}`}, expected an object such as { input_ids }`,
      );
    }
    inputs.signal?.throwIfAborted();
    const batch = this.batch(inputs);
    const read = this.reader(inputs, batch);
    const withHidden = inputs.output_hidden_states ?? this.config.output_hidden_states;
    const withAttentions = inputs.output_attentions ?? this.config.output_attentions;
    const outputs = this.outputs(inputs);
    if (withHidden) outputs.push('HiddenStates');
    if (withAttentions) outputs.push('Attentions');
    const buffers = await this.run({ ...batch, outputs });
    return {
      ...read(buffers),
      ...(withHidden && { hidden_states: hiddenStatesOf(buffers, batch, this.config) }),
      ...(withAttentions && { attentions: attentionsOf(buffers, batch, this.config) }),
    } as Output;
  }

  /** The same as calling the model. */
  forward(inputs: Inputs): Promise<Output> {
    return this._call(inputs);
  }

  /**
   * One pass over sequences of any lengths, without padding: what pipelines use.
   *
   * @throws InputError for a request that does not fit the model, RangeError when memory does not
   * suffice, Error on a disposed model
   */
  async run(request: Request): Promise<Buffers> {
    const engine = await this.#ready();
    return engine.forward(request);
  }

  /** How and where the model runs. Makes the engine if no call did yet. */
  async info(): Promise<ModelInfo> {
    const engine = await this.#ready();
    return {
      build: engine.build,
      dtype: this.#options.dtype,
      threads: 1,
      parameters: this.num_parameters(),
      memory: engine.memoryUsage(),
      weights: bytesByPart(this.#target(engine)),
      relative_error: this.#relativeError,
    };
  }

  /**
   * The chunks of `model.q8.safetensors`, which `from_pretrained` loads by copying; each is valid until
   * the next. `metadata` go into the file's header.
   *
   * @throws TypeError for a model that is not q8
   */
  async packed(metadata: Readonly<Record<string, string>> = {}): Promise<Iterable<Uint8Array>> {
    if (this.#options.dtype !== 'q8') {
      throw new TypeError(
        `Cannot pack the weights: the model is ${this.#options.dtype}, expected one loaded with dtype "q8"`,
      );
    }
    return packedFile(homesOf(this.#target(await this.#ready())), metadata);
  }

  /** Number of weights. */
  num_parameters(): number {
    let count = 0;
    for (const { shape } of parameters(this.config, this.parts())) {
      count += shape.reduce((product, n) => product * n, 1);
    }
    return count;
  }

  /**
   * The word embedding, as Python's module: its `weight` is a copy, [vocab_size, embedding_size].
   */
  async get_input_embeddings(): Promise<InputEmbeddings> {
    const engine = await this.#ready();
    const { fetchParameter } = await import('./save.ts');
    const { vocab_size: num_embeddings, embedding_size: embedding_dim } = this.config;
    const all = parameters(this.config, this.parts());
    const words = [...all].find(({ places }) => places[0]?.slot === 'WordEmbeddings')!;
    const weight = tensor(fetchParameter(engine, words), words.shape);
    return { num_embeddings, embedding_dim, weight };
  }

  /** The files that `save_pretrained` writes, by name: config.json and safetensors. */
  async save_files(options: ModelFilesOptions = {}): Promise<Record<string, FileContent>> {
    return Object.fromEntries(await this.#saved(options));
  }

  /**
   * Writes config.json and model.safetensors, in parts where it is larger than `max_shard_size`,
   * below a folder through `options.write`; returns the paths. Python's transformers opens them.
   */
  async save_pretrained(save_directory: string, options: ModelSaveOptions): Promise<string[]> {
    const { writeModel } = await import('./save.ts');
    return writeModel(save_directory, await this.#saved(options), options?.write);
  }

  /** Gives the memory back; later calls are refused. */
  async dispose(): Promise<void> {
    this.#isDisposed = true;
    this.#engine = undefined;
  }

  /** Arguments -> engine request; multiple choice flattens its own. */
  protected batch(inputs: Inputs): Batch {
    return batchOf(inputs, this.config);
  }

  async #saved(options: ModelFilesOptions | undefined) {
    const engine = await this.#ready();
    const { savedModel } = await import('./save.ts');
    const target = { engine, config: this.config, parts: this.parts() };
    return savedModel(target, this.constructor.name, options);
  }

  #ready(): Promise<Engine> {
    return this.#load((engine) => {
      const all = parameters(this.config, this.parts());
      initialiseInto(engine, all, this.config, this.#options.seed);
    });
  }

  /** The engine, made and filled once. A failed attempt is forgotten, so that the next tries again. */
  #load(fill: (engine: Engine) => void | Promise<void>): Promise<Engine> {
    if (this.#isDisposed) {
      throw new Error('Cannot run the model: it is disposed, expected a model in use');
    }
    if (!this.#engine) {
      this.#engine = this.#makeEngine(fill);
      this.#engine.catch(() => {
        this.#engine = undefined;
      });
    }
    return this.#engine;
  }

  async #makeEngine(fill: (engine: Engine) => void | Promise<void>): Promise<Engine> {
    const { variant, wasm, dtype } = this.#options;
    // Where nothing is fused, the same input gives the same bits on every engine.
    const build = chooseBuild(dtype === 'q8' ? 'simd' : variant);
    const module = await (wasm === undefined ? packageModule(build) : givenModule(wasm));
    const dimensions = dimensionsOf(this.config, this.parts(), dtype);
    const engine = await Engine.create(module, build, dimensions);
    await fill(engine);
    return engine;
  }

  async #fill(
    engine: Engine,
    weights: FoundWeights,
    folder: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const loading = { ...this.#target(engine), seed: this.#options.seed, signal };
    if (weights.packed) {
      const packed = await loadPackedCheckpoint(weights.packed, weights.name, folder, loading);
      this.loading_info = packed.loading;
      this.#relativeError = packed.relativeError;
    } else {
      this.loading_info = await loadCheckpoint(weights, folder, loading);
    }
  }

  #target(engine: Engine): Target {
    return { engine, config: this.config, parts: this.parts() };
  }
}
