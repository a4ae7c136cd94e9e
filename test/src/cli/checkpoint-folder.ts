/** Writes a checkpoint, given as a map of files, to a folder that a command can read. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export function writeSource(folder: string, files: Record<string, Uint8Array | object>): void {
  for (const [name, content] of Object.entries(files)) {
    const isBytes = content instanceof Uint8Array;
    writeFileSync(join(folder, name), isBytes ? content : JSON.stringify(content));
  }
}
