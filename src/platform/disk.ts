/**
 * The file system of Node, Deno and Bun, as the place of cached downloads. A file is written as a
 * part beside its place and moved there when it is complete. A part's name holds the id of the
 * process that writes it. A process claims a part by renaming it: only one of two can succeed.
 */

import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { readFileChunks } from './read-file.ts';
import type { Disk, PartFile } from './types.ts';

/** A part not written to for so long is abandoned, even if a process has the id in its name. */
const ABANDONED_AFTER_MS = 300_000;

/** The most entries of a folder that are looked at for checkpoints. */
const MOST_ENTRIES = 500;

export const disk: Disk = {
  cacheFolder() {
    const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
    if (XDG_CACHE_HOME) return XDG_CACHE_HOME;
    if (process.platform === 'win32' && LOCALAPPDATA) return LOCALAPPDATA;
    return path.join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache');
  },

  homeFolder: homedir,

  async part(file, version) {
    await mkdir(path.dirname(file), { recursive: true });
    const base = `${file}.${version}`;
    const own = `${base}.${process.pid}-${Math.random().toString(36).slice(2, 10)}.part`;
    await claim(base, own);
    const handle = await open(own, 'a');
    try {
      // A claimed part is old: without a new time, another process would see it as abandoned.
      await utimes(own, new Date(), new Date());
      return new OwnPart(handle, (await stat(own)).size, { own, free: `${base}.part`, file });
    } catch (error) {
      await handle.close();
      throw error;
    }
  },

  async remove(file) {
    const isThere = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isThere) await rm(file);
    return isThere;
  },

  async checkpoints(folder) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const found: string[] = [];
    for (const entry of entries.slice(0, MOST_ENTRIES)) {
      if (entry.isFile()) continue;
      const place = path.join(folder, entry.name);
      const config = await stat(path.join(place, 'config.json')).catch(() => undefined);
      if (config?.isFile()) found.push(place);
    }
    return found;
  },
};

interface Names {
  /** Of the part while it is written. */
  readonly own: string;
  /** Of the part after its release, for the next writer to claim. */
  readonly free: string;
  /** Of the complete file. */
  readonly file: string;
}

class OwnPart implements PartFile {
  readonly #handle: FileHandle;
  readonly #names: Names;
  readonly size: number;

  constructor(handle: FileHandle, size: number, names: Names) {
    this.#handle = handle;
    this.size = size;
    this.#names = names;
  }

  read(): AsyncIterable<Uint8Array> {
    return readFileChunks(this.#names.own);
  }

  async write(chunk: Uint8Array): Promise<void> {
    let written = 0;
    while (written < chunk.length) {
      const { bytesWritten } = await this.#handle.write(chunk, written);
      written += bytesWritten;
    }
  }

  async commit(): Promise<void> {
    await this.#handle.close();
    await rename(this.#names.own, this.#names.file);
  }

  async release(): Promise<void> {
    await this.#handle.close();
    const { size } = await stat(this.#names.own);
    if (size === 0) await rm(this.#names.own, { force: true });
    else await rename(this.#names.own, this.#names.free);
  }

  async discard(): Promise<void> {
    await this.#handle.close();
    await rm(this.#names.own, { force: true });
  }
}

/** Renames a free or abandoned part to `own`, if there is one. Of two processes, one fails. */
async function claim(base: string, own: string): Promise<void> {
  const folder = path.dirname(base);
  const start = `${path.basename(base)}.`;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(start) || !name.endsWith('.part')) continue;
    const owner = name.slice(start.length).match(/^(\d+)-\w+\.part$/)?.[1];
    const found = path.join(folder, name);
    if (owner !== undefined && (await isInUse(found, Number(owner)))) continue;
    const isClaimed = await rename(found, own).then(
      () => true,
      () => false,
    );
    if (isClaimed) return;
  }
}

async function isInUse(part: string, owner: number): Promise<boolean> {
  const found = await stat(part).catch(() => undefined);
  if (!found || Date.now() - found.mtimeMs > ABANDONED_AFTER_MS) return false;
  try {
    // Signal 0 is not sent; `kill` only tests whether the process exists.
    return process.kill(owner, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
