/** From one source to a pipeline of a class that is known: what pipeline() and servers share. */

import type { ProgressEvent } from '../hub/progress.ts';
import type { Source } from '../hub/source.ts';
import type { AutoClass } from '../models/heads/auto.ts';
import type { PreTrainedModel } from '../models/pretrained-model.ts';
import { AutoTokenizer } from '../tokenizer/api/tokenizer.ts';
import type { PipelineParts } from './base.ts';
import type { PipelineOptions } from './pipeline.ts';

/** What a task is made of: the class of its models, and its own, which may still be on its way. */
export interface PipelineClasses<M, P> {
  readonly task: string;
  readonly Model: AutoClass<M>;
  readonly Pipeline: PipelineClass<M, P> | Promise<PipelineClass<M, P>>;
}

type PipelineClass<M, P> = new (parts: PipelineParts<M>) => P;

/**
 * Loads a model and its tokenizer, side by side, and puts them into a pipeline.
 *
 * @throws what loading throws: FilesError, ConfigError, TokenizerError or WeightsError
 */
export async function loadPipeline<M extends PreTrainedModel<never>, P>(
  { task, Model, Pipeline }: PipelineClasses<M, P>,
  source: Source,
  options: PipelineOptions,
): Promise<P> {
  const [Class, model, tokenizer] = await Promise.all([
    Pipeline,
    Model.from_pretrained(source, options),
    AutoTokenizer.from_pretrained(source, tokenizerOptions(options)),
  ]);
  return new Class({ task, model, tokenizer });
}

/** Where and how files are fetched. The totals of progress are those of the model's files. */
function tokenizerOptions(options: PipelineOptions) {
  const { revision, subfolder, local_files_only, cache_dir, token, signal, progress_callback } =
    options;
  const report = (event: ProgressEvent) => {
    if (event.status !== 'progress_total') progress_callback?.(event);
  };
  return {
    ...{ revision, subfolder, local_files_only, cache_dir, token, signal },
    progress_callback: progress_callback ? report : null,
  };
}
