/** How the files of a hub id are opened: from the own site, the cache or the hub. */

import { FilesError } from '../errors.ts';
import { AbsentError } from './failures.ts';
import type { Place } from './locate.ts';
import { nearby, unknownName } from './near.ts';
import { type Opener, urlBelow, urlOpener } from './opener.ts';
import { env, type FilesOptions } from './options.ts';
import { shownUrl } from './redact.ts';
import { mayFetch, openRepository } from './repository.ts';
import type { ByteSource } from './source.ts';

type HubPlace = Extract<Place, { kind: 'hub' }>;

/**
 * Opens a model of the hub, or its copy on the own site.
 *
 * @throws FilesError where nothing may be fetched and nothing is cached
 */
export async function hubOpener(
  name: string,
  place: HubPlace,
  options: FilesOptions,
): Promise<Opener> {
  const { id, revision, base, local: copy } = place;
  const repository = { id, revision, urlOf: (path: string) => urlBelow(base, path) };
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
