/** The texts of a command: its arguments, or the lines of a file or of standard input. */

import { createReadStream } from 'node:fs';
import { FilesError } from '../errors.ts';
import { UsageError } from './arguments.ts';
import { type Io, print } from './io.ts';

/** Texts per batch: what a command works on, and may print, together. */
const BATCH_SIZE = 256;

/**
 * Texts in batches of bounded length, without blank lines. A file is opened when the first batch is
 * requested; FilesError if it cannot be read.
 *
 * @param file a path, or `-` for standard input, which is also read if there are no arguments
 * @throws UsageError for both arguments and a file
 */
export function textsOf(
  given: readonly string[],
  file: string | undefined,
  io: Io,
): AsyncIterable<string[]> {
  if (given.length > 0 && file !== undefined) {
    throw new UsageError('Cannot read texts: found both texts and --file, expected one of them');
  }
  return inBatches(given.length > 0 ? given : read(file, io));
}

/** The whole of a file, or of standard input for `-`. @throws FilesError if it cannot be read */
export async function wholeText(file: string, io: Io): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of file === '-' ? io.stdin : readFile(file)) {
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

async function* inBatches(all: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string[]> {
  let batch: string[] = [];
  for await (const text of all) {
    if (text.trim() === '') continue;
    batch.push(text);
    if (batch.length < BATCH_SIZE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function* read(file: string | undefined, io: Io): AsyncGenerator<string> {
  if (file !== undefined && file !== '-') return yield* lines(readFile(file));
  if (io.stdin.isTTY) await print(io.stderr, 'Type one text per line, Ctrl+D to end.\n');
  yield* lines(io.stdin);
}

async function* readFile(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file);
  } catch (cause) {
    throw new FilesError(`Cannot read "${file}": ${(cause as Error).message}`, file, { cause });
  }
}

async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    rest = parts.pop()!;
    yield* parts;
  }
  yield rest + decoder.decode();
}
