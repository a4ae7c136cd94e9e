/**
 * Files that Python's huggingface_hub has loaded: `models--org--name/snapshots/<commit>/<path>`, and
 * `refs/<revision>` with the commit (its file_download.py and constants.py). Read, never written.
 */

import { platform } from '#platform';
import type { ByteSource } from '../platform/types.ts';
import type { HubFile } from './store.ts';

const COMMIT = /^[0-9a-f]{40}$/;

/**
 * The file in `folder`, where that is laid out as Python's cache, or in Python's own. Whatever keeps
 * it from being read, a missing permission too, means that it is not there.
 */
export async function findInPythonCache(
  file: HubFile,
  folder: string,
): Promise<ByteSource | undefined> {
  try {
    return (await findIn(folder, file)) ?? (await findIn(pythonFolder(), file));
  } catch {
    return undefined;
  }
}

async function findIn(
  cache: string,
  { id, revision, path }: HubFile,
): Promise<ByteSource | undefined> {
  const root = `${cache}/models--${id.replaceAll('/', '--')}`;
  const commit = COMMIT.test(revision) ? revision : await readShort(`${root}/refs/${revision}`);
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

/** A file of one line. */
async function readShort(path: string): Promise<string | undefined> {
  const file = await platform.openFile(path);
  for await (const chunk of file?.stream() ?? []) return new TextDecoder().decode(chunk).trim();
  return undefined;
}
