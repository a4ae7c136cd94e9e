/** What commands with a pipeline share: loading it, running it on texts, printing the results. */

import { VARIANTS, type Variant } from '../engine/build.ts';
import { type PipelineOf, pipeline, type Task } from '../pipelines/pipeline.ts';
import { oneOf, UsageError } from './arguments.ts';
import type { Io } from './io.ts';
import { ProgressBar } from './progress-bar.ts';
import type { StatusLine } from './status-line.ts';
import { type TableStyle, tableStyle } from './table.ts';

/** Options of every command with a pipeline. */
export const MODEL_OPTIONS = {
  model: { type: 'string', short: 'm' },
  variant: { type: 'string' },
} as const;

/** Help for `MODEL_OPTIONS`. */
export const MODEL_HELP = `\
  -m, --model SOURCE   the model: a folder, URL or Hugging Face Hub id
      --variant NAME   WebAssembly build: auto (default), simd or relaxed`;

interface ModelValues {
  readonly model?: string | undefined;
  readonly variant?: string | undefined;
}

/**
 * @param bundled folder name in the package's models/; undefined if no bundled model does the task
 * @throws UsageError for an unknown variant or a missing model, and the errors of loading
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
 * A bundled model. From build/js/cli/pipeline.js, the path leads to the package's models in
 * build/models; from src/cli/pipeline.ts, as in tests, to the originals in models.
 */
export function bundledModel(name: string): URL {
  return new URL(`../../models/${name}/`, import.meta.url);
}

/** How a command turns texts into output. */
export interface Run<R> {
  /** Batches of texts, from textsOf(). */
  readonly batches: AsyncIterable<string[]>;
  /** Returns one result per text. A result is printed as it is by `--json`. */
  readonly work: (texts: readonly string[]) => Promise<readonly R[]>;
  /** Formats all results for people. */
  readonly table: (results: readonly R[], style: TableStyle) => string;
  /** Prints one JSON line per result after each batch, instead of a table at the end. */
  readonly isJson: boolean | undefined;
  /** The verb of the status line: "Classified 512 texts". */
  readonly done: string;
}

/** Runs a command's work on all its texts and prints the results. */
export async function printResults<R>(
  io: Io,
  status: StatusLine,
  { batches, work, table, isJson, done }: Run<R>,
): Promise<void> {
  const all: R[] = [];
  let count = 0;
  for await (const texts of batches) {
    const results = await work(texts);
    const lines = results.map((result) => `${JSON.stringify(result)}\n`);
    if (isJson) await status.print(io.stdout, lines.join(''));
    else for (const result of results) all.push(result);
    count += texts.length;
    status.show(`${done} ${count.toLocaleString('en')} texts`);
  }
  if (!isJson) await status.print(io.stdout, table(all, tableStyle(io)));
}
