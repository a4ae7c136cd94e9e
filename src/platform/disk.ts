/**
 * Node's, Deno's and Bun's file system as a place to keep downloads: files come to be beside their
 * place and are moved there whole. A part belongs to the process whose id is in its name; the move
 * that puts it there is what keeps two processes from writing one file.
 */

import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { readFileChunks } from './read-file.ts';
import type { Disk, PartFile } from './types.ts';

/** A part that nobody has written to for so long is nobody's, whatever process has that id by now. */
const ABANDONED_AFTER_MS = 300_000;

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
    await takeUp(base, own);
    const handle = await open(own, 'a');
    // So that what was taken up is not taken for abandoned again.
    await utimes(own, new Date(), new Date());
    return new OwnPart(handle, (await stat(own)).size, { own, free: `${base}.part`, file });
  },
};

interface Names {
  /** While it is written. */
  readonly own: string;
  /** Where the next writer finds it. */
  readonly free: string;
  /** Where it goes. */
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

/** Makes the part that somebody left behind one's own; where two try, one finds it gone. */
async function takeUp(base: string, own: string): Promise<void> {
  const folder = path.dirname(base);
  const start = `${path.basename(base)}.`;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(start) || !name.endsWith('.part')) continue;
    const owner = name.slice(start.length).match(/^(\d+)-\w+\.part$/)?.[1];
    const found = path.join(folder, name);
    if (owner !== undefined && (await isInUse(found, Number(owner)))) continue;
    const isTaken = await rename(found, own).then(
      () => true,
      () => false,
    );
    if (isTaken) return;
  }
}

async function isInUse(part: string, owner: number): Promise<boolean> {
  const found = await stat(part).catch(() => undefined);
  if (!found || Date.now() - found.mtimeMs > ABANDONED_AFTER_MS) return false;
  try {
    // Signal 0 is not sent: it only asks whether there is such a process.
    return process.kill(owner, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
