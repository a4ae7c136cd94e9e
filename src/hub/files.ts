/**
 * openFiles(): from a source that names a checkpoint to its files. Knows folders, URLs and the hub,
 * and of file formats only text and JSON.
 */

import { platform } from '#platform';
import { FilesError } from '../errors.ts';
import { locate } from './locate.ts';
import type { FilesOptions } from './options.ts';
import { Progress } from './progress.ts';
import {
  type ByteSource,
  type FileHandle,
  type FileLike,
  type FolderHandle,
  openSource,
  openUrl,
  type PretrainedFiles,
  type Source,
} from './source.ts';

export type { FilesOptions } from './options.ts';

/** The largest file that is read as text, in bytes. */
const MAX_TEXT_BYTES = 2 ** 28;

/**
 * The files of a checkpoint. Nothing is read or fetched before a file is opened.
 *
 * @throws FilesError when `source` is no folder, URL, hub id or map of files
 */
export async function openFiles(
  source: Source,
  options: FilesOptions = {},
): Promise<PretrainedFiles> {
  const folder = options.subfolder ? `${checkedName(options.subfolder)}/` : '';
  const opener = await openerOf(source, options);
  const progress = options.progress_callback
    ? new Progress(opener.name, options.progress_callback)
    : undefined;

  const open = async (file: string): Promise<ByteSource | undefined> => {
    options.signal?.throwIfAborted();
    const found = await opener.open(folder + checkedName(file));
    return found && progress ? progress.watch(found, file) : found;
  };
  const text = async (file: string) => {
    const found = await open(file);
    return found && readText(found, options.signal);
  };
  const json = async (file: string): Promise<unknown> => {
    const found = await text(file);
    return found === undefined ? undefined : parseJson(found, file, opener.name);
  };
  return { name: opener.name, open, text, json };
}

interface Opener {
  readonly name: string;
  open(file: string): Promise<ByteSource | undefined>;
}

/** Chooses how the files of a source are opened, by its kind. */
async function openerOf(source: Source, options: FilesOptions): Promise<Opener> {
  if (typeof source === 'object' && !(source instanceof URL)) {
    const isFolder = isFolderHandle(source);
    const open = async (file: string) => {
      const value = isFolder ? await fileIn(source, file) : entryOf(source, file);
      return value === undefined ? undefined : openSource(value, file, options);
    };
    return { name: isFolder ? source.name : 'files', open };
  }
  const name = String(source);
  const place = await locate(name, options);
  if (place.kind === 'folder') {
    return { name, open: (file) => platform.openFile(`${place.path}/${file}`) };
  }
  // Encoding keeps a name from leaving the folder or becoming a query.
  const urlOf = (file: string) =>
    new URL(file.split('/').map(encodeURIComponent).join('/'), place.base);
  if (place.kind === 'url') return { name, open: (file) => openUrl(urlOf(file), options) };
  const { id, revision } = place;
  const { openRepository } = await import('./repository.ts');
  return { name, open: await openRepository({ id, revision, urlOf }, options) };
}

function entryOf(files: Record<string, FileLike | object>, name: string) {
  return Object.hasOwn(files, name) ? (files[name] ?? undefined) : undefined;
}

function isFolderHandle(source: object): source is FolderHandle {
  return typeof Reflect.get(source, 'getFileHandle') === 'function';
}

/** The file at a path below a folder; undefined when there is none. */
async function fileIn(folder: FolderHandle, path: string): Promise<FileHandle | undefined> {
  const names = path.split('/');
  const file = names.pop()!;
  try {
    let place = folder;
    for (const name of names) place = await place.getDirectoryHandle(name);
    return await place.getFileHandle(file);
  } catch (error) {
    const { name } = error as DOMException;
    if (name === 'NotFoundError' || name === 'TypeMismatchError') return undefined;
    throw error;
  }
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

async function readText(source: ByteSource, signal: AbortSignal | undefined): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (chunk?: Uint8Array) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw new SyntaxError(`Cannot read "${source.name}": found bytes that are not UTF-8`);
    }
  };
  let text = '';
  let received = 0;
  for await (const chunk of source.stream()) {
    signal?.throwIfAborted();
    received += chunk.length;
    if (received > MAX_TEXT_BYTES) {
      throw new FilesError(
        `Cannot read "${source.name}": found more than ${MAX_TEXT_BYTES} bytes of text`,
        source.name,
      );
    }
    text += decode(chunk);
  }
  return text + decode();
}

function parseJson(text: string, file: string, checkpoint: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot parse "${file}" of "${checkpoint}": ${(error as Error).message}`);
  }
}
