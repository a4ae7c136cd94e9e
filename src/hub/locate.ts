/** locate(): from the string that names a checkpoint to the folder, URL or repository it means. */

import { platform } from '#platform';
import { FilesError } from '../errors.ts';
import { env, type FilesOptions } from './options.ts';

/** Where a checkpoint's files are; URLs end in a slash. */
export type Place =
  | { kind: 'folder'; path: string }
  | { kind: 'url'; base: URL }
  | { kind: 'hub'; base: URL; id: string; revision: string };

/** The hub's rule: optional organisation, then a name of letters, digits, `-`, `_` and `.`. */
const HUB_ID = /^([\w-][\w.-]*\/)?[\w-][\w.-]{0,95}$/;

/** Slashes are allowed. Characters that git forbids could lead out of the cache folder. */
const REVISION = /^[^\s/\\:?*[~^][^\s\\:?*[~^]*$/;

/**
 * Finds a checkpoint. In this order, `source` is a URL, the path of a folder, the name of a folder
 * in `env.localModelPath`, a hub id, or a path on the page's own site.
 *
 * @throws FilesError when it is none of them
 */
export async function locate(source: string, options: FilesOptions): Promise<Place> {
  if (/^(https?|file):/i.test(source)) return { kind: 'url', base: folderUrl(source) };
  const isHubId = HUB_ID.test(source) && !source.includes('..');
  if (env.allowLocalModels) {
    const copy = `${env.localModelPath.replace(/\/$/, '')}/${source}`;
    if (await platform.isFolder(source)) return { kind: 'folder', path: source };
    if (isHubId && (await platform.isFolder(copy))) return { kind: 'folder', path: copy };
  }
  if (isHubId) return hubPlace(source, options.revision);
  const url = platform.pathUrl(source);
  if (url !== undefined) return { kind: 'url', base: folderUrl(url.href) };
  throw notFound(source);
}

/** The folder of a hub repository, by the template that transformers.js uses. */
function hubPlace(id: string, revision = 'main'): Place {
  if (!REVISION.test(revision) || revision.includes('..')) {
    throw new FilesError(
      `Cannot open "${id}": revision is ${JSON.stringify(revision)}, expected a branch, a tag or a commit`,
      id,
    );
  }
  const path = env.remotePathTemplate
    .replaceAll('{model}', id)
    .replaceAll('{revision}', encodeURIComponent(revision));
  const base = folderUrl(`${env.remoteHost.replace(/\/$/, '')}/${path}`);
  return { kind: 'hub', id, revision, base };
}

function notFound(source: string): FilesError {
  return new FilesError(
    `Cannot open "${source}": found no such folder, expected a folder, a URL, a hub id (org/name) or a map of files`,
    source,
  );
}

/** The URL without query and fragment, with a slash at its end: file names resolve below it. */
function folderUrl(source: string): URL {
  const url = new URL(source);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  url.search = '';
  url.hash = '';
  return url;
}
