/** Inspects a checkpoint: its files, and its model as it runs on this machine. */

import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MobileBertConfig } from '../config/config.ts';
import { FilesError } from '../errors.ts';
import { openFiles } from '../hub/files.ts';
import { env, LogLevel } from '../hub/options.ts';
import type { ProgressCallback } from '../hub/progress.ts';
import { architectureOf } from '../models/heads/architectures.ts';
import type { LoadingInfo } from '../models/load/load-checkpoint.ts';
import type { ModelInfo } from '../models/model-info.ts';
import type { TaskName } from '../pipelines/pipeline.ts';
import { AutoTokenizer } from '../tokenizer/api/tokenizer.ts';

/** The result, which `--json` prints as it is. */
export interface Inspection extends ModelInfo, LoadingInfo {
  readonly source: string;
  /** The class that config.json names, or MobileBertModel. */
  readonly architecture: string;
  readonly config: Record<string, unknown>;
  readonly files: readonly CheckpointFile[];
  /** The file that weights were read from, or the index of several files. */
  readonly weights_file: string;
  readonly tasks: readonly TaskName[];
  readonly labels: readonly string[];
  /** The tokenizer; null where the checkpoint has no files of one. */
  readonly tokenizer: TokenizerInfo | null;
}

/** What a checkpoint's tokenizer is. */
export interface TokenizerInfo {
  readonly name: string;
  /** With added tokens. */
  readonly tokens: number;
  readonly added: number;
  readonly do_lower_case: boolean;
  /** Longer texts are truncated on request; null: no limit. */
  readonly model_max_length: number | null;
}

/** A file of a checkpoint. */
export interface CheckpointFile {
  readonly name: string;
  readonly format: string;
  /** 0 if unknown. */
  readonly bytes: number;
}

/** How a checkpoint is loaded for inspection. */
export interface InspectOptions {
  readonly dtype?: string | undefined;
  readonly progress_callback?: ProgressCallback | undefined;
}

/** The pipelines of each class; feature-extraction is for all. */
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

/** Python writes 1e30 where a tokenizer has no limit. */
const NO_LIMIT = 2 ** 31;

/** Loads the model, so that the result is measured, not guessed. @throws as `from_pretrained` */
export async function inspectCheckpoint(
  source: string,
  { dtype, progress_callback }: InspectOptions,
): Promise<Inspection> {
  const config = await MobileBertConfig.fromFiles(await openFiles(source));
  const { name: architecture, Class } = architectureOf(config.architectures);
  const read = new Map<string, number>();
  const model = await withoutWarnings(() =>
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
    tokenizer: await tokenizerOf(source),
    ...info,
    ...loading,
    config: config.to_dict(),
    files: await filesOf(source, read),
  };
}

async function tokenizerOf(source: string): Promise<TokenizerInfo | null> {
  try {
    const tokenizer = await AutoTokenizer.from_pretrained(source);
    const {
      tokenizer_class: name,
      model_max_length: limit,
      vocab_size,
      length: tokens,
    } = tokenizer;
    const saved = Reflect.get(await tokenizer.save_files(), 'tokenizer_config.json');
    const { do_lower_case = true } = JSON.parse(String(saved)) as { do_lower_case?: boolean };
    const model_max_length = limit < NO_LIMIT ? limit : null;
    return { name, tokens, added: tokens - vocab_size, do_lower_case, model_max_length };
  } catch (error) {
    if (error instanceof FilesError) return null;
    throw error;
  }
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

/** The table shows what loading would warn of. */
async function withoutWarnings<T>(work: () => Promise<T>): Promise<T> {
  const { logLevel } = env;
  env.logLevel = LogLevel.ERROR;
  try {
    return await work();
  } finally {
    env.logLevel = logLevel;
  }
}

/** Formats by the file's name; the first match counts. */
const FORMATS: readonly [RegExp, string][] = [
  [/\.q8\.safetensors$/, 'packed weights, q8'],
  [/\.safetensors$/, 'weights, safetensors'],
  [/^(pytorch_)?model.*\.bin$/, 'weights, PyTorch'],
  [/\.index\.json$/, 'index of weights'],
  [/^tf_model\.h5$/, 'weights, Keras HDF5'],
  [/\.onnx(_data)?$/, 'weights, ONNX'],
  [/^config\.json$/, 'configuration'],
  [/^vocab\.txt$/, 'vocabulary'],
  [/^(tokenizer|tokenizer_config|special_tokens_map|added_tokens)\.json$/, 'tokenizer'],
  [/^README\.md$/, 'model card'],
];

/** The known files of a local folder; for another source, the files in `read` with their sizes. */
async function filesOf(
  source: string,
  read: ReadonlyMap<string, number>,
): Promise<CheckpointFile[]> {
  const folder = source.startsWith('file:') ? fileURLToPath(source) : source;
  const names = await namesIn(folder);
  const sizes = names ? await sizesOf(folder, names) : read;
  const files = Array.from(sizes, ([name, bytes]) => ({ name, format: formatOf(name), bytes }));
  return files.filter(({ format }) => format !== '');
}

function formatOf(name: string): string {
  const base = path.posix.basename(name);
  return FORMATS.find(([pattern]) => pattern.test(base))?.[1] ?? '';
}

/** Names in a folder and in its `onnx`; undefined if there is no such folder. */
async function namesIn(folder: string): Promise<string[] | undefined> {
  try {
    const names = await readdir(folder);
    const onnx = await readdir(path.join(folder, 'onnx')).catch((): string[] => []);
    return [...names, ...onnx.map((name) => `onnx/${name}`)].sort();
  } catch {
    return undefined;
  }
}

async function sizesOf(folder: string, names: readonly string[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const name of names) {
    const found = await stat(path.join(folder, name));
    if (found.isFile()) sizes.set(name, found.size);
  }
  return sizes;
}
