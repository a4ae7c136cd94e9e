/**
 * pipeline(): from the name of a task and a checkpoint to an object that does the task. Signature,
 * aliases and the last progress event are transformers.js' (pipelines.js). A new task is one line of
 * the table below and one file beside this one.
 */

import type { ProgressEvent } from '../hub/progress.ts';
import type { Source } from '../hub/source.ts';
import {
  type AutoClass,
  AutoModel,
  AutoModelForMaskedLM,
  AutoModelForMultipleChoice,
  AutoModelForNextSentencePrediction,
  AutoModelForQuestionAnswering,
  AutoModelForSequenceClassification,
  AutoModelForTokenClassification,
} from '../models/heads/auto.ts';
import type { FromPretrainedOptions } from '../models/options.ts';
import type { PreTrainedModel } from '../models/pretrained-model.ts';
import type { PipelineParts } from './base.ts';
import { loadPipeline } from './load-pipeline.ts';

/** Sent once, when a pipeline can be called. */
export interface ReadyEvent {
  status: 'ready';
  task: string;
  /** As it was asked for: folder, URL or hub id; 'files' for a map of files. */
  model: string;
}

/** Options of `pipeline()`: those of `from_pretrained`, with one event more. */
export interface PipelineOptions extends Omit<FromPretrainedOptions, 'progress_callback'> {
  /** Told of every file's progress, and when all is ready. */
  progress_callback?: ((event: ProgressEvent | ReadyEvent) => void) | null | undefined;
}

/** A task's code is loaded with its first pipeline: a page that classifies needs no spans. */
const TASKS = {
  'text-classification': loader(AutoModelForSequenceClassification, () =>
    import('./text-classification.ts').then((file) => file.TextClassificationPipeline),
  ),
  'token-classification': loader(AutoModelForTokenClassification, () =>
    import('./token-classification.ts').then((file) => file.TokenClassificationPipeline),
  ),
  'question-answering': loader(AutoModelForQuestionAnswering, () =>
    import('./question-answering.ts').then((file) => file.QuestionAnsweringPipeline),
  ),
  'fill-mask': loader(AutoModelForMaskedLM, () =>
    import('./fill-mask.ts').then((file) => file.FillMaskPipeline),
  ),
  'zero-shot-classification': loader(AutoModelForSequenceClassification, () =>
    import('./zero-shot-classification.ts').then((file) => file.ZeroShotClassificationPipeline),
  ),
  'feature-extraction': loader(AutoModel, () =>
    import('./feature-extraction.ts').then((file) => file.FeatureExtractionPipeline),
  ),
  'next-sentence-prediction': loader(AutoModelForNextSentencePrediction, () =>
    import('./next-sentence-prediction.ts').then((file) => file.NextSentencePredictionPipeline),
  ),
  'multiple-choice': loader(AutoModelForMultipleChoice, () =>
    import('./multiple-choice.ts').then((file) => file.MultipleChoicePipeline),
  ),
};

const ALIASES = {
  'sentiment-analysis': 'text-classification',
  ner: 'token-classification',
  embeddings: 'feature-extraction',
} as const satisfies Record<string, TaskName>;

/** Tasks under their own names. */
export type TaskName = keyof typeof TASKS;

/** Tasks under all names that `pipeline()` takes. */
export type Task = TaskName | keyof typeof ALIASES;

/** The class of pipeline for a task. */
export type PipelineOf<T extends Task> = Awaited<
  ReturnType<(typeof TASKS)[T extends keyof typeof ALIASES ? (typeof ALIASES)[T] : T]>
>;

/**
 * Makes a pipeline: loads configuration, tokenizer and weights from one source.
 *
 * @throws RangeError for an unknown task, TypeError without a source, and what loading throws:
 * FilesError, ConfigError, TokenizerError or WeightsError
 */
export async function pipeline<T extends Task>(
  task: T,
  source: Source | null = null,
  options: PipelineOptions = {},
): Promise<PipelineOf<T>> {
  const name = taskName(task);
  if (source === null || source === '') {
    throw new TypeError(
      `Cannot make a ${name} pipeline: found no model, expected a folder, URL, hub id or map of files`,
    );
  }
  const made = await TASKS[name](name, source, options);
  const isNamed = typeof source === 'string' || source instanceof URL;
  const model = isNamed ? String(source) : 'files';
  options.progress_callback?.({ status: 'ready', task: name, model });
  return made as PipelineOf<T>;
}

function taskName(task: string): TaskName {
  if (Object.hasOwn(TASKS, task)) return task as TaskName;
  if (Object.hasOwn(ALIASES, task)) return ALIASES[task as keyof typeof ALIASES];
  const known = [...Object.keys(TASKS), ...Object.keys(ALIASES)].map((name) => `"${name}"`);
  throw new RangeError(
    `Cannot make a pipeline: task is ${JSON.stringify(task)}, expected one of ${known.join(', ')}`,
  );
}

/** What makes the pipelines of a task, whose class is loaded beside its model. */
function loader<M extends PreTrainedModel<never>, P>(
  Model: AutoClass<M>,
  loadClass: () => Promise<new (parts: PipelineParts<M>) => P>,
) {
  return (task: string, source: Source, options: PipelineOptions): Promise<P> =>
    loadPipeline({ task, Model, Pipeline: loadClass() }, source, options);
}
