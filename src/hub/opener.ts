/** How the files of a source are opened, by its kind: folder, URL, hub id, handle or map. */

import { platform } from '#platform';
import { FilesError } from '../errors.ts';
import { AbsentError } from './failures.ts';
import { locate, type Place } from './locate.ts';
import { nearby, unknownName } from './near.ts';
import { env, type FilesOptions } from './options.ts';
import { shownSource, shownUrl } from './redact.ts';
import {
  type ByteSource,
  type FileHandle,
  type FileLike,
  type FileStat,
  type FolderHandle,
  openSource,
  openUrl,
  type Source,
} from './source.ts';

/** Opens the files of one checkpoint by their paths. */
export interface Opener {
  readonly name: string;
  /** @throws AbsentError, or undefined, where there is none */
  open(path: string): Promise<ByteSource | undefined>;
  stat(path: string): Promise<FileStat | undefined>;
  /** Whether asking for a file that is not there costs nothing; `mayAsk` for a list. */
  isListed(mayAsk: boolean): Promise<boolean>;
  remove(path: string): Promise<boolean>;
  /** The error of a checkpoint that lacks what it must have. */
  explain?(error: FilesError): Promise<FilesError>;
}

/** @throws FilesError for what names no checkpoint */
export async function openerOf(source: Source, options: FilesOptions): Promise<Opener> {
  if (typeof source === 'object' && !(source instanceof URL)) {
    const isFolder = isFolderHandle(source);
    return local(isFolder ? source.name : 'files', async (file) => {
      const value = isFolder ? await fileIn(source, file) : entryOf(source, file);
      return value === undefined ? undefined : openSource(value, file, options);
    });
  }
  const place = await locate(String(source), options);
  const name = shownSource(String(source));
  if (place.kind === 'folder') {
    return local(name, (file) => platform.openFile(`${place.path}/${file}`));
  }
  return place.kind === 'url'
    ? urlOpener(name, place.base, options)
    : hubOpener(name, place, options);
}

/** Of files at hand. */
function local(name: string, open: Opener['open']): Opener {
  const stat = async (path: string) => {
    const found = await open(path);
    return found && { size: found.size, fromCache: false };
  };
  return { name, open, stat, isListed: async () => true, remove: async () => false };
}

function urlOpener(name: string, base: URL, options: FilesOptions): Opener {
  const open = (path: string) => openUrl(urlBelow(base, path), options);
  if (base.protocol === 'file:') return local(name, open);
  return {
    name,
    open,
    async stat(path) {
      const { fetchSize } = await import('./download.ts');
      return { size: await fetchSize(urlBelow(base, path), options), fromCache: false };
    },
    isListed: async () => false,
    remove: async () => false,
  };
}

type HubPlace = Extract<Place, { kind: 'hub' }>;

async function hubOpener(name: string, place: HubPlace, options: FilesOptions): Promise<Opener> {
  const { id, revision, base, local: copy } = place;
  const repository = { id, revision, urlOf: (path: string) => urlBelow(base, path) };
  const { mayFetch, openRepository } = await import('./repository.ts');
  if (copy === undefined) {
    const files = await openRepository(repository, options);
    return { name, ...files, explain: (error) => unknownName(name, error) };
  }
  // Files of the own site are local: no rule against the hub's forbids them.
  const own = urlOpener(name, copy, { ...options, local_files_only: false });
  if (!mayFetch(options)) {
    const cached = await openRepository(repository, options).catch(() => undefined);
    return {
      ...own,
      open: (path) => cachedOr(own, cached, path),
      remove: async (path) => (await cached?.remove(path)) ?? false,
      explain: async (error) => localOnly(name, copy, error),
    };
  }
  const files = await openRepository(repository, options);
  const remote: Opener = { name, ...files, explain: (error) => unknownName(name, error) };
  return firstThat(own, remote, options.subfolder ? `${options.subfolder}/` : '');
}

/** A file of the own site, else of the cache. @throws AbsentError of the own site */
async function cachedOr(
  own: Opener,
  cached: Pick<Opener, 'open'> | undefined,
  path: string,
): Promise<ByteSource | undefined> {
  try {
    return await own.open(path);
  } catch (error) {
    const found = error instanceof AbsentError ? await cached?.open(path) : undefined;
    if (found) return found;
    throw error;
  }
}

/** The own site where it has the checkpoint, told by its config.json, else the hub. */
function firstThat(own: Opener, remote: Opener, folder: string): Opener {
  const marker = `${folder}config.json`;
  let opened: Promise<ByteSource | undefined> | undefined;
  let chosen: Promise<Opener> | undefined;
  const choose = () => {
    opened ??= own.open(marker).catch((error: unknown) => {
      if (error instanceof AbsentError) return undefined;
      throw error;
    });
    chosen ??= opened.then((found) => (found ? own : remote));
    return chosen;
  };
  return {
    name: own.name,
    async open(path) {
      const one = await choose();
      const first = path === marker ? await opened : undefined;
      opened = path === marker ? Promise.resolve(undefined) : opened;
      return first ?? one.open(path);
    },
    stat: async (path) => (await choose()).stat(path),
    isListed: async (mayAsk) => (await choose()).isListed(mayAsk),
    remove: async (path) => (await choose()).remove(path),
    explain: async (error) => ((await choose()) === remote ? remote.explain!(error) : error),
  };
}

async function localOnly(name: string, copy: URL, error: FilesError): Promise<FilesError> {
  const rule = env.allowRemoteModels ? 'nothing may be fetched' : 'env.allowRemoteModels is false';
  return new FilesError(
    `Cannot open "${name}": it is not at ${shownUrl(copy)} (${error.message}) and ${rule}, expected its files there or in the cache${await nearby(name)}`,
    name,
    { cause: error },
  );
}

/** Encoding keeps a name from leaving the folder or becoming a query. */
function urlBelow(base: URL, path: string): URL {
  return new URL(path.split('/').map(encodeURIComponent).join('/'), base);
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
