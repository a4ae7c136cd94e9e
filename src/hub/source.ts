/**
 * Sources: what a caller may pass for a checkpoint or for one file, and openSource(), which makes a
 * ByteSource of any file. All files are read through ByteSources, chunk by chunk.
 */

import { platform } from '#platform';
import { FilesError } from '../errors.ts';
import type { ByteAccess, ByteSource } from '../platform/types.ts';
import type { FilesOptions } from './options.ts';
import { readStream } from './waiting.ts';

export type { ByteSource } from '../platform/types.ts';

/** One file; a string is a path or a URL. */
export type FileLike =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Response
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | FileHandle
  | StoredObject;

/** An object of a storage service: of R2, with `body` and `size`, or of KV, with `value`. */
export interface StoredObject {
  readonly body?: ReadableStream<Uint8Array> | null;
  readonly value?: ReadableStream<Uint8Array> | ArrayBuffer | Uint8Array | null;
  readonly size?: number;
}

/** FileSystemFileHandle of the File System API, reduced to what is used. */
export interface FileHandle {
  getFile(): Promise<Blob>;
}

/** FileSystemDirectoryHandle of the File System API, reduced to what is used. */
export interface FolderHandle {
  readonly name: string;
  getFileHandle(name: string): Promise<FileHandle>;
  getDirectoryHandle(name: string): Promise<FolderHandle>;
}

/**
 * A checkpoint: a folder's path, a base URL, a hub id, a folder's handle, or a map from file names
 * to files. In a map, a plain object stands for the JSON file that it was parsed from.
 */
export type Source = string | URL | FolderHandle | Record<string, FileLike | object>;

/** The files of one checkpoint. */
export interface PretrainedFiles {
  /** The folder, URL or hub id, for error messages and progress. */
  readonly name: string;
  /**
   * The file; undefined when the checkpoint has none of that name.
   *
   * @param isOptional whether anything that a server sends in its place, such as a page or status
   *   403, means that there is none; by default it does for files that tokenizers can do without
   */
  open(file: string, isOptional?: boolean): Promise<ByteSource | undefined>;
  /** The whole file as text, or undefined; `isOptional` as for `open`. */
  text(file: string, isOptional?: boolean): Promise<string | undefined>;
  /** The whole file parsed, or undefined. @throws SyntaxError naming the file */
  json(file: string): Promise<unknown>;
  /** What is known of a file without reading it; undefined when there is none. */
  stat(file: string): Promise<FileStat | undefined>;
  /** Whether asking for a file that is not there costs nothing. */
  isListed(): Promise<boolean>;
  /** What a server answered in place of a file; undefined for a plain "not found". */
  answerFor(file: string): string | undefined;
  /** Counts files that will be opened later, for the progress of all. */
  expect(files: readonly string[]): Promise<void>;
  /** Says that a load has opened all files that it will read, but for the expected ones. */
  complete(): void;
  /** Deletes a file from the cache of hub ids; false where it was not there. */
  remove(file: string): Promise<boolean>;
}

/** A file that was not read. */
export interface FileStat {
  /** Bytes; undefined where nothing tells. */
  readonly size: number | undefined;
  /** Whether it is in the cache of hub ids. */
  readonly fromCache: boolean;
}

/** Opens one file of any kind; undefined when there is nothing at a path or URL. */
export async function openSource(
  file: FileLike | object,
  name: string,
  options: FilesOptions = {},
): Promise<ByteSource | undefined> {
  if (typeof file === 'string' || file instanceof URL) return openPath(String(file), name, options);
  if (typeof file !== 'object') {
    throw new TypeError(`Cannot read "${name}": found a ${typeof file}, expected a file`);
  }
  if (has<FileHandle>(file, 'getFile')) return openContent(await file.getFile(), name, options);
  const { value } = file as StoredObject;
  const content = isContent(value) ? openContent(value, name, options) : undefined;
  return (
    content ??
    openContent(file, name, options) ??
    fromBytes(name, new TextEncoder().encode(JSON.stringify(file)))
  );
}

