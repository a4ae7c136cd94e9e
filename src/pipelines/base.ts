/**
 * What all pipelines share: a model and a tokenizer that belong together, called like a function,
 * and how such a pair is loaded from one source. pipeline() chooses the classes by the name of a
 * task; servers name them, so that a bundle holds no other task.
 */

import { Callable } from '../callable.ts';
import { type FilesOptions, openFiles } from '../hub/files.ts';
import type { ProgressEvent } from '../hub/progress.ts';
import type { Source } from '../hub/source.ts';
import type { AutoClass } from '../models/heads/auto.ts';
import type { FromPretrainedOptions } from '../models/options.ts';
import type { PreTrainedModel } from '../models/pretrained-model.ts';
import type { PreTrainedTokenizer } from '../tokenizer/api/tokenizer.ts';
import { AutoTokenizer } from '../tokenizer/api/tokenizer.ts';

/** Arguments of a pipeline's constructor. */
export interface PipelineParts<M> {
  /** Name of the task; a label for the caller, which changes nothing. */
  readonly task: string;
  /** A model of the class that the task needs. */
  readonly model: M;
  /** The tokenizer that the model was trained with. */
  readonly tokenizer: PreTrainedTokenizer;
}

/** Base class of the pipelines. An instance is a function: `await classify('text')`. */
export abstract class Pipeline<
  M extends PreTrainedModel<never>,
  Arguments extends unknown[],
  Result,
> extends Callable<Arguments, Promise<Result>> {
  readonly task: string;
  readonly model: M;
  readonly tokenizer: PreTrainedTokenizer;

  constructor({ task, model, tokenizer }: PipelineParts<M>) {
    super();
    this.task = task;
    this.model = model;
    this.tokenizer = tokenizer;
  }

  /** Frees the model's memory. Later calls of the pipeline reject. */
  async dispose(): Promise<void> {
    await this.model.dispose();
  }
}

/** @throws TypeError unless the model is an instance of the class that the task needs */
export function checkModel(
  task: string,
  model: unknown,
  Class: abstract new (...args: never) => unknown,
): void {
  if (model instanceof Class) return;
  throw new TypeError(
    `Cannot make a ${task} pipeline: model is of another class, expected a ${Class.name}`,
  );
}

/** Sent once, when the pipeline can be called. */
export interface ReadyEvent {
  status: 'ready';
  /** Name of the task, aliases resolved: 'token-classification' for 'ner'. */
  task: string;
  /** The folder, URL or hub id that was asked for; 'files' for a map of files. */
  model: string;
}

/** Options of `pipeline()`: those of `from_pretrained`, with one more progress event. */
export interface PipelineOptions extends Omit<FromPretrainedOptions, 'progress_callback'> {
  /** Receives the progress of every file, and at last one `ready` event. */
  progress_callback?: ((event: ProgressEvent | ReadyEvent) => void) | null | undefined;
}

/** The classes that do a task. The pipeline's class may still be loading. */
export interface PipelineClasses<M, P> {
  readonly task: string;
  readonly Model: AutoClass<M>;
  readonly Pipeline: PipelineClass<M, P> | Promise<PipelineClass<M, P>>;
}

type PipelineClass<M, P> = new (parts: PipelineParts<M>) => P;

/**
 * Makes a pipeline of known classes; loads model and tokenizer at the same time.
 *
 * @throws FilesError, ConfigError, TokenizerError or WeightsError, as loading does
 */
export async function loadPipeline<M extends PreTrainedModel<never>, P>(
  { task, Model, Pipeline }: PipelineClasses<M, P>,
  source: Source,
  options: PipelineOptions,
): Promise<P> {
  // Both loads share the files: what was asked for once is known, and progress has one total.
  const files = (await openFiles(source, filesOptions(options), 2)) as unknown as Source;
  const [Class, model, tokenizer] = await Promise.all([
    Pipeline,
    Model.from_pretrained(files, options),
    AutoTokenizer.from_pretrained(files),
  ]);
  return new Class({ task, model, tokenizer });
}

/**
 * Options for finding and fetching files. `subfolder: 'onnx'`, a default of transformers.js, names a
 * folder beside config.json, which is searched anyway.
 */
function filesOptions(options: PipelineOptions): FilesOptions {
  const { revision, subfolder, local_files_only, cache_dir, token, signal, progress_callback } =
    options;
  const folder = subfolder === 'onnx' ? undefined : subfolder;
  return {
    ...{ revision, local_files_only, cache_dir, token, signal, progress_callback },
    subfolder: folder,
  };
}
