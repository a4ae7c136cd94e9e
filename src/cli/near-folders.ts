/**
 * What a name that leads to no checkpoint was meant to be: the nearest folders that have a
 * config.json. Files that lists of texts come from get the nearest name of their folder.
 */

import { access, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { FilesError } from '../errors.ts';
import { nearestName } from '../options.ts';

/** Folders that are looked at, and how deep. */
const MOST_FOLDERS = 500;
const DEPTH = 3;

/** Folders that a message names. */
const SHOWN = 3;

/**
 * Does work that opens a checkpoint. A FilesError gets a sentence about folders on this machine,
 * unless the source is a URL or a folder with a config.json.
 */
export async function withNearFolders<T>(source: string | URL, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FilesError) || source instanceof URL) throw error;
    const hint = await hintFor(source, error.message);
    if (hint === '') throw error;
    // The library ends its message with a list of its own.
    const message = error.message.replace(/; folders with a config\.json: .*$/s, '');
    throw new FilesError(`${message}. ${hint}`, error.file, { cause: error });
  }
}

/** A sentence; empty where nothing can be said that the message does not say. */
async function hintFor(source: string, message: string): Promise<string> {
  if (/^[a-z][a-z+.-]+:/i.test(source) || (await isCheckpoint(source))) return '';
  if (await isFile(source)) {
    const folder = path.dirname(source);
    const meant = (await isCheckpoint(folder)) ? `. Did you mean its folder "${folder}"?` : '';
    return `"${source}" is a file, expected a folder${meant}`;
  }
  const isThere = await exists(source);
  const folders = isThere ? await checkpointsIn(source) : await around(source);
  const near = isThere ? [] : nearest(source, folders);
  const quoted = (names: readonly string[]) => names.slice(0, SHOWN).map((name) => `"${name}"`);
  const sentences: string[] = [];
  if (!isThere && !message.includes('no such folder')) {
    sentences.push(`There is no folder "${source}" on this machine.`);
  }
  if (near.length > 0) sentences.push(`Did you mean ${quoted(near).join(' or ')}?`);
  else if (folders.length > 0) {
    sentences.push(`Folders with a config.json: ${quoted(folders).join(', ')}`);
  }
  return sentences.join(' ');
}

/** Folders with a config.json below the working folder, and below the folder that was to hold it. */
async function around(source: string): Promise<string[]> {
  const found = await checkpointsIn('.');
  let parent = path.dirname(source);
  while (!(await exists(parent)) && path.dirname(parent) !== parent) parent = path.dirname(parent);
  const isOutside = path.relative('.', parent).startsWith('..');
  return isOutside && parent !== path.dirname(parent)
    ? [...found, ...(await checkpointsIn(parent))]
    : found;
}

/** Folders with a similar last name, or of which some other part of the path is similar. */
function nearest(source: string, folders: readonly string[]): string[] {
  const wanted = path.normalize(source).replace(/\/$/, '');
  const isNear = (folder: string) => {
    const [found, expected] = differingParts(wanted, folder);
    const isMeant = nearestName(found, [expected]) !== undefined;
    return isMeant || nearestName(path.basename(wanted), [path.basename(folder)]) !== undefined;
  };
  const isSame = (folder: string) => path.basename(folder) === path.basename(wanted);
  const near = folders.filter(isNear);
  return [...near.filter(isSame), ...near.filter((folder) => !isSame(folder))];
}

/** What is left of two paths without the names at both ends that they share. */
function differingParts(a: string, b: string): [string, string] {
  const [one, other] = [a.split(path.sep), b.split(path.sep)];
  while (one.length > 1 && other.length > 1 && one[0] === other[0]) {
    one.shift();
    other.shift();
  }
  while (one.length > 1 && other.length > 1 && one.at(-1) === other.at(-1)) {
    one.pop();
    other.pop();
  }
  return [one.join('/'), other.join('/')];
}

/** Paths of folders with a config.json at or below a folder; breadth first, within bounds. */
async function checkpointsIn(root: string): Promise<string[]> {
  const found: string[] = [];
  let level = [root];
  let left = MOST_FOLDERS;
  for (let depth = 0; depth <= DEPTH && level.length > 0; depth++) {
    const below: string[] = [];
    for (const folder of level) {
      if (--left < 0) return found;
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      if (folder !== root && entries.some(({ name }) => name === 'config.json')) found.push(folder);
      for (const entry of entries) {
        if (!entry.isDirectory() || /^\.|^node_modules$/.test(entry.name)) continue;
        below.push(path.join(folder, entry.name));
      }
    }
    level = below;
  }
  return found;
}

const isCheckpoint = (folder: string) => exists(path.join(folder, 'config.json'));

function isFile(place: string): Promise<boolean> {
  return stat(place).then(
    (found) => found.isFile(),
    () => false,
  );
}

function exists(place: string): Promise<boolean> {
  return access(place).then(
    () => true,
    () => false,
  );
}

/** `, did you mean "questions.txt"?` for a file that is not there; empty where none is near. */
export async function nearFile(file: string): Promise<string> {
  const names = await readdir(path.dirname(file)).catch(() => []);
  const near = nearestName(path.basename(file), names);
  return near === undefined ? '' : `, did you mean "${path.join(path.dirname(file), near)}"?`;
}
