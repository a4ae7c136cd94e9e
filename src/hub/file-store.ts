/**
 * Cached files on a disk: `<folder>/<id>/<path>` for revision main, else
 * `<folder>/<id>/<revision>/<path>`, as transformers.js lays them out. Files that Python's
 * huggingface_hub has downloaded are found too, and never written.
 */

import { platform } from '#platform';
import type { ByteSource, PartFile } from '../platform/types.ts';
import { type Declared, isResumable } from './integrity.ts';
import { env } from './options.ts';
import type { HubFile, Store } from './store.ts';

/** The folder of a FileStore; for runtimes that have a disk. */
export function cacheFolder(cache_dir?: string | null): string {
  return cache_dir ?? env.cacheDir ?? `${platform.disk!.cacheFolder()}/mobilebert-wasm`;
}

export class FileStore implements Store {
  readonly name: string;

  constructor(folder: string) {
    this.name = folder.replace(/(?<=.)[\\/]+$/, '');
  }

  async find(file: HubFile): Promise<ByteSource | undefined> {
    return (await platform.openFile(this.#path(file))) ?? findInPythonCache(file, this.name);
  }

  /** A part of the same version is continued; one that cannot be is discarded. */
  async part(file: HubFile, declared: Declared): Promise<PartFile> {
    const version = fileName(declared.version ?? 'new');
    const open = () => platform.disk!.part(this.#path(file), version);
    const part = await open();
    if (part.size === 0 || (isResumable(declared) && part.size <= declared.size!)) return part;
    await part.discard();
    return open();
  }

  remove(file: HubFile): Promise<boolean> {
    return platform.disk!.remove(this.#path(file));
  }

  #path({ id, revision, path }: HubFile): string {
    const folder = revision === 'main' ? id : `${id}/${revision}`;
    return `${this.name}/${folder}/${path}`;
  }
}

/** A version as part of a file name: etags and dates may hold any character. */
function fileName(version: string): string {
  return version.replace(/[^\w-]/g, '_').slice(0, 80);
}

// ---- Python's cache (huggingface_hub's file_download.py and constants.py) ----
// models--org--name/snapshots/<commit>/<path>; refs/<revision> holds the commit

const COMMIT = /^[0-9a-f]{40}$/;

/**
 * The file in `folder`, where that has the layout of Python's cache, else in Python's own cache.
 * Any failure, also a missing permission, counts as no file.
 */
async function findInPythonCache(file: HubFile, folder: string): Promise<ByteSource | undefined> {
  try {
    return (await findSnapshot(folder, file)) ?? (await findSnapshot(pythonFolder(), file));
  } catch {
    return undefined;
  }
}

async function findSnapshot(
  cache: string,
  { id, revision, path }: HubFile,
): Promise<ByteSource | undefined> {
  const root = `${cache}/models--${id.replaceAll('/', '--')}`;
  const commit = COMMIT.test(revision) ? revision : await readLine(`${root}/refs/${revision}`);
  if (commit === undefined || !COMMIT.test(commit)) return undefined;
  return platform.openFile(`${root}/snapshots/${commit}/${path}`);
}

function pythonFolder(): string {
  const { variable, disk } = platform;
  const home =
    variable('HF_HOME') ??
    `${variable('XDG_CACHE_HOME') ?? `${disk?.homeFolder()}/.cache`}/huggingface`;
  return variable('HF_HUB_CACHE') ?? `${home}/hub`;
}

/** The text of a file of one line. */
async function readLine(path: string): Promise<string | undefined> {
  const file = await platform.openFile(path);
  for await (const chunk of file?.stream() ?? []) return new TextDecoder().decode(chunk).trim();
  return undefined;
}
