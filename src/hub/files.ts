/**
 * openFiles(): from a source that names a checkpoint to its files. Knows folders, URLs and the hub,
 * and of file formats only text and JSON.
 */

import { FilesError } from '../errors.ts';
import { warn } from '../log.ts';
import { openerOf } from './choose-opener.ts';
import { ContentCheck, type Foreign } from './content.ts';
import { AbsentError, UnauthorizedError, UnreachableError } from './failures.ts';
import { boundsOf } from './limits.ts';
import type { Opener } from './opener.ts';
import type { FilesOptions } from './options.ts';
import type { Progress } from './progress.ts';
import type { ByteSource, FileStat, PretrainedFiles, Source } from './source.ts';
import { checkSize, readJson, readText } from './text.ts';

export type { FilesOptions } from './options.ts';

/**
 * Files that were saved beside another one or not at all. Where nothing lists the files, they are
 * asked for only if that one is there.
 */
const SAVED_WITH: Readonly<Record<string, string>> = {
  'special_tokens_map.json': 'tokenizer_config.json',
  'added_tokens.json': 'special_tokens_map.json',
};

/** Files that a checkpoint can do without. */
const OPTIONAL =
  /^(tokenizer|tokenizer_config|special_tokens_map|added_tokens)\.json$|^vocab\.txt$/;

/**
 * The files of a checkpoint. Nothing is read or fetched before a file is opened.
 *
 * @param source what names it, or files that are open: several loads may share them
 * @param loads how many loads call `complete`, before which no progress of all files is sent
 * @throws FilesError when `source` is no folder, URL, hub id or map of files
 */
export async function openFiles(
  source: Source | PretrainedFiles,
  options: FilesOptions = {},
  loads = 0,
): Promise<PretrainedFiles> {
  if (source instanceof Files) return source;
  const folder = options.subfolder ? `${checkedName(options.subfolder)}/` : '';
  const opener = await openerOf(source as Source, options);
  const { progress_callback: callback, signal } = options;
  if (!callback) return new Files(opener, folder, signal);
  const { Progress } = await import('./progress.ts');
  return new Files(opener, folder, signal, new Progress(opener.name, callback, loads));
}

class Files implements PretrainedFiles {
  readonly name: string;
  readonly #opener: Opener;
  readonly #folder: string;
  readonly #signal: AbortSignal | undefined;
  readonly #progress: Progress | undefined;
  /** By file, whether it is there, as far as it was asked for. */
  readonly #asked = new Map<string, Promise<boolean>>();
  readonly #absences = new Map<string, AbsentError>();
  #hasFound = false;

  constructor(opener: Opener, folder: string, signal?: AbortSignal, progress?: Progress) {
    this.name = opener.name;
    this.#opener = opener;
    this.#folder = folder;
    this.#signal = signal;
    this.#progress = progress;
  }

  async open(file: string, isOptional = OPTIONAL.test(file)): Promise<ByteSource | undefined> {
    this.#signal?.throwIfAborted();
    const path = this.#folder + checkedName(file);
    const before = this.#asked.get(file);
    if (before && !(await before)) return undefined;
    const opening = this.#open(file, path, isOptional);
    if (!before) {
      // A failure is no answer: the file is asked for again.
      const isThere = opening.then(Boolean, () => true);
      this.#asked.set(file, isThere);
    }
    const found = await opening;
    this.#hasFound ||= found !== undefined;
    return found && this.#guarded(found, file);
  }

