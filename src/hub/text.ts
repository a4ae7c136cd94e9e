/** Reads a file whole, as text or JSON, within the bounds of its kind. */

import { FilesError } from '../errors.ts';
import { parseJson } from '../json.ts';
import type { TextBounds } from './limits.ts';

/**
 * The text of a file.
 *
 * @param chunks its bytes
 * @param name for messages
 * @throws FilesError beyond the bounds, SyntaxError for bytes that are not UTF-8
 */
export async function readText(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ReadableStream<Uint8Array>,
  name: string,
  bounds: TextBounds,
  signal?: AbortSignal,
): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (chunk?: Uint8Array) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw new SyntaxError(`Cannot read "${name}": found bytes that are not UTF-8`);
    }
  };
  let text = '';
  let received = 0;
  for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
    signal?.throwIfAborted();
    received += chunk.length;
    checkSize(received, name, bounds);
    text += decode(chunk);
  }
  return text + decode();
}

/** @throws FilesError for a file of more bytes than the bounds allow */
export function checkSize(bytes: number | undefined, name: string, bounds: TextBounds): void {
  if (bytes === undefined || bytes <= bounds.bytes) return;
  throw new FilesError(
    `Cannot read "${name}": found more than ${bounds.bytes} bytes, expected a file of that size at most`,
    name,
  );
}

/** The value of a JSON text. @throws SyntaxError that names the file */
export function readJson(text: string, file: string, folder: string, bounds: TextBounds): unknown {
  try {
    return parseJson(text, bounds.json);
  } catch (error) {
    throw new SyntaxError(`Cannot parse "${file}" of "${folder}": ${(error as Error).message}`, {
      cause: error,
    });
  }
}
