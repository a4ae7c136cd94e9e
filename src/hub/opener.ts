/** How the files of one checkpoint are opened: the interface, and the files below a URL. */

import type { FilesError } from '../errors.ts';
import type { FilesOptions } from './options.ts';
import { type ByteSource, type FileStat, openUrl } from './source.ts';

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

/** Of files at hand. */
export function localOpener(name: string, open: Opener['open']): Opener {
  const stat = async (path: string) => {
    const found = await open(path);
    return found && { size: found.size, fromCache: false };
  };
  return { name, open, stat, isListed: async () => true, remove: async () => false };
}

/** Of files below a URL. */
export function urlOpener(name: string, base: URL, options: FilesOptions): Opener {
  const open = (path: string) => openUrl(urlBelow(base, path), options);
  if (base.protocol === 'file:') return localOpener(name, open);
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

/** Encoding keeps a name from leaving the folder or becoming a query. */
export function urlBelow(base: URL, path: string): URL {
  return new URL(path.split('/').map(encodeURIComponent).join('/'), base);
}
