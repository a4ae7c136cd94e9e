/** `mobilebert-wasm cache verify`: checks downloaded files again, and deletes those that are wrong. */

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { removeFile, verifyFiles } from '../../hub/verify.ts';
import { type Io, print } from '../io.ts';

/** The result for one file. */
interface Verified {
  readonly id: string;
  readonly file: string;
  /** What was wrong, so that the file was deleted; null for a right one. */
  readonly flaw: string | null;
}

/**
 * Checks the files of some models in a cache folder, against the hub's hashes where it can be
 * reached, and prints one line for each wrong file, or one JSON object for each file.
 */
export async function verifyCache(
  ids: readonly string[],
  folder: string,
  isJson: boolean,
  io: Io,
): Promise<void> {
  const all: Verified[] = [];
  for (const id of ids) {
    const root = path.join(folder, id);
    const flaws = await verifyFiles(id, root, await filesIn(root));
    for (const [file, flaw] of flaws) {
      if (flaw !== null) await removeFile(path.join(root, file));
      all.push({ id, file, flaw });
      if (isJson) await print(io.stdout, `${JSON.stringify({ id, file, flaw })}\n`);
      else if (flaw !== null) await print(io.stdout, `${id}/${file}: ${flaw}; deleted\n`);
    }
  }
  const wrong = all.filter(({ flaw }) => flaw !== null).length;
  if (!isJson) {
    const count = (n: number) => `${n} file${n === 1 ? '' : 's'}`;
    await print(io.stdout, `${count(all.length)} checked, ${count(wrong)} wrong in ${folder}\n`);
  }
}

/** The complete files below a folder, with `/` between names. */
async function filesIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.part'))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .map((name) => name.replaceAll(path.sep, '/'))
    .sort();
}
