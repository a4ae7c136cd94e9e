/** Errors for a source that names nothing, with the checkpoints that may have been meant. */

import { platform } from '#platform';
import { FilesError } from '../errors.ts';
import { nearestName } from '../options.ts';
import { env } from './options.ts';
import { shownSource } from './redact.ts';

/** The most folders that a message names. */
const MOST_SHOWN = 8;

/** For a path that is no folder. */
export async function notFound(name: string): Promise<FilesError> {
  const source = shownSource(name);
  return new FilesError(
    `Cannot open "${source}": found no such folder, expected a folder, a URL, a hub id (org/name) or a map of files${await nearby(source)}`,
    source,
  );
}

/** For a name that is neither a folder nor a model of the hub, by the hub's answer. */
export async function unknownName(name: string, answer: FilesError): Promise<FilesError> {
  return new FilesError(
    `Cannot open "${name}": found neither a folder nor a model of the hub of that name (${answer.message}), expected a folder, a URL, a hub id (org/name) or a map of files${await nearby(name)}`,
    name,
    { cause: answer },
  );
}

/** The end of a message: the folders with a config.json, the likeliest first. */
export async function nearby(source: string): Promise<string> {
  const { disk } = platform;
  if (!disk || !env.allowLocalModels) return '';
  const parent = /^(.+)[\\/][^\\/]+[\\/]?$/.exec(source)?.[1];
  const places = new Set(['.', 'models', env.localModelPath, ...(parent ? [parent] : [])]);
  const found = new Set<string>();
  for (const place of places) for (const path of await disk.checkpoints(place)) found.add(path);
  if (found.size === 0) return '';
  const nearest = nearestPath(source, [...found]);
  const shown = [...found].slice(0, MOST_SHOWN).map((path) => JSON.stringify(path));
  if (found.size > MOST_SHOWN) shown.push(`and ${found.size - MOST_SHOWN} more`);
  const meant = nearest === undefined ? '' : `; did you mean ${JSON.stringify(nearest)}?`;
  return `; folders with a config.json: ${shown.join(', ')}${meant}`;
}

/** The path whose last name is nearest to that of the source. */
function nearestPath(source: string, paths: readonly string[]): string | undefined {
  const names = paths.map(lastName);
  const name = nearestName(lastName(source), names);
  return name === undefined ? undefined : paths[names.indexOf(name)];
}

function lastName(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== '') ?? path;
}
