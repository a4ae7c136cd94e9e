/** Checks cached files again: against the hub's hashes where it can be asked, else by their kind. */

import { platform } from '#platform';
import type { ByteSource } from '../platform/types.ts';
import { isOffline } from './host.ts';
import { Check, type Declared, MismatchError } from './integrity.ts';
import { LazyListing } from './listing.ts';
import { env } from './options.ts';

/**
 * What is wrong with each cached file of a model; null for a right one.
 *
 * @param root the model's folder in the cache
 * @param files their paths in it
 */
export async function verifyFiles(
  id: string,
  root: string,
  files: readonly string[],
): Promise<Map<string, string | null>> {
  const mayAsk = env.allowRemoteModels && !isOffline();
  const declared = mayAsk ? await new LazyListing(id, 'main', {}).all() : undefined;
  const flaws = new Map<string, string | null>();
  for (const file of files) {
    const source = await platform.openFile(`${root}/${file}`);
    if (source) flaws.set(file, (await flawOf(source, file, declared?.get(file))) ?? null);
  }
  return flaws;
}

/** Deletes a file of a cache. */
export async function removeFile(path: string): Promise<void> {
  await platform.disk?.remove(path);
}

/**
 * What is wrong with a cached file; undefined where nothing is.
 *
 * @param path in the repository
 * @param declared what the hub says of it, if anything
 */
export async function flawOf(
  source: ByteSource,
  path: string,
  declared: Declared = {},
): Promise<string | undefined> {
  const check = new Check(path, declared, path);
  try {
    for await (const chunk of source.stream()) check.take(chunk);
    if (check.received === 0) return 'it is empty';
    check.end();
    return undefined;
  } catch (error) {
    if (error instanceof MismatchError) {
      return error.message.replace(`Cannot read ${path}: `, '').replace(/; nothing of it.*$/, '');
    }
    throw error;
  }
}
