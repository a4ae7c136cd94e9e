/**
 * What all model classes share: configuration, engine, loading, and the call from Python's arguments
 * to tensors. A subclass says which parts it has and turns the engine's buffers into its output.
 */

import { Callable } from '../callable.ts';
import type { MobileBertConfigOptions } from '../config/config.ts';
import type { Engine, OutputName, Request } from '../engine/engine.ts';
import { openFiles } from '../hub/files.ts';
import type { Source } from '../hub/source.ts';
import { type HeadParts, parameters } from '../weights/names.ts';
import { type Batch, batchOf, checkInputs, type EncoderInputs } from './call/inputs.ts';
import { attentionsOf, type Buffers, type EncoderOutput, hiddenStatesOf } from './call/outputs.ts';
import type { TensorLike } from './call/tensor-like.ts';
import { dimensionsOf } from './dimensions.ts';
import { findWeights } from './load/find-weights.ts';
import { initialiseInto, type LoadingInfo } from './load/load-checkpoint.ts';
import { type Conversion, loadFound, packedWeights, UNKNOWN } from './load/packed.ts';
import type { Target } from './load/placement.ts';
import { ModelEngine } from './model-engine.ts';
import { type CountOptions, countParameters, infoOf, type ModelInfo } from './model-info.ts';
import {
  configOf,
  type EngineOptions,
  engineDtype,
  type FromPretrainedOptions,
  supportedOptions,
  type WeightDtype,
  weightDtype,
} from './options.ts';
import { MobileBertConfig } from './pretrained-config.ts';
import type { FileContent, ModelFilesOptions, ModelSaveOptions } from './save/save.ts';
import type { InputEmbeddings } from './surgery/input-embeddings.ts';
import type { HeadsToPrune } from './surgery/prune-heads.ts';
import type { ResizeOptions } from './surgery/resize-embeddings.ts';

export type { Buffers } from './call/outputs.ts';
export type { ModelInfo } from './model-info.ts';
export type { InputEmbeddings } from './surgery/input-embeddings.ts';

/** Rounds a q8 model's weights, guided by the exact model's. Resolves to what it was done on, in words. */
export type Calibration = (rounded: Target, exact: Target) => Promise<string>;

