/**
 * The sources of files: what a caller may give for one file or for a checkpoint, and how any one
 * file becomes a ByteSource. Everything that reads files reads through that, chunk by chunk.
 */

import { platform } from '#platform';
import { FilesError } from '../errors.ts';
import type { ByteSource } from '../platform/types.ts';
import { fetchFile } from './fetch-file.ts';
import type { FilesOptions } from './options.ts';
import { readStream } from './read-stream.ts';

export type { ByteSource } from '../platform/types.ts';

/** What may stand for one file; a string is a path or a URL. */
export type FileLike =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Response
  | ReadableStream<Uint8Array>;

/** A checkpoint: folder, base URL, hub id, or a map of files (a plain object: parsed JSON). */
export type Source = string | URL | Record<string, FileLike | object>;

/** The files of one checkpoint. */
export interface PretrainedFiles {
  /** The folder, URL or hub id, for error messages and progress. */
  readonly name: string;
  /** The file, or undefined when the checkpoint has none of that name. */
  open(file: string): Promise<ByteSource | undefined>;
  /** The whole file as text, or undefined. */
  text(file: string): Promise<string | undefined>;
  /** The whole file parsed, or undefined; SyntaxError, naming the file, when it does not parse. */
  json(file: string): Promise<unknown>;
}

/** Opens one file of any kind; undefined when a path or URL leads nowhere. */
export async function openSource(
  file: FileLike | object,
  name: string,
  options: FilesOptions = {},
): Promise<ByteSource | undefined> {
  if (typeof file === 'string' || file instanceof URL) return openPath(String(file), options);
  if (typeof file !== 'object') {
    throw new TypeError(`Cannot read "${name}": found a ${typeof file}, expected a file`);
  }
  if (ArrayBuffer.isView(file)) return fromBytes(name, bytesOf(file));
  if (Object.prototype.toString.call(file) === '[object ArrayBuffer]') {
    return fromBytes(name, new Uint8Array(file as ArrayBuffer));
  }
  if (has<ReadableStream<Uint8Array>>(file, 'getReader')) {
    return fromOnce(name, undefined, file, options.signal);
  }
  if (has<Blob>(file, 'stream')) {
    const stream = () => readStream(file.stream(), name, options.signal);
    return { name, size: file.size, stream };
  }
  if (has<Response>(file, 'arrayBuffer') && 'body' in file)
    return fromResponse(name, file, options);
  return fromBytes(name, new TextEncoder().encode(JSON.stringify(file)));
}

/** A URL: fetched, or read where it is a file's. */
export function openUrl(url: URL, options: FilesOptions): Promise<ByteSource | undefined> {
  return url.protocol === 'file:' ? platform.openFile(url.href) : fetchFile(url, options);
}

/** A path or a URL, as a string. */
function openPath(path: string, options: FilesOptions): Promise<ByteSource | undefined> {
  const url = /^(https?|file|blob|data):/i.test(path) ? new URL(path) : platform.pathUrl(path);
  return url === undefined ? platform.openFile(path) : openUrl(url, options);
}

function fromBytes(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    async *stream() {
      if (bytes.length > 0) yield bytes;
    },
  };
}

/** A response that the caller fetched; a storage object with `body` and `size` serves as one. */
function fromResponse(name: string, response: Response, { signal }: FilesOptions): ByteSource {
  if (response.ok === false) {
    throw new FilesError(`Cannot read "${name}": response has status ${response.status}`, name);
  }
  const { size } = response as { size?: unknown };
  const known = typeof size === 'number' ? size : undefined;
  return fromOnce(name, known, response.body, signal, response.bodyUsed);
}

/** A stream can be read once; a second reading is an error, not an empty file. */
function fromOnce(
  name: string,
  size: number | undefined,
  body: ReadableStream<Uint8Array> | null,
  signal: AbortSignal | undefined,
  used = false,
): ByteSource {
  return {
    name,
    size,
    async *stream() {
      if (used || body?.locked) {
        throw new FilesError(
          `Cannot read "${name}": its stream was read before, expected a path, URL, Blob or bytes to read it again`,
          name,
        );
      }
      used = true;
      if (body !== null) yield* readStream(body, name, signal);
    },
  };
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** By their methods, so that those of other realms and of storage services are known too. */
function has<T extends object>(file: object, method: keyof T): file is T {
  return typeof Reflect.get(file, method) === 'function';
}