/** Opens bytes, streams and objects that hold them; undefined for any other object. */
function openContent(file: object, name: string, options: FilesOptions): ByteSource | undefined {
  const bytes = bytesOf(file);
  if (bytes) return fromBytes(name, bytes);
  if (isStream(file)) return fromOnce(name, undefined, file, options.signal);
  if (has<Blob>(file, 'stream')) {
    const stream = () => readStream(file.stream(), name, options.signal);
    return { name, size: file.size, stream, access: async () => blobAccess(file, name, options) };
  }
  if (has<Response>(file, 'arrayBuffer') && 'body' in file) {
    return fromResponse(name, file, options);
  }
  if (isStream((file as StoredObject).body)) return fromResponse(name, file as Response, options);
  if (has<AsyncIterable<Uint8Array>>(file, Symbol.asyncIterator)) {
    return fromOnce(name, undefined, streamOf(file), options.signal);
  }
  return undefined;
}

function blobAccess(blob: Blob, name: string, { signal }: FilesOptions): ByteAccess {
  return {
    async read(start, end) {
      signal?.throwIfAborted();
      const reading = blob.slice(start, end).arrayBuffer();
      return new Uint8Array(
        await reading.catch((cause: unknown) => {
          throw new FilesError(`Cannot read "${name}": ${(cause as Error).message}`, name, {
            cause,
          });
        }),
      );
    },
    close: async () => {},
  };
}

/** Opens a URL; a `file:` URL is read from the disk. */
export async function openUrl(url: URL, options: FilesOptions): Promise<ByteSource | undefined> {
  if (url.protocol === 'file:') return platform.openFile(url.href);
  // Loaded on demand: local and bundled files need none of it.
  const { fetchFile } = await import('./download.ts');
  return fetchFile(url, options);
}

/** Opens a path or URL. @throws FilesError, also for a file's content in place of its path */
function openPath(
  path: string,
  name: string,
  options: FilesOptions,
): Promise<ByteSource | undefined> {
  if (path.includes('\n')) {
    throw new FilesError(
      `Cannot open "${name}": found text of ${path.length} characters, expected a path, a URL or bytes (new TextEncoder().encode(text))`,
      name,
    );
  }
  const url = urlOf(path, name);
  return url === undefined ? platform.openFile(path) : openUrl(url, options);
}

/** The URL that a path is or stands for. @throws FilesError for a broken one */
function urlOf(path: string, name: string): URL | undefined {
  if (!/^(https?|file|blob|data):/i.test(path)) return platform.pathUrl(path);
  if (URL.canParse(path)) return new URL(path);
  throw new FilesError(
    `Cannot open "${name}": found what is no URL, expected "https://host/path"`,
    name,
  );
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

/** A response that the caller fetched, or a storage object with `body` and `size`. */
function fromResponse(name: string, response: Response, { signal }: FilesOptions): ByteSource {
  if (response.ok === false) {
    throw new FilesError(`Cannot read "${name}": response has status ${response.status}`, name);
  }
  const { size } = response as { size?: unknown };
  const known = typeof size === 'number' ? size : undefined;
  return fromOnce(name, known, response.body, signal, response.bodyUsed);
}

/** A stream, which can be read once. A second reading throws instead of yielding nothing. */
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

/** Whether a value holds bytes, so that it is not part of parsed JSON. */
function isContent(value: unknown): value is object {
  return typeof value === 'object' && value !== null && (isStream(value) || !!bytesOf(value));
}

function bytesOf(file: object): Uint8Array | undefined {
  if (ArrayBuffer.isView(file)) {
    return new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  }
  const isBuffer = Object.prototype.toString.call(file) === '[object ArrayBuffer]';
  return isBuffer ? new Uint8Array(file as ArrayBuffer) : undefined;
}

function isStream(file: unknown): file is ReadableStream<Uint8Array> {
  return typeof file === 'object' && file !== null && has<ReadableStream>(file, 'getReader');
}

/** For Node's streams and generators. Nothing is read ahead, since chunks may share a buffer. */
function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const { done, value } = await iterator.next();
    if (done) controller.close();
    else controller.enqueue(value);
  };
  const cancel = async () => void (await iterator.return?.());
  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
}

/** Tests for a method, not a class: objects may come from other realms or storage services. */
function has<T extends object>(file: object, method: keyof T): file is T {
  return typeof Reflect.get(file, method) === 'function';
}
