/** The texts of a command: from its arguments, a file or standard input, one per line. */

import { createReadStream } from 'node:fs';
import { FilesError } from '../errors.ts';
import { UsageError } from './arguments.ts';
import { type Io, print } from './io.ts';

/** Texts that a command works on, and may print, together. */
const TEXTS_PER_STEP = 256;

/**
 * Texts as they come, in lists of a bounded length; blank lines are left out. A file that cannot be
 * read is a FilesError when the texts are asked for.
 *
 * @param file path, or `-` for standard input, which is also read when nothing else is given
 * @throws UsageError for both texts and a file
 */
export function textsOf(
  given: readonly string[],
  file: string | undefined,
  io: Io,
): AsyncIterable<string[]> {
  if (given.length > 0 && file !== undefined) {
    throw new UsageError('Cannot read texts: found both texts and --file, expected one of them');
  }
  return inLists(given.length > 0 ? given : read(file, io));
}

/** All of a file, or with `-` of standard input. @throws FilesError when it cannot be read */
export async function wholeText(file: string, io: Io): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of file === '-' ? io.stdin : readFile(file)) {
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

async function* inLists(all: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string[]> {
  let texts: string[] = [];
  for await (const text of all) {
    if (text.trim() === '') continue;
    texts.push(text);
    if (texts.length < TEXTS_PER_STEP) continue;
    yield texts;
    texts = [];
  }
  if (texts.length > 0) yield texts;
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
