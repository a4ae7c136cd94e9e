/** The model of a command: the one that is asked for, or the one that comes with the package. */

import { VARIANTS, type Variant } from '../engine/build.ts';
import { type PipelineOf, pipeline, type Task } from '../pipelines/pipeline.ts';
import { oneOf, UsageError } from './arguments.ts';
import { ProgressBar } from './progress-bar.ts';
import type { StatusLine } from './status-line.ts';

/** Options that every command with a model takes. */
export const MODEL_OPTIONS = {
  model: { type: 'string', short: 'm' },
  variant: { type: 'string' },
} as const;

/** What is said of them. */
export const MODEL_HELP = `\
  -m, --model SOURCE   folder, URL or hub id of the model
      --variant NAME   build to run: auto (default), simd or relaxed`;

interface ModelValues {
  readonly model?: string | undefined;
  readonly variant?: string | undefined;
}

/**
 * @param bundled folder of the package's models/, undefined where none does the task
 * @throws UsageError for an unknown variant or without a model, and what loading throws
 */
export async function loadPipeline<T extends Task>(
  task: T,
  { model, variant }: ModelValues,
  bundled: string | undefined,
  status: StatusLine,
): Promise<PipelineOf<T>> {
  const build: Variant = oneOf('variant', variant ?? 'auto', VARIANTS);
  const source = model ?? (bundled && bundledModel(bundled));
  if (!source) {
    throw new UsageError(`Cannot load a model for ${task}: found no --model, expected one`);
  }
  const bar = new ProgressBar(status);
  return pipeline(task, source, {
    variant: build,
    progress_callback: (event) => bar.take(event),
  });
}

/**
 * A bundled model. Compiled, this file is build/js/cli/load-pipeline.js and finds those of the package,
 * build/models; tests run src/cli/load-pipeline.ts and find the originals, models.
 */
export function bundledModel(name: string): URL {
  return new URL(`../../models/${name}/`, import.meta.url);
}