/** A constructor that `from_pretrained` can be called on. */
export type ModelClass<M extends PreTrainedModel<never>, O extends EngineOptions> = new (
  config: MobileBertConfig,
  options?: O,
) => M;

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
  readonly #seed: number;
  readonly #dtype: WeightDtype;
  readonly #engine: ModelEngine;
  /** What a converted file says of itself; unknown where the weights are others since. */
  #conversion: Conversion = UNKNOWN;

  constructor(
    config: MobileBertConfig | MobileBertConfigOptions = {},
    options: EngineOptions = {},
  ) {
    super();
    this.config = config instanceof MobileBertConfig ? config : new MobileBertConfig(config);
    this.config.validate();
    const { variant, wasm, seed = Math.floor(Math.random() * 2 ** 32) } = options;
    this.#seed = seed;
    this.#dtype = weightDtype(options.dtype);
    const dimensions = () => dimensionsOf(this.config, this.parts(), this.#dtype);
    const isFast = options.dtype === 'q8-fast';
    this.#engine = new ModelEngine(dimensions, { variant, wasm, dtype: this.#dtype, isFast });
  }

  /**
   * The name of this class in config.json. A literal, because minifiers change `Class.name`; subclasses
   * outside this package inherit it. Undefined: config.json keeps the `architectures` it has.
   */
  protected architecture(): string | undefined {
    return undefined;
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
    const files = await openFiles(source, supportedOptions(wishes));
    const fields = await configOf(files, config);
    const weights = await findWeights(files, model_file_name ?? 'model', wishes);
    const dtype = engineDtype(wishes.dtype, weights.dtype);
    const model = new this(fields, { ...options, dtype } as unknown as O);
    await model.#engine.get(async (engine) => {
      const loading = { ...model.#targetOf(engine), seed: model.#seed, signal: wishes.signal };
      const found = await loadFound(weights, files.name, loading);
      model.loading_info = found.loading;
      model.#conversion = found.conversion;
    });
    return model;
  }

  /** Runs the model; arguments and results as in Hugging Face's `forward`. */
  async _call(inputs: Inputs): Promise<Output> {
    checkInputs(inputs);
    inputs.signal?.throwIfAborted();
    if (this.#engine.surgery) await this.#engine.surgery;
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

  /** Runs two tokens four times: the next call is about as fast as later ones then (docs/performance.md). */
  async warmup(): Promise<void> {
    const batch = batchOf({ input_ids: [[0, 0]] }, this.config);
    for (let i = 0; i < 4; i++) await this.run({ ...batch, outputs: ['LastHiddenState'] });
  }

  /** How and where the model runs. Makes the engine if no call did yet. */
  async info(): Promise<ModelInfo> {
    return infoOf(await this.#target(), this.#conversion);
  }

  /**
   * The chunks of `model.q8.safetensors`, which `from_pretrained` loads by copying; each is valid until
   * the next. `metadata` go into the file's header.
   *
   * @throws TypeError for a model that is not q8
   */
  async packed(metadata: Readonly<Record<string, string>> = {}): Promise<Iterable<Uint8Array>> {
    return packedWeights(await this.#target(), metadata);
  }

  /**
   * Rounds a q8 model's weights anew, so that it answers as `exact` does, the same checkpoint in fp32.
   *
   * @param by `calibration()`, which says on what texts
   * @throws TypeError for other dtypes, or a runtime that has no files
   */
  async calibrate(exact: PreTrainedModel<never>, by: Calibration): Promise<void> {
    const other = await exact.#target();
    this.#conversion = UNKNOWN;
    const calibration = await this.#operate((own) => by(own, other));
    this.#conversion = { ...UNKNOWN, calibration };
  }

  /** Number of weights, as Python counts: a tied decoder once, pruned heads not at all. */
  num_parameters(options: CountOptions = {}): number {
    return countParameters(this.config, this.parts(), options);
  }

  /** The word embedding, as Python's module: `weight` is a copy in f32, [vocab_size, embedding_size]. */
  async get_input_embeddings(): Promise<InputEmbeddings> {
    const { inputEmbeddings } = await import('./surgery/input-embeddings.ts');
    return inputEmbeddings(await this.#target());
  }

  /**
   * Takes other values for the word embedding, [vocab_size, embedding_size]. A tied decoder takes them
   * too, as after Python's `tie_weights`; an fp16 or q8 model rounds them.
   *
   * @throws InputError for other dims, RangeError for numbers that fp16 does not hold
   */
  async set_input_embeddings(value: { readonly weight: TensorLike }): Promise<void> {
    const { replaceInputEmbeddings } = await import('./surgery/input-embeddings.ts');
    await this.#operate((target) => replaceInputEmbeddings(target, value.weight));
  }

  /**
   * Another number of words, as after adding tokens: the word embedding, `config.vocab_size`, and the
   * decoder of a language model. Old words keep their weights to the bit, and with them their answers;
   * new ones are drawn as Hugging Face's modeling_utils.py does. Null for the number only pads.
   *
   * @throws ConfigError or RangeError for a number that does not fit, TypeError for a q8 model with a
   *   decoder; the model is as it was then
   */
  async resize_token_embeddings(
    new_num_tokens?: number | null,
    options: ResizeOptions = {},
  ): Promise<InputEmbeddings> {
    const { resizeEmbeddings } = await import('./surgery/resize-embeddings.ts');
    await this.#operate((target) =>
      resizeEmbeddings(target, this.#engine, new_num_tokens, options, this.#seed),
    );
    return this.get_input_embeddings();
  }

  /**
   * Takes attention heads out, by layer: `{ 0: [1, 3] }`, numbered as before any pruning. What is left
   * computes what Python's smaller layers do; files are written as small, `config.pruned_heads` says so.
   *
   * @throws ConfigError for heads that are not there, or a layer without any; nothing is pruned then
   */
  async prune_heads(heads_to_prune: HeadsToPrune): Promise<void> {
    const { pruneHeads } = await import('./surgery/prune-heads.ts');
    await this.#operate((target) => pruneHeads(target, heads_to_prune));
  }

  /** The files that `save_pretrained` writes, by name: config.json and safetensors. */
  async save_files(options: ModelFilesOptions = {}): Promise<Record<string, FileContent>> {
    return Object.fromEntries(await this.#saved(options));
  }

  /**
   * Writes config.json and model.safetensors, in parts where it is larger than `max_shard_size`,
   * below a folder through `options.write`; returns the paths. Python's transformers opens them. A q8
   * model is written as `mobilebert convert` does, for this package alone.
   */
  async save_pretrained(save_directory: string, options: ModelSaveOptions): Promise<string[]> {
    const { writeModel } = await import('./save/save.ts');
    return writeModel(save_directory, await this.#saved(options), options?.write);
  }

  /** Gives the memory back; later calls are refused. */
  async dispose(): Promise<void> {
    this.#engine.dispose();
  }

  /** Arguments -> engine request; multiple choice flattens its own. */
  protected batch(inputs: Inputs): Batch {
    return batchOf(inputs, this.config);
  }

  /** Changes the weights, once others are done; what a conversion said of them holds no longer. */
  async #operate<T>(surgery: (target: Target) => T): Promise<Awaited<T>> {
    const changed = await this.#engine.operate(async () => surgery(await this.#target()));
    if (changed !== false) this.#conversion = UNKNOWN;
    return changed;
  }

  async #saved(options: ModelFilesOptions | undefined) {
    const { savedModel } = await import('./save/save.ts');
    const target = await this.#target();
    return savedModel(target, this.architecture(), options, this.#conversion);
  }

  #ready(): Promise<Engine> {
    return this.#engine.get((engine) => {
      const all = parameters(this.config, this.parts());
      initialiseInto(engine, all, this.config, this.#seed);
    });
  }

  async #target(): Promise<Target> {
    return this.#targetOf(await this.#ready());
  }

  #targetOf(engine: Engine): Target {
    return { engine, dtype: this.#dtype, config: this.config, parts: this.parts() };
  }
}
