/** Chooses how the files of a source are opened, by its kind: folder, URL, hub id, handle or map. */

import { platform } from '#platform';
import { locate } from './locate.ts';
import { localOpener, type Opener, urlOpener } from './opener.ts';
import type { FilesOptions } from './options.ts';
import { shownSource } from './redact.ts';
import {
  type FileHandle,
  type FileLike,
  type FolderHandle,
  openSource,
  type Source,
} from './source.ts';

/** @throws FilesError for what names no checkpoint */
export async function openerOf(source: Source, options: FilesOptions): Promise<Opener> {
  if (typeof source === 'object' && !(source instanceof URL)) {
    const isFolder = isFolderHandle(source);
    return localOpener(isFolder ? source.name : 'files', async (file) => {
      const value = isFolder ? await fileIn(source, file) : entryOf(source, file);
      return value === undefined ? undefined : openSource(value, file, options);
    });
  }
  const place = await locate(String(source), options);
  const name = shownSource(String(source));
  if (place.kind === 'folder') {
    return localOpener(name, (file) => platform.openFile(`${place.path}/${file}`));
  }
  if (place.kind === 'url') return urlOpener(name, place.base, options);
  const { hubOpener } = await import('./hub-opener.ts');
  return hubOpener(name, place, options);
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
