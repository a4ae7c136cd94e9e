/**
 * PreTrainedModel of Hugging Face's modeling_utils.py: loads, calls, changes and saves a model. A
 * subclass names its parameters and outputs, and turns the buffers of a pass into its own output.
 */

import { Callable } from '../callable.ts';
import type { MobileBertConfigOptions } from '../config/config.ts';
import type { Engine, OutputName, Request } from '../engine/engine.ts';
import type { Source } from '../hub/source.ts';
import { type HeadParts, parameters } from '../weights/names.ts';
import { type Batch, batchOf, checkInputs, type EncoderInputs } from './call/inputs.ts';
import { attentionsOf, type Buffers, type EncoderOutput, hiddenStatesOf } from './call/outputs.ts';
import type { TensorLike } from './call/tensor-like.ts';
import { dimensionsOf } from './dimensions.ts';
import { refusing } from './load/find-weights.ts';
import { initialiseInto, type LoadingInfo } from './load/load-checkpoint.ts';
import { type Conversion, loadFound, packedWeights, UNKNOWN } from './load/packed.ts';
import type { Target } from './load/placement.ts';
import { ModelEngine } from './model-engine.ts';
import { type CountOptions, countParameters, infoOf, type ModelInfo } from './model-info.ts';
import { openCheckpoint } from './open-checkpoint.ts';
import {
  type EngineOptions,
  type FromPretrainedOptions,
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

/**
 * Rounds the weights of a q8 model, guided by the same model in fp32; made by `calibration()`.
 * Resolves to a description of the texts that it used, which `info()` shows.
 */
export type Calibration = (rounded: Target, exact: Target) => Promise<string>;

/** A class that inherits `from_pretrained`: `M` the model, `O` the options of its constructor. */
export type ModelClass<M extends PreTrainedModel<never>, O extends EngineOptions> = new (
  config: MobileBertConfig,
  options?: O,
) => M;

/**
 * Base of the model classes. `from_pretrained` loads a checkpoint; the constructor makes a model
 * with Hugging Face's random initialisation. Its memory is allocated by the first call that needs
 * it. A model can be called as a function: `await model({ input_ids })`.
 */
export abstract class PreTrainedModel<
  Inputs extends EncoderInputs = EncoderInputs,
  Output extends EncoderOutput = EncoderOutput,
> extends Callable<[inputs: Inputs], Promise<Output>> {
  readonly config: MobileBertConfig;
  /** Missing and unexpected tensors of the loaded checkpoint; null where none was loaded. */
  loading_info: LoadingInfo | null = null;
  readonly #seed: number;
  readonly #dtype: WeightDtype;
  readonly #engine: ModelEngine;
  /** Error and calibration of a converted file; unknown once its weights have changed. */
  #conversion: Conversion = UNKNOWN;

  /**
   * A model with random weights.
   *
   * @param config a configuration, or fields that differ from the defaults
   * @throws ConfigError for a configuration that cannot be used
   */
  constructor(
    config: MobileBertConfig | MobileBertConfigOptions = {},
    options: EngineOptions = {},
  ) {
    super();
    this.config = config instanceof MobileBertConfig ? config : new MobileBertConfig(config);
    this.config.validate();
    const { variant, wasm, threads, seed = Math.floor(Math.random() * 2 ** 32) } = options;
    this.#seed = seed;
    this.#dtype = weightDtype(options.dtype);
    const dimensions = () => dimensionsOf(this.config, this.parts(), this.#dtype);
    const isFast = options.dtype === 'q8-fast';
    const engineOptions = { variant, wasm, threads, dtype: this.#dtype, isFast };
    this.#engine = new ModelEngine(dimensions, engineOptions);
  }

  /**
   * The class's name in a saved config.json. Each class of this package returns a string literal,
   * because minifiers change `Class.name`; a subclass of such a class inherits it. Undefined keeps
   * the `architectures` of the configuration.
   */
  protected architecture(): string | undefined {
    return undefined;
  }

  /** The pooler and heads that this class has besides the encoder. */
  protected abstract parts(): HeadParts;

  /** The engine's outputs that a call with these inputs needs. */
  protected abstract outputs(inputs: Inputs): OutputName[];

  /** Checks the class's own arguments; returns the function from a pass's buffers to its output. */
  protected abstract reader(
    inputs: Inputs,
    batch: Batch,
  ): (buffers: Buffers) => Omit<Output, keyof EncoderOutput>;

  /**
   * Loads a checkpoint of any architecture, as in Hugging Face's modeling_utils.py. The encoder
   * must be complete; a missing head is randomly initialised, with a warning.
   *
   * @param source a folder, a URL, a hub id, or a map of files
   * @throws FilesError, ConfigError or WeightsError naming the file, field or tensor; RangeError
   *   when memory does not suffice; the reason of `options.signal`
   */
  static async from_pretrained<M extends PreTrainedModel<never>, O extends EngineOptions>(
    this: ModelClass<M, O>,
    source: Source,
    options?: FromPretrainedOptions & NoInfer<O>,
  ): Promise<M> {
    const { name, config, weights, dtype } = await openCheckpoint(source, options ?? {});
    const model = new this(config, { ...options, dtype } as unknown as O);
    await model.#engine.get(async (engine) => {
      const loading = {
        ...model.#targetOf(engine),
        seed: model.#seed,
        signal: options?.signal,
        mayMismatch: options?.ignore_mismatched_sizes,
      };
      const found = await loadFound(weights, name, loading).catch(refusing(weights));
      model.loading_info = found.loading;
      model.#conversion = found.conversion;
    });
    return model;
  }

  /**
   * Runs the model, with the arguments and results of Hugging Face's `forward`.
   *
   * @throws TypeError or InputError for an argument that does not fit the model, RangeError when
   *   memory does not suffice, Error on a disposed model; the reason of `inputs.signal`
   */
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

  /** Same as calling the model: `model(inputs)`. */
  forward(inputs: Inputs): Promise<Output> {
    return this._call(inputs);
  }

  /**
   * One pass over sequences of different lengths, without padding; pipelines use it. The buffers
   * are row-major, in float32.
   *
   * @throws InputError for a request that does not fit the model, RangeError when memory does not
   *   suffice, Error on a disposed model
   */
  async run(request: Request): Promise<Buffers> {
    return (await this.#ready()).forward(request);
  }

  /** Runs two tokens four times, so that the next call is not slower (docs/performance.md). */
  async warmup(): Promise<void> {
    const batch = batchOf({ input_ids: [[0, 0]] }, this.config);
    for (let i = 0; i < 4; i++) await this.run({ ...batch, outputs: ['LastHiddenState'] });
  }

  /** Build, dtype, memory and accuracy. Allocates the memory where no call has done so. */
  async info(): Promise<ModelInfo> {
    return infoOf(await this.#target(), this.#conversion);
  }

  /**
   * The bytes of `model.q8.safetensors`, which `from_pretrained` loads by copying, in chunks. A
   * chunk is valid until the next one is taken.
   *
   * @param metadata fields of the safetensors header
   * @throws TypeError for a model that is not q8
   */
  async packed(metadata: Readonly<Record<string, string>> = {}): Promise<Iterable<Uint8Array>> {
    return packedWeights(await this.#target(), metadata);
  }

  /**
   * Rounds the weights of this q8 model again, which about halves its error (docs/accuracy.md).
   *
   * @param exact the same checkpoint, loaded with dtype "fp32"
   * @param by the method, made by `calibration()`
   * @throws TypeError for other dtypes, another checkpoint, or a runtime other than Node, Deno and
   *   Bun; what `calibration()` says
   */
  async calibrate(exact: PreTrainedModel<never>, by: Calibration): Promise<void> {
    const other = await exact.#target();
    this.#conversion = UNKNOWN;
    const calibration = await this.#operate((own) => by(own, other));
    this.#conversion = { ...UNKNOWN, calibration };
  }

  /** The number of weights, as Hugging Face counts: a tied decoder once, pruned heads never. */
  num_parameters(options: CountOptions = {}): number {
    return countParameters(this.config, this.parts(), options);
  }

  /** A copy of the word embedding: `weight` [vocab_size, embedding_size], in float32. */
  async get_input_embeddings(): Promise<InputEmbeddings> {
    const { inputEmbeddings } = await import('./surgery/input-embeddings.ts');
    return inputEmbeddings(await this.#target());
  }

  /**
   * Replaces the values of the word embedding, and of a tied decoder, as Python's `tie_weights`
   * does. An fp16 or q8 model rounds them.
   *
   * @param value `weight` [vocab_size, embedding_size]
   * @throws InputError for other dims, TypeError for what is no tensor, RangeError for numbers
   *   beyond the range of an fp16 model; the model is then unchanged
   */
  async set_input_embeddings(value: { readonly weight: TensorLike }): Promise<void> {
    const { replaceInputEmbeddings } = await import('./surgery/input-embeddings.ts');
    await this.#operate((target) => replaceInputEmbeddings(target, value.weight));
  }

  /**
   * Changes the number of tokens that the model knows, for example after adding tokens to its
   * tokenizer: the word embedding, `config.vocab_size` and a decoder. Old tokens keep their weights
   * bit for bit; new ones are drawn as in Hugging Face's modeling_utils.py.
   *
   * @param new_num_tokens null keeps the number, which `pad_to_multiple_of` may still round up
   * @returns a copy of the new word embedding
   * @throws ConfigError or RangeError for a number that cannot be used, TypeError for a q8 model
   *   with a decoder; the model is then unchanged
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
   * Removes attention heads, as `prune_heads` of Python's transformers 4. The model computes the
   * same as Python's smaller layers, and saves the same smaller tensors. `config.pruned_heads`
   * lists all removed heads.
   *
   * @param heads_to_prune heads by layer, such as `{ 0: [1, 3] }`, numbered as before any pruning
   * @throws ConfigError for a layer or head that does not exist, or a layer that would keep no
   *   head; TypeError for what is no list of heads; the model is then unchanged
   */
  async prune_heads(heads_to_prune: HeadsToPrune): Promise<void> {
    const { pruneHeads } = await import('./surgery/prune-heads.ts');
    await this.#operate((target) => pruneHeads(target, heads_to_prune));
  }

  /**
   * The files that `save_pretrained` writes, by name; a source for `from_pretrained`.
   *
   * @throws TypeError for a `max_shard_size` that is no size
   */
  async save_files(options: ModelFilesOptions = {}): Promise<Record<string, FileContent>> {
    return Object.fromEntries(await this.#saved(options));
  }

  /**
   * Saves the model as Hugging Face's `save_pretrained` does: config.json and model.safetensors,
   * which is split where it is larger than `max_shard_size`. Python's transformers can load them. A
   * q8 model is saved as model.q8.safetensors, which only this package can load.
   *
   * @param save_directory the start of all paths that `options.write` gets
   * @returns the paths, in the order of writing
   * @throws TypeError for a `write` that is no function, or a `max_shard_size` that is no size
   */
  async save_pretrained(save_directory: string, options: ModelSaveOptions): Promise<string[]> {
    const { writeModel } = await import('./save/save.ts');
    return writeModel(save_directory, await this.#saved(options), options?.write);
  }

  /** Frees the memory. A call that has begun finishes; later calls reject with an Error. */
  async dispose(): Promise<void> {
    this.#engine.dispose();
  }

  /** Checks a call's arguments and makes them a request. Multiple choice flattens them first. */
  protected batch(inputs: Inputs): Batch {
    return batchOf(inputs, this.config);
  }

  /** Changes the weights once earlier changes are done. A measured error no longer holds. */
  async #operate<T>(surgery: (target: Target) => T): Promise<Awaited<T>> {
    const changed = await this.#engine.operate(async () => surgery(await this.#target()));
    if (changed !== false) this.#conversion = UNKNOWN;
    return changed;
  }

  async #saved(options: ModelFilesOptions | undefined) {
    const { savedModel } = await import('./save/save.ts');
    return savedModel(await this.#target(), this.architecture(), options, this.#conversion);
  }

  #ready(): Promise<Engine> {
    const { config } = this;
    return this.#engine.get((engine) =>
      initialiseInto(engine, parameters(config, this.parts()), config, this.#seed),
    );
  }

  async #target(): Promise<Target> {
    return this.#targetOf(await this.#ready());
  }

  #targetOf(engine: Engine): Target {
    return { engine, dtype: this.#dtype, config: this.config, parts: this.parts() };
  }
}
