/** `npx mobilebert-wasm cache`: lists and deletes models downloaded from the Hugging Face Hub. */

import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder } from '../../hub/file-store.ts';
import { nearestName } from '../../options.ts';
import { parseArguments, UsageError } from '../arguments.ts';
import { helpText, jsonHelp, PROGRAM } from '../help.ts';
import { type Command, type Io, print } from '../io.ts';
import { formatTable, tableStyle } from '../table.ts';
import { verifyCache } from './cache-verify.ts';

const OPTIONS = { json: { type: 'boolean' } } as const;

const COLUMNS = [
  { title: 'Model', isFlexible: true },
  { title: 'Files', pad: 'left' },
  { title: 'Size', pad: 'left' },
  { title: 'Unfinished', pad: 'left' },
] as const;

/** A model in the cache, with all its revisions. */
interface CachedModel {
  readonly id: string;
  readonly files: number;
  readonly bytes: number;
  /** Of interrupted downloads, which can be resumed. */
  readonly unfinished_bytes: number;
}

/** What is done with the cache. */
interface Action {
  /** Its arguments: `[ID]`. */
  readonly usage: string;
  readonly mostIds: number;
  run(ids: readonly string[], folder: string, isJson: boolean, io: Io): Promise<void>;
}

/** The actions: the one list. Help, dispatch and suggestions are derived from it. */
const ACTIONS: Readonly<Record<string, Action>> = {
  list: {
    usage: '',
    mostIds: 0,
    async run(_, folder, isJson, io) {
      const models = await modelsIn(folder);
      return isJson ? printJson(models, io) : printTable(models, folder, io);
    },
  },
  clear: {
    usage: ' [ID]',
    mostIds: 1,
    async run([id], folder, isJson, io) {
      const chosen = await choose(id, 'clear', folder);
      for (const model of chosen) await remove(folder, model.id);
      if (isJson) return printJson(chosen, io);
      const bytes = chosen.reduce((sum, model) => sum + model.bytes + model.unfinished_bytes, 0);
      const count = `${chosen.length} model${chosen.length === 1 ? '' : 's'}`;
      return print(io.stdout, `Deleted ${count} (${megabytes(bytes)}) from ${folder}\n`);
    },
  },
  verify: {
    usage: ' [ID]',
    mostIds: 1,
    async run([id], folder, isJson, io) {
      const ids = (await choose(id, 'verify', folder)).map((model) => model.id);
      return verifyCache(ids, folder, isJson, io);
    },
  },
};

export const cache: Command = {
  help: helpText({
    about: ['Lists, checks or deletes models that were downloaded from the Hugging Face Hub.'],
    usage: Object.entries(ACTIONS).map(([name, { usage }]) => `cache ${name} [OPTIONS]${usage}`),
    notes: [
      'ID is the id of a model, such as org/name. "clear" without ID deletes all models.',
      '"verify" checks the files of one model or of all, by the hub\'s hashes where it can be reached, and deletes those that are wrong. With --json it prints {"id", "file", "flaw"} for each file.',
    ],
    options: [jsonHelp(' per model', '{"id", "files", "bytes", "unfinished_bytes"}')],
    examples: ['cache list', 'cache verify', 'cache clear google/mobilebert-uncased'],
  }),

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const [name = '', ...ids] = positionals;
    if (!Object.hasOwn(ACTIONS, name)) throw wrongAction(positionals);
    const action = ACTIONS[name]!;
    if (ids.length > action.mostIds) throw wrongAction(positionals);
    return action.run(ids, cacheFolder(), values.json === true, io);
  },
};

function wrongAction(found: readonly string[]): UsageError {
  const names = Object.keys(ACTIONS);
  const [name = ''] = found;
  const near = Object.hasOwn(ACTIONS, name) ? undefined : nearestName(name, names);
  const quoted = (all: readonly string[]) => all.map((one) => `"${one}"`).join(' or ');
  const withId = names.filter((one) => ACTIONS[one]!.mostIds > 0);
  const expected =
    near === undefined ? `${quoted(names)}, and an ID only after ${quoted(withId)}` : `"${near}"`;
  return new UsageError(
    `Cannot read arguments: found ${JSON.stringify(found.join(' '))}, expected ${expected}`,
  );
}

/** The cached model with an id, or all of them. @throws Error where there is none */
async function choose(
  id: string | undefined,
  action: string,
  folder: string,
): Promise<CachedModel[]> {
  const models = await modelsIn(folder);
  const chosen = id === undefined ? models : models.filter((model) => model.id === id);
  if (id !== undefined && chosen.length === 0) throw notCached(id, action, models, folder);
  return chosen;
}

function notCached(
  id: string,
  action: string,
  models: readonly CachedModel[],
  folder: string,
): Error {
  const near = nearestName(
    id,
    models.map((model) => model.id),
  );
  const expected = near === undefined ? `an ID that "${PROGRAM} cache list" shows` : `"${near}"`;
  return new Error(
    `Cannot ${action} "${id}": it is not in the cache "${folder}", expected ${expected}`,
  );
}

function printJson(models: readonly CachedModel[], io: Io): Promise<void> {
  return print(io.stdout, models.map((model) => `${JSON.stringify(model)}\n`).join(''));
}

function printTable(models: readonly CachedModel[], folder: string, io: Io): Promise<void> {
  if (models.length === 0) return print(io.stdout, `Nothing in ${folder}\n`);
  const rows = models.map(({ id, files, bytes, unfinished_bytes: rest }) => [
    id,
    String(files),
    megabytes(bytes),
    rest > 0 ? megabytes(rest) : '',
  ]);
  const total = megabytes(models.reduce((sum, model) => sum + model.bytes, 0));
  return print(io.stdout, `${formatTable(COLUMNS, rows, tableStyle(io))}${total} in ${folder}\n`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The models of a cache folder, in `name` or `org/name`. A folder without files is an `org`. */
async function modelsIn(folder: string): Promise<CachedModel[]> {
  const models: CachedModel[] = [];
  for (const first of await foldersIn(folder)) {
    // Python's huggingface_hub may share the folder; its models are not ours to delete.
    if (first.startsWith('models--')) continue;
    const place = path.join(folder, first);
    const isModel = (await readdir(place, { withFileTypes: true })).some((entry) => entry.isFile());
    const ids = isModel ? [first] : (await foldersIn(place)).map((name) => `${first}/${name}`);
    for (const id of ids) models.push(await measure(folder, id));
  }
  return models;
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

async function measure(folder: string, id: string): Promise<CachedModel> {
  const all = { id, files: 0, bytes: 0, unfinished_bytes: 0 };
  const names = await readdir(path.join(folder, id), { recursive: true });
  for (const name of names) {
    const found = await stat(path.join(folder, id, name)).catch(() => undefined);
    if (!found?.isFile()) continue;
    if (name.endsWith('.part')) all.unfinished_bytes += found.size;
    else {
      all.files++;
      all.bytes += found.size;
    }
  }
  return all;
}

/** Deletes a model's folder, and that of its organisation if it is empty then. */
async function remove(folder: string, id: string): Promise<void> {
  await rm(path.join(folder, id), { recursive: true, force: true });
  if (id.includes('/')) await rmdir(path.dirname(path.join(folder, id))).catch(() => {});
}