  async text(file: string, isOptional?: boolean): Promise<string | undefined> {
    return (await this.#whole(file, (text) => text, isOptional)) as string | undefined;
  }

  json(file: string): Promise<unknown> {
    return this.#whole(file, (text) => readJson(text, file, this.name, boundsOf(file)));
  }

  async stat(file: string): Promise<FileStat | undefined> {
    try {
      return await this.#opener.stat(this.#folder + checkedName(file));
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (error instanceof AbsentError) return undefined;
      throw foreignError(error, file, this.name);
    }
  }

  isListed(): Promise<boolean> {
    return this.#opener.isListed(true);
  }

  answerFor(file: string): string | undefined {
    return this.#absences.get(file)?.answer || undefined;
  }

  async expect(files: readonly string[]): Promise<void> {
    if (!this.#progress) return;
    const sizes = files.map(async (file) => {
      // Only progress needs it: what cannot be told now shows when the file is read.
      const found = await this.stat(file).catch(() => undefined);
      this.#signal?.throwIfAborted();
      return found?.size;
    });
    for (const [i, size] of (await Promise.all(sizes)).entries()) {
      this.#progress.expect(files[i]!, size);
    }
  }

  complete(): void {
    this.#progress?.complete();
  }

  remove(file: string): Promise<boolean> {
    return this.#opener.remove(this.#folder + checkedName(file));
  }

  async #open(file: string, path: string, isOptional: boolean): Promise<ByteSource | undefined> {
    const parent = SAVED_WITH[file];
    const isAlone = parent !== undefined && (await this.#asked.get(parent)) === false;
    if (isAlone && !(await this.#opener.isListed(false))) return undefined;
    try {
      return await this.#opener.open(path);
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (!(error instanceof AbsentError)) throw await this.#explained(error, file);
      this.#absences.set(file, error);
      const isNeeded = await this.#isNeeded(file);
      const isTold = error.answer !== '' && (isNeeded || !isOptional);
      if (!isTold && !(isNeeded && (await this.#isUnknown(error, file)))) return undefined;
      throw await this.#explained(error, file);
    }
  }

  /** Whether the checkpoint itself is missing, not just one file of it. */
  async #isUnknown(error: AbsentError, file: string): Promise<boolean> {
    if (!this.#opener.explain || error.isListed) return false;
    return file === 'config.json' || (await this.stat('config.json')) === undefined;
  }

  /** Whether nothing works without the file. */
  async #isNeeded(file: string): Promise<boolean> {
    if (file === 'config.json') return true;
    return file === 'vocab.txt' && (await this.#asked.get('tokenizer.json')) === false;
  }

  /** The error for a file that cannot be had: of a name that means nothing, or as it is. */
  async #explained(error: unknown, file: string): Promise<unknown> {
    const { explain } = this.#opener;
    const isOfName = error instanceof UnauthorizedError || error instanceof UnreachableError;
    const isUnknown = isOfName ? !this.#hasFound : error instanceof AbsentError;
    if (explain && isUnknown) return explain(error as FilesError);
    return foreignError(error, file, this.name);
  }

  /** Reads a file whole. A cached one that is refused is dropped and loaded again, once. */
  async #whole(
    file: string,
    read: (text: string) => unknown,
    isOptional?: boolean,
  ): Promise<unknown> {
    for (let isAgain = false; ; isAgain = true) {
      const found = await this.open(file, isOptional);
      if (found === undefined) return undefined;
      const bounds = boundsOf(file);
      try {
        checkSize(found.size, found.name, bounds);
        return read(await readText(found.stream(), found.name, bounds, this.#signal));
      } catch (error) {
        this.#signal?.throwIfAborted();
        if (isAgain || !(await found.refuse?.())) throw error;
        warn(`${(error as Error).message}; "${file}" of "${this.name}" is loaded again`);
      }
    }
  }

  /** The same source; its content is looked at, its progress is reported. */
  #guarded(found: ByteSource, file: string): ByteSource {
    const source = this.#progress?.watch(found, file) ?? found;
    const { name } = this;
    let dropped: Promise<boolean> | undefined;
    const drop = () => {
      dropped ??= found.refuse?.();
      return dropped ?? Promise.resolve(false);
    };
    const refuse = async (foreign: Foreign | undefined) => {
      if (!foreign) return;
      const advice = (await drop()) ? '; it is dropped from the cache, load it again' : '';
      throw new FilesError(
        `Cannot read "${source.name}": found ${foreign.what}, expected the file${advice}`,
        source.name,
      );
    };
    const signal = this.#signal;
    return {
      ...source,
      refuse: found.refuse && drop,
      async *stream() {
        const check = new ContentCheck();
        const chunks = source.stream()[Symbol.asyncIterator]();
        try {
          for (;;) {
            const next = await chunks.next().catch((error: unknown) => {
              signal?.throwIfAborted();
              throw foreignError(error, file, name);
            });
            if (next.done) break;
            await refuse(check.take(next.value));
            yield next.value;
          }
          await refuse(check.end());
        } finally {
          await chunks.return?.(undefined);
        }
      },
    };
  }
}

/** Errors of the package as they are, all others as the cause of a FilesError. */
function foreignError(error: unknown, file: string, checkpoint: string): unknown {
  const { name = '', message = String(error) } = (error ?? {}) as Error;
  if (error instanceof FilesError || /^Cannot \w/.test(message) || name === 'AbortError') {
    return error;
  }
  return new FilesError(
    `Cannot open "${file}" of "${checkpoint}": ${name && name !== 'Error' ? `${name}: ` : ''}${message}`,
    file,
    { cause: error },
  );
}

/** Returns the name of a file or folder. @throws FilesError when it leads out of the checkpoint */
function checkedName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
  const odd = /[\\:\x00-\x1f]/.test(name);
  if (!odd && name.split('/').every((part) => part !== '' && part !== '.' && part !== '..')) {
    return name;
  }
  throw new FilesError(
    `Cannot open ${JSON.stringify(name)}: expected a relative path inside the checkpoint`,
    name,
  );
}
