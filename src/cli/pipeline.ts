/** What commands with a pipeline share: loading it, running it on texts, printing the results. */

import { VARIANTS, type Variant } from '../engine/build.ts';
import { type PipelineOf, pipeline, type Task } from '../pipelines/pipeline.ts';
import { oneOf, UsageError } from './arguments.ts';
import type { OptionHelp } from './help.ts';
import type { Io } from './io.ts';
import { withNearFolders } from './near-folders.ts';
import { ProgressBar } from './progress-bar.ts';
import type { StatusLine } from './status-line.ts';
import { type TableStyle, tableStyle } from './table.ts';

/** Values of `--dtype`. */
export const DTYPES = ['auto', 'fp32', 'fp16', 'q8', 'q8-fast'] as const;

/** Options of every command with a pipeline. */
export const MODEL_OPTIONS = {
  model: { type: 'string', short: 'm' },
  dtype: { type: 'string', default: 'auto' },
  variant: { type: 'string', default: 'auto' },
} as const;

/** Help for `--dtype`. */
export const DTYPE_HELP: OptionHelp = [
  '--dtype NAME',
  'weights: auto (default), fp32, fp16, q8 or q8-fast',
];

/** Help for `MODEL_OPTIONS`. @param bundled the default model; none if left out */
export function modelHelp(bundled?: string): OptionHelp[] {
  const end = bundled === undefined ? '' : ` (default: the bundled ${bundled})`;
  return [
    ['-m, --model SOURCE', `the model: a folder, URL or Hugging Face Hub id${end}`],
    DTYPE_HELP,
    ['--variant NAME', 'WebAssembly build: auto (default), simd or relaxed'],
  ];
}

interface ModelValues {
  readonly model?: string | undefined;
  readonly dtype: string;
  readonly variant: string;
}

/** The model that a call asks for, checked before anything is read. */
export interface ModelChoice<T extends Task> {
  readonly task: T;
  readonly source: string | URL;
  readonly dtype: string;
  readonly variant: Variant;
}

/**
 * @param bundled folder name in the package's models/; undefined if no bundled model does the task
 * @throws UsageError for an unknown dtype or variant, and for a missing model
 */
export function chooseModel<T extends Task>(
  task: T,
  { model, dtype, variant }: ModelValues,
  bundled?: string,
): ModelChoice<T> {
  const build: Variant = oneOf('variant', variant, VARIANTS);
  const type = oneOf('dtype', dtype, DTYPES);
  const source = model ?? (bundled && bundledModel(bundled));
  if (!source) {
    const found = model === undefined ? 'no --model' : 'an empty --model';
    throw new UsageError(
      `Cannot load a model for ${task}: found ${found}, expected a folder, URL or hub id`,
    );
  }
  return { task, source, dtype: type, variant: build };
}

/** Loads the pipeline. @throws the errors of loading; FilesError names folders that were meant */
export function loadPipeline<T extends Task>(
  { task, source, dtype, variant }: ModelChoice<T>,
  status: StatusLine,
): Promise<PipelineOf<T>> {
  const bar = new ProgressBar(status);
  return withNearFolders(source, () =>
    pipeline(task, source, { dtype, variant, progress_callback: (event) => bar.take(event) }),
  );
}

/**
 * A bundled model. From build/js/cli/pipeline.js, the path leads to the package's models in
 * build/models; from src/cli/pipeline.ts, as in tests, to the originals in models.
 */
export function bundledModel(name: string): URL {
  return new URL(`../../models/${name}/`, import.meta.url);
}

/** How a command turns texts, or groups of texts, into output. */
export interface Run<T, R> {
  /** Batches from textsOf() or groupsOf(). */
  readonly batches: AsyncIterable<T[]>;
  /** Returns one result per text. A result is printed as it is by `--json`. */
  readonly work: (texts: readonly T[]) => Promise<readonly R[]>;
  /** Formats all results for people. */
  readonly table: (results: readonly R[], style: TableStyle) => string;
  /** Prints one JSON line per result after each batch, instead of a table at the end. */
  readonly isJson: boolean | undefined;
  /** The verb of the status line: "Classified 512 texts". */
  readonly done: string;
}

/** Runs a command's work on all its texts and prints the results. */
export async function printResults<T, R>(
  io: Io,
  status: StatusLine,
  { batches, work, table, isJson, done }: Run<T, R>,
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
