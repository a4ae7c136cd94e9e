/** `mobilebert cache`: lists and deletes models downloaded from the Hugging Face Hub. */

import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder } from '../../hub/file-store.ts';
import { parseArguments, UsageError } from '../arguments.ts';
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

export const cache: Command = {
  help: `\
Lists or deletes models that were downloaded from the Hugging Face Hub.

Usage: mobilebert cache list [OPTIONS]
       mobilebert cache clear [OPTIONS] [ID]
       mobilebert cache verify [OPTIONS] [ID]

ID is the id of a model, such as org/name. "clear" without ID deletes all
models. "verify" checks the files of one model or of all, by the hub's hashes
where it can be reached, and deletes those that are wrong.

      --json           print one JSON object per model:
                       {"id", "files", "bytes", "unfinished_bytes"};
                       for "verify" one per file: {"id", "file", "flaw"}
  -h, --help           show this help
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const [action, id, ...others] = positionals;
    const folder = cacheFolder();
    const models = await modelsIn(folder);
    if (action === 'list' && id === undefined) {
      return values.json ? printJson(models, io) : printTable(models, folder, io);
    }
    if (!['clear', 'verify'].includes(action ?? '') || others.length > 0) {
      throw new UsageError(
        `Cannot read arguments: found ${JSON.stringify(positionals.join(' '))}, expected "list", "clear" or "verify" and at most one ID`,
      );
    }
    const chosen = id === undefined ? models : models.filter((model) => model.id === id);
    if (id !== undefined && chosen.length === 0) {
      throw new Error(
        `Cannot ${action} "${id}": it is not in the cache "${folder}", expected an ID that "mobilebert cache list" shows`,
      );
    }
    if (action === 'verify') {
      const ids = chosen.map((model) => model.id);
      return verifyCache(ids, folder, values.json === true, io);
    }
    for (const model of chosen) await remove(folder, model.id);
    if (values.json) return printJson(chosen, io);
    const bytes = chosen.reduce((sum, model) => sum + model.bytes + model.unfinished_bytes, 0);
    const count = `${chosen.length} model${chosen.length === 1 ? '' : 's'}`;
    return print(io.stdout, `Deleted ${count} (${megabytes(bytes)}) from ${folder}\n`);
  },
};

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
