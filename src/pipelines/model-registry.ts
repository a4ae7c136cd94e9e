/**
 * ModelRegistry of transformers.js 4: which files a checkpoint needs, which of them are cached, and
 * their removal from the cache. Nothing is loaded; sizes come from lists and headers.
 */

import { openFiles } from '../hub/files.ts';
import type { FilesOptions } from '../hub/options.ts';
import type { ByteSource, PretrainedFiles, Source } from '../hub/source.ts';
import { dtypeFiles, findWeights, type WeightHints } from '../models/load/find-weights.ts';
import { checkOptionNames, type OptionNames } from '../options.ts';
import { taskName } from './pipeline.ts';

/** Options of ModelRegistry: how to find the files, and which weights are meant. */
export interface RegistryOptions extends FilesOptions {
  /** As `from_pretrained` takes it. */
  dtype?: string | null | undefined;
  /** Name of the weights file without its ending; default 'model'. */
  model_file_name?: string | null | undefined;
  /** The content of config.json, where it is known. */
  config?: object | null | undefined;
  /** All devices need the same files. */
  device?: string | null | undefined;
  /** Whether the tokenizer's files count; default true. */
  include_tokenizer?: boolean | undefined;
  /** MobileBERT has no processor. */
  include_processor?: boolean | undefined;
}

/** A file that is or is not cached. */
export interface FileCacheStatus {
  file: string;
  cached: boolean;
}

export interface CacheCheckResult {
  allCached: boolean;
  files: FileCacheStatus[];
}

export interface CacheClearResult {
  filesDeleted: number;
  filesCached: number;
  files: { file: string; deleted: boolean; wasCached: boolean }[];
}

export interface FileMetadata {
  exists: boolean;
  /** Bytes, where something tells. */
  size?: number | undefined;
  fromCache?: boolean | undefined;
}

const OPTIONS: OptionNames<RegistryOptions> = {
  revision: true,
  subfolder: true,
  local_files_only: true,
  progress_callback: true,
  signal: true,
  cache_dir: true,
  token: true,
  dtype: true,
  model_file_name: true,
  config: true,
  device: true,
  include_tokenizer: true,
  include_processor: true,
};

