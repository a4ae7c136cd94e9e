/** The model of a command: the one that is asked for, or the one that comes with the package. */

import { VARIANTS, type Variant } from '../engine/build.ts';
import { type PipelineOf, pipeline, type Task } from '../pipelines/pipeline.ts';
import { oneOf, UsageError } from './arguments.ts';
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
  return pipeline(task, source, {
    variant: build,
    progress_callback: (event) => {
      if (event.status !== 'progress_total') return;
      status.show(`Loading ${event.name} ${Math.floor(event.progress)} %`);
    },
  });
}

/** A folder of the package's models/. */
export function bundledModel(name: string): URL {
  // Compiled, this file is build/js/cli/load-pipeline.js; tests run src/cli/load-pipeline.ts.
  const root = import.meta.url.endsWith('.ts') ? '../../' : '../../../';
  return new URL(`${root}models/${name}/`, import.meta.url);
}
