/**
 * openFiles(): from whatever a caller names as a checkpoint to its files. Knows folders, URLs and
 * the hub, and no file format.
 */

import { platform } from '#platform';
import { FilesError } from '../errors.ts';
import { fileIn, isFolderHandle } from './handles.ts';
import { locate } from './locate.ts';
import type { FilesOptions } from './options.ts';
import { Progress } from './progress.ts';
import {
  type ByteSource,
  type FileLike,
  openSource,
  openUrl,
  type PretrainedFiles,
  type Source,
} from './source.ts';

export type { FilesOptions } from './options.ts';

/** The most bytes a file may have that is read whole, as text. */
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

/** How to open a file of the checkpoint: one function per kind of source. */
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
  // Encoded before it is resolved: a name can neither leave the folder nor become a query.
  const urlOf = (file: string) =>
    new URL(file.split('/').map(encodeURIComponent).join('/'), place.base);
  if (place.kind === 'url') return { name, open: (file) => openUrl(urlOf(file), options) };
  const { id, revision } = place;
  const { openRepository } = await import('./hub-files.ts');
  return { name, open: await openRepository({ id, revision, urlOf }, options) };
}

function entryOf(files: Record<string, FileLike | object>, name: string) {
  return Object.hasOwn(files, name) ? (files[name] ?? undefined) : undefined;
}

/** A file or folder name that stays inside the checkpoint. */
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
