/** What `mobilebert inspect` finds out: a checkpoint's files, and the model they make on this machine. */

import { MobileBertConfig } from '../config/config.ts';
import { openFiles } from '../hub/files.ts';
import { env, LogLevel } from '../hub/options.ts';
import type { ProgressCallback } from '../hub/progress.ts';
import { architectureOf } from '../models/heads/architectures.ts';
import type { LoadingInfo } from '../models/load/load-checkpoint.ts';
import type { ModelInfo } from '../models/model-info.ts';
import type { TaskName } from '../pipelines/pipeline.ts';
import { type CheckpointFile, localFiles } from './checkpoint-files.ts';

/** All of it; as it stands, it is what `--json` prints. */
export interface Inspection extends ModelInfo, LoadingInfo {
  readonly source: string;
  /** The class that config.json names, or MobileBertModel. */
  readonly architecture: string;
  readonly config: Record<string, unknown>;
  readonly files: readonly CheckpointFile[];
  /** The file that weights were read from, or the index of several. */
  readonly weights_file: string;
  readonly tasks: readonly TaskName[];
  readonly labels: readonly string[];
}

/** How a checkpoint is looked at. */
export interface InspectOptions {
  readonly dtype?: string | undefined;
  readonly progress_callback?: ProgressCallback | undefined;
}

/** What each class's pipelines are; all of them give features. */
const TASKS: Readonly<Record<string, readonly TaskName[]>> = {
  MobileBertForSequenceClassification: ['text-classification'],
  MobileBertForTokenClassification: ['token-classification'],
  MobileBertForQuestionAnswering: ['question-answering'],
  MobileBertForMaskedLM: ['fill-mask'],
  MobileBertForPreTraining: ['fill-mask', 'next-sentence-prediction'],
  MobileBertForNextSentencePrediction: ['next-sentence-prediction'],
  MobileBertForMultipleChoice: ['multiple-choice'],
};

/** Classes with labels of their own. */
const LABELLED = ['MobileBertForSequenceClassification', 'MobileBertForTokenClassification'];

/** Loads the model, so that what is said of it is so. @throws what `from_pretrained` throws */
export async function inspectCheckpoint(
  source: string,
  { dtype, progress_callback }: InspectOptions,
): Promise<Inspection> {
  const config = await MobileBertConfig.fromFiles(await openFiles(source));
  const { name: architecture, Class } = architectureOf(config.architectures);
  const read = new Map<string, number>();
  const model = await quietly(() =>
    Class.from_pretrained(source, {
      dtype,
      progress_callback(event) {
        if (event.status === 'initiate') read.set(event.file, 0);
        if (event.status === 'progress') read.set(event.file, event.total);
        progress_callback?.(event);
      },
    }),
  );
  const info = await model.info();
  const loading = model.loading_info!;
  await model.dispose();
  const weights_file = [...read.keys()].find((file) => file !== 'config.json') ?? '';
  const labels = LABELLED.includes(architecture) ? Object.values(config.id2label) : [];
  return {
    ...{ source, architecture, tasks: tasksOf(architecture, labels), labels },
    weights_file,
    ...info,
    ...loading,
    config: config.to_dict(),
    files: await localFiles(source, read),
  };
}

function tasksOf(architecture: string, labels: readonly string[]): TaskName[] {
  const own = TASKS[architecture] ?? [];
  const isInference = labels.some((label) => /^entail/i.test(label));
  return [
    ...own,
    ...(isInference ? (['zero-shot-classification'] as const) : []),
    'feature-extraction',
  ];
}

/** Without warnings of what is shown anyway. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { logLevel } = env;
  env.logLevel = LogLevel.ERROR;
  try {
    return await work();
  } finally {
    env.logLevel = logLevel;
  }
}
