/**
 * pipeline(): the name of a task and a checkpoint -> an object that does the task. Signature,
 * aliases and the last progress event are those of transformers.js (pipelines.js). A new task is
 * one line in the table below and one file beside this one.
 */

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
import type { PreTrainedModel } from '../models/pretrained-model.ts';
import { loadPipeline, type PipelineOptions, type PipelineParts } from './base.ts';

/** Loaders by task. The code of a task is imported with its first pipeline, no earlier. */
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

/** The name of a task, aliases resolved. */
export type TaskName = keyof typeof TASKS;

/** A name of a task that `pipeline()` accepts: its own or an alias, such as 'ner'. */
export type Task = TaskName | keyof typeof ALIASES;

/** The pipeline that does a task. */
export type PipelineOf<T extends Task> = Awaited<
  ReturnType<(typeof TASKS)[T extends keyof typeof ALIASES ? (typeof ALIASES)[T] : T]>
>;

/**
 * Makes the pipeline of a task. Configuration, tokenizer and weights are loaded from one source.
 *
 * @param source a folder, URL, hub id or map of files
 * @throws RangeError for an unknown task, TypeError without a source, and FilesError, ConfigError,
 * TokenizerError or WeightsError when loading fails
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

/** A task's own name. @throws RangeError for an unknown task */
export function taskName(task: string): TaskName {
  if (Object.hasOwn(TASKS, task)) return task as TaskName;
  if (Object.hasOwn(ALIASES, task)) return ALIASES[task as keyof typeof ALIASES];
  const known = [...Object.keys(TASKS), ...Object.keys(ALIASES)].map((name) => `"${name}"`);
  throw new RangeError(
    `Cannot make a pipeline: task is ${JSON.stringify(task)}, expected one of ${known.join(', ')}`,
  );
}

/** The loader of a task; the pipeline's class is imported while the model loads. */
function loader<M extends PreTrainedModel<never>, P>(
  Model: AutoClass<M>,
  loadClass: () => Promise<new (parts: PipelineParts<M>) => P>,
) {
  return (task: string, source: Source, options: PipelineOptions): Promise<P> =>
    loadPipeline({ task, Model, Pipeline: loadClass() }, source, options);
}
