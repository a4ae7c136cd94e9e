/** Node, Deno and Bun: files through node:fs. */

import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { urls } from '../../wasm/node-urls.js';
import { FilesError } from '../errors.ts';
import { disk } from './disk.ts';
import { fusesSlowly } from './fused-sums.ts';
import { threads } from './node-threads.ts';
import { accessFile, readFileChunks } from './read-file.ts';
import type { ByteSource, Platform } from './types.ts';

export const platform: Platform = {
  threads,

  fusesSlowly() {
    const { v8, bun } = process.versions;
    // Bun reports a version of V8, but runs JavaScriptCore.
    return fusesSlowly(bun ? undefined : v8);
  },

  readWasm: (build) => compile(urls[build]()),

  readCalibration: () => compile(urls.calibration()),

  async openFile(path) {
    const file = localPath(path);
    const found = await statOf(file);
    if (found === undefined) return undefined;
    if (!found.isFile()) {
      throw new FilesError(`Cannot open "${file}": found a folder, expected a file`, file);
    }
    return {
      name: file,
      size: found.size,
      stream: () => readFileChunks(file),
      access: () => accessFile(file),
    } satisfies ByteSource;
  },

  async isFolder(path) {
    return (await statOf(localPath(path)))?.isDirectory() ?? false;
  },

  pathUrl: () => undefined,

  variable(name) {
    try {
      return process.env[name] || undefined;
    } catch {
      // Deno throws without the permission to read the variable.
      return undefined;
    }
  },

  createHash(name) {
    const hash = createHash(name);
    return {
      update: (bytes) => void hash.update(bytes),
      hex: () => hash.digest('hex'),
    };
  },

  disk,
};

async function compile(url: URL): Promise<WebAssembly.Module> {
  // Deno may load this file from the network.
  const bytes = url.protocol === 'file:' ? readFile(url) : fetch(url).then((r) => r.arrayBuffer());
  return WebAssembly.compile(await bytes);
}

function localPath(path: string): string {
  return path.startsWith('file:') ? fileURLToPath(path) : path;
}

/** The stats of a path; undefined when nothing is there. @throws FilesError for other failures */
async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new FilesError(`Cannot open "${path}": ${(error as Error).message}`, path, {
      cause: error,
    });
  }
}