/** Files of checkpoints and of the cache, by the names of transformers.js. */
export const ModelRegistry = {
  /**
   * The files that a model and its tokenizer load, by their paths in the checkpoint.
   *
   * @throws FilesError where a needed file is missing
   */
  async get_files(source: Source, options: RegistryOptions = {}): Promise<string[]> {
    const model = await ModelRegistry.get_model_files(source, options);
    if (options.include_tokenizer === false) return model;
    return [...model, ...(await ModelRegistry.get_tokenizer_files(source, options))];
  },

  /** The files that a pipeline loads. @throws RangeError for an unknown task */
  async get_pipeline_files(
    task: string,
    source: Source,
    options: RegistryOptions = {},
  ): Promise<string[]> {
    taskName(task);
    return ModelRegistry.get_files(source, options);
  },

  /** The files that a model loads: config.json and its weights. */
  async get_model_files(source: Source, options: RegistryOptions = {}): Promise<string[]> {
    const files = await open(source, options);
    const config = options.config ?? (await files.json('config.json'));
    const found = await weightFiles(files, options, (config ?? {}) as WeightHints);
    return ['config.json', ...found];
  },

  /** The files that a tokenizer loads; empty where the checkpoint has none. */
  async get_tokenizer_files(source: Source, options: RegistryOptions = {}): Promise<string[]> {
    const files = await open(source, options);
    const has = async (file: string) => (await files.stat(file)) !== undefined;
    const vocabulary = (await has('tokenizer.json')) ? 'tokenizer.json' : 'vocab.txt';
    if (vocabulary === 'vocab.txt' && !(await has(vocabulary))) return [];
    const config = (await files.json('tokenizer_config.json')) as
      | { added_tokens_decoder?: unknown }
      | undefined;
    const found = [vocabulary, ...(config === undefined ? [] : ['tokenizer_config.json'])];
    if (config?.added_tokens_decoder) return found;
    for (const file of ['special_tokens_map.json', 'added_tokens.json']) {
      if (await has(file)) found.push(file);
    }
    return found;
  },

  /** The files of a processor: none. */
  async get_processor_files(): Promise<string[]> {
    return [];
  },

  /** The dtypes that the checkpoint has files for. Others are made when the weights are loaded. */
  async get_available_dtypes(source: Source, options: RegistryOptions = {}): Promise<string[]> {
    const files = await open(source, options);
    const found: string[] = [];
    for (const [dtype, names] of dtypeFiles(options.model_file_name ?? 'model')) {
      for (const name of names) {
        if ((await files.stat(name)) === undefined) continue;
        found.push(dtype);
        break;
      }
    }
    return found;
  },

  /** Whether the checkpoint loads without the network. */
  async is_cached(source: Source, options: RegistryOptions = {}): Promise<boolean> {
    check(options);
    const local = { ...options, local_files_only: true };
    try {
      const files = await open(source, local);
      if ((await files.stat('config.json')) === undefined) return false;
      const needed = await ModelRegistry.get_files(source, local);
      const isWhole = options.include_tokenizer === false || needed.some(isVocabulary);
      const stats = await Promise.all(needed.map((file) => files.stat(file)));
      return isWhole && stats.every((stat) => stat !== undefined);
    } catch (error) {
      options.signal?.throwIfAborted();
      if ((error as Error).name === 'FilesError') return false;
      throw error;
    }
  },

  /** Which files of the checkpoint are there without the network. */
  async is_cached_files(source: Source, options: RegistryOptions = {}): Promise<CacheCheckResult> {
    const needed = await ModelRegistry.get_files(source, options);
    const local = await openLocal(source, options);
    const files = await Promise.all(
      needed.map(async (file) => ({
        file,
        cached: local !== undefined && (await local.stat(file)) !== undefined,
      })),
    );
    return { allCached: files.every(({ cached }) => cached), files };
  },

  /** As `is_cached`. @throws RangeError for an unknown task */
  async is_pipeline_cached(
    task: string,
    source: Source,
    options: RegistryOptions = {},
  ): Promise<boolean> {
    taskName(task);
    return ModelRegistry.is_cached(source, options);
  },

  /** As `is_cached_files`. @throws RangeError for an unknown task */
  async is_pipeline_cached_files(
    task: string,
    source: Source,
    options: RegistryOptions = {},
  ): Promise<CacheCheckResult> {
    taskName(task);
    return ModelRegistry.is_cached_files(source, options);
  },

  /** What is known of a file without loading it. */
  async get_file_metadata(
    source: Source,
    file: string,
    options: RegistryOptions = {},
  ): Promise<FileMetadata> {
    const stat = await (await open(source, options)).stat(file);
    return stat === undefined ? { exists: false, fromCache: false } : { exists: true, ...stat };
  },

  /** Deletes the checkpoint's files from the cache. Folders and URLs are not in it. */
  async clear_cache(source: Source, options: RegistryOptions = {}): Promise<CacheClearResult> {
    check(options);
    const local = await openLocal(source, options);
    if (local === undefined) return { filesDeleted: 0, filesCached: 0, files: [] };
    // Also where the weights are not whole, or the hub cannot be reached.
    const needed = await ModelRegistry.get_files(source, { ...options, local_files_only: true })
      .catch(() => ModelRegistry.get_files(source, options))
      .catch(() => ['config.json', ...TOKENIZER_FILES]);
    const files = await Promise.all(
      needed.map(async (file) => {
        const wasCached = (await local.stat(file))?.fromCache === true;
        return { file, deleted: wasCached && (await local.remove(file)), wasCached };
      }),
    );
    return {
      filesDeleted: files.filter(({ deleted }) => deleted).length,
      filesCached: files.filter(({ wasCached }) => wasCached).length,
      files,
    };
  },

  /** As `clear_cache`. @throws RangeError for an unknown task */
  async clear_pipeline_cache(
    task: string,
    source: Source,
    options: RegistryOptions = {},
  ): Promise<CacheClearResult> {
    taskName(task);
    return ModelRegistry.clear_cache(source, options);
  },
};

const TOKENIZER_FILES = [
  'tokenizer.json',
  'vocab.txt',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
];

function isVocabulary(file: string): boolean {
  return file === 'tokenizer.json' || file === 'vocab.txt';
}

function check(options: RegistryOptions): void {
  checkOptionNames('look up files', options, OPTIONS);
}

function open(source: Source, options: RegistryOptions): Promise<PretrainedFiles> {
  check(options);
  const { revision, subfolder, local_files_only, signal, cache_dir, token } = options;
  return openFiles(source, {
    ...{ revision, local_files_only, signal, cache_dir, token },
    subfolder: subfolder === 'onnx' ? undefined : subfolder,
  });
}

/** The files that are there without the network; undefined where there are none. */
async function openLocal(
  source: Source,
  options: RegistryOptions,
): Promise<PretrainedFiles | undefined> {
  try {
    return await open(source, { ...options, local_files_only: true });
  } catch {
    options.signal?.throwIfAborted();
    return undefined;
  }
}

/** The weight files that a load would read. Only an index of shards is read. */
async function weightFiles(
  files: PretrainedFiles,
  { dtype, model_file_name }: RegistryOptions,
  hints: WeightHints,
): Promise<string[]> {
  const opened: string[] = [];
  const note = async (file: string): Promise<ByteSource | undefined> => {
    const stat = await files.stat(file);
    if (stat === undefined) return undefined;
    opened.push(file);
    return { name: file, size: stat.size, stream: async function* () {} };
  };
  const dry: PretrainedFiles = {
    name: files.name,
    open: note,
    text: async (file, isOptional) =>
      (await note(file)) === undefined ? undefined : files.text(file, isOptional),
    json: (file) => files.json(file),
    stat: (file) => files.stat(file),
    isListed: () => files.isListed(),
    answerFor: (file) => files.answerFor(file),
    expect: async (names) => void opened.push(...names),
    complete: () => {},
    remove: async () => false,
  };
  await findWeights(dry, model_file_name ?? 'model', { dtype }, hints);
  return [...new Set(opened)];
}
