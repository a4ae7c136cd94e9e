/**
 * Downloads kept in files: `<folder>/<id>/<path>`, of other revisions than main
 * `<folder>/<id>/<revision>/<path>`, as transformers.js has them. What Python has loaded is found too.
 */

import { platform } from '#platform';
import type { ByteSource } from '../platform/types.ts';
import { type Declared, isResumable } from './declared.ts';
import { findInPythonCache } from './python-cache.ts';
import type { HubFile, Sink, Store } from './store.ts';

export class FileStore implements Store {
  readonly name: string;

  constructor(folder: string) {
    this.name = folder.replace(/(?<=.)[\\/]+$/, '');
  }

  async find(file: HubFile): Promise<ByteSource | undefined> {
    return (await platform.openFile(this.#path(file))) ?? findInPythonCache(file, this.name);
  }

  async sink(file: HubFile, declared: Declared): Promise<Sink> {
    const version = fileName(declared.version ?? 'new');
    const begin = () => platform.disk!.part(this.#path(file), version);
    const part = await begin();
    if (part.size === 0 || (isResumable(declared) && part.size <= declared.size!)) return part;
    await part.discard();
    return begin();
  }

  #path({ id, revision, path }: HubFile): string {
    const folder = revision === 'main' ? id : `${id}/${revision}`;
    return `${this.name}/${folder}/${path}`;
  }
}

/** A version as part of a file's name: etags and dates hold anything. */
function fileName(version: string): string {
  return version.replace(/[^\w-]/g, '_').slice(0, 80);
}
