/** locate(): from the string that names a checkpoint to the folder, URL or repository it means. */

import { platform } from '#platform';
import { FilesError } from '../errors.ts';
import { env, type FilesOptions, LOCAL_MODEL_PATH } from './options.ts';

/** Where a checkpoint's files are; URLs end in a slash. */
export type Place =
  | { kind: 'folder'; path: string }
  | { kind: 'url'; base: URL }
  | { kind: 'hub'; base: URL; id: string; revision: string; local: URL | undefined };

/** The hub's rule: optional organisation, then a name of letters, digits, `-`, `_` and `.`. */
const HUB_ID = /^([\w-][\w.-]*\/)?[\w-][\w.-]{0,95}$/;

/** Slashes are allowed. Characters that git forbids could lead out of the cache folder. */
const REVISION = /^[^\s/\\:?*[~^][^\s\\:?*[~^]*$/;

/**
 * Finds a checkpoint. In this order, `source` is a URL, the path of a folder, the name of a folder
 * in `env.localModelPath`, a hub id, or a path on the page's own site. A `localModelPath` on a
 * server is part of the answer: only the files tell whether they are there.
 *
 * @throws FilesError when it is none of them
 */
export async function locate(source: string, options: FilesOptions): Promise<Place> {
  if (/^(https?|file):/i.test(source)) return { kind: 'url', base: folderUrl(source) };
  const isHubId = HUB_ID.test(source) && !source.includes('..');
  const local = isHubId ? localUrl(source) : undefined;
  if (env.allowLocalModels) {
    const copy = `${env.localModelPath.replace(/\/$/, '')}/${source}`;
    if (await platform.isFolder(source)) return { kind: 'folder', path: source };
    if (isHubId && !local && (await platform.isFolder(copy))) return { kind: 'folder', path: copy };
  }
  if (isHubId) return hubPlace(source, options.revision, local);
  const url = platform.pathUrl(source);
  if (url !== undefined) return { kind: 'url', base: folderUrl(url.href) };
  // Loaded on demand, as all that only errors and the hub need.
  const { notFound } = await import('./near.ts');
  throw await notFound(source);
}

/**
 * The folder of a hub id on a server: below a `localModelPath` that is a URL, or a path of the
 * page's own site. A page is not asked as long as its path is the default and the hub may answer.
 */
function localUrl(id: string): URL | undefined {
  const { localModelPath: place, allowLocalModels, allowRemoteModels } = env;
  const folder = `${place.replace(/\/$/, '')}/${id}`;
  if (!allowLocalModels) return undefined;
  if (/^https?:/i.test(place)) return folderUrl(folder);
  const isChosen = place !== LOCAL_MODEL_PATH || !allowRemoteModels;
  const url = isChosen ? platform.pathUrl(folder) : undefined;
  return url && folderUrl(url.href);
}

/** The folder of a hub repository, by the template that transformers.js uses. */
async function hubPlace(id: string, revision = 'main', local: URL | undefined): Promise<Place> {
  const { hubHost } = await import('./host.ts');
  if (!REVISION.test(revision) || revision.includes('..')) {
    throw new FilesError(
      `Cannot open "${id}": revision is ${JSON.stringify(revision)}, expected a branch, a tag or a commit`,
      id,
    );
  }
  const path = env.remotePathTemplate
    .replaceAll('{model}', id)
    .replaceAll('{revision}', encodeURIComponent(revision));
  return { kind: 'hub', id, revision, base: folderUrl(`${hubHost()}/${path}`), local };
}

/** The URL without query and fragment, with a slash at its end: file names resolve below it. */
function folderUrl(source: string): URL {
  if (!URL.canParse(source)) {
    throw new FilesError(
      'Cannot open the source: it begins like a URL and is none, expected "https://host/path"',
      'URL',
    );
  }
  const url = new URL(source);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  url.search = '';
  url.hash = '';
  return url;
}
