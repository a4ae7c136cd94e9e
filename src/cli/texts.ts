/** The texts of a command: its arguments, or the lines of a file or of standard input. */

import { createReadStream } from 'node:fs';
import { FilesError, InputError } from '../errors.ts';
import { UsageError } from './arguments.ts';
import { type Io, print } from './io.ts';
import { nearFile } from './near-folders.ts';

/** Texts per batch: what a command works on, and may print, together. */
const BATCH_SIZE = 256;

/**
 * Texts in batches of bounded length, without blank lines. The first batch is read at once, so that
 * a call without texts fails before a model is loaded.
 *
 * @param file a path, or `-` for standard input, which is also read if there are no arguments
 * @throws UsageError for both arguments and a file, and where there is no text; FilesError if the
 *   file cannot be read
 */
export async function textsOf(
  given: readonly string[],
  file: string | undefined,
  io: Io,
): Promise<AsyncIterable<string[]>> {
  if (given.length > 0 && file !== undefined) {
    throw new UsageError('Cannot read texts: found both texts and --file, expected one of them');
  }
  const batches = inBatches(given.length > 0 ? given : read(file, io));
  const first = await batches.next();
  if (!first.done) return after(first.value, batches);
  const isFile = file !== undefined && file !== '-';
  const where = given.length > 0 ? 'the arguments' : isFile ? `"${file}"` : 'standard input';
  throw new UsageError(
    `Cannot read texts: found none in ${where}, expected texts as arguments, in --file or on standard input`,
  );
}

/**
 * Texts that belong together, such as the two of a pair, in batches as of `textsOf`: all arguments,
 * or each line, with tabs between its texts.
 *
 * @param names what the texts are, such as `['TEXT', 'NEXT']`; the last may be repeated if it ends
 *   in `...`
 * @throws UsageError for another number of arguments, InputError for a line with another number
 */
export async function groupsOf(
  given: readonly string[],
  file: string | undefined,
  names: readonly string[],
  io: Io,
): Promise<AsyncIterable<string[][]>> {
  const isOpen = names.at(-1)!.endsWith('...');
  const fits = ({ length }: readonly string[]) =>
    isOpen ? length >= names.length : length === names.length;
  const expected = `${isOpen ? 'at least ' : ''}${names.length}: ${names.join(' ')}`;
  if (given.length > 0 && file === undefined) {
    const blank = given.findIndex((text) => text.trim() === '');
    if (fits(given) && blank < 0) return once([[...given]]);
    const found = fits(given) ? `no text in argument ${blank + 1}` : `${given.length} of them`;
    throw new UsageError(`Cannot read texts: found ${found}, expected ${expected}`);
  }
  const batches = await textsOf(given, file, io);
  return split();

  async function* split(): AsyncGenerator<string[][]> {
    for await (const lines of batches) {
      yield lines.map((line) => {
        const texts = line.split('\t');
        if (fits(texts) && texts.every((text) => text.trim() !== '')) return texts;
        const count = texts.filter((text) => text.trim() !== '').length;
        throw new InputError(
          `Cannot read the line ${JSON.stringify(line.slice(0, 60))}: found ${count} of them, expected ${expected}, with tabs between them`,
        );
      });
    }
  }
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

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

async function* after<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
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
    const { code, message } = cause as NodeJS.ErrnoException;
    const near = code === 'ENOENT' ? await nearFile(file) : '';
    throw new FilesError(`Cannot read "${file}": ${message}${near}`, file, { cause });
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
