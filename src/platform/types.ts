/**
 * What the library needs of its runtime. One file per runtime exports `platform`. The resolver
 * picks the file (`#platform` in package.json's imports); no code asks where it runs.
 */

import type { Build, ThreadedBuild } from '../builds.ts';

/** One file, read as a stream, and at any offset where that is possible. */
export interface ByteSource {
  /** Path, URL or file name, for error messages and progress. */
  readonly name: string;
  /** Bytes of the stream; undefined when not known beforehand. */
  readonly size: number | undefined;
  /** Chunks in order; a chunk is valid until the next is requested. */
  stream(): AsyncIterable<Uint8Array>;
  /** Opens the file for reads at any offset; absent where it can only be streamed. */
  readonly access?: (() => Promise<ByteAccess>) | undefined;
  /** Drops the file from the cache that it is in; absent where it is in none, or known to be right. */
  readonly refuse?: (() => Promise<boolean>) | undefined;
}

/** An open file, read at any offset. */
export interface ByteAccess {
  /** The bytes from `start` up to `end` (exclusive), fewer where the file ends before. */
  read(start: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Hashes that downloads are checked with. */
export type HashName = 'sha1' | 'sha256';

/** A hash of bytes that arrive in chunks. */
export interface Hash {
  update(bytes: Uint8Array): void;
  /** The hash in lower-case hexadecimal. Call once, after the last chunk. */
  hex(): string;
}

/**
 * A file that is being written, not yet at its place. It belongs to one writer of one process. What
 * a writer leaves when it stops or is killed, the next writer of the same file continues.
 */
export interface PartFile {
  /** Bytes that an earlier writer left. */
  readonly size: number;
  /** Those bytes; a chunk is valid until the next is requested. */
  read(): AsyncIterable<Uint8Array>;
  /** Appends a chunk. */
  write(chunk: Uint8Array): Promise<void>;
  /** Moves the complete file to its place. */
  commit(): Promise<void>;
  /** Closes the part and leaves it to the next writer. */
  release(): Promise<void>;
  /** Deletes the part. */
  discard(): Promise<void>;
}

/** The user's file system, for a cache of downloads. */
export interface Disk {
  /** The user's folder for caches, by the convention of the operating system. */
  cacheFolder(): string;
  homeFolder(): string;
  /** A file to be written to `path`; parts of another `version` are not continued. */
  part(path: string, version: string): Promise<PartFile>;
  /** Deletes a file; false where there is none. */
  remove(path: string): Promise<boolean>;
  /** The paths of the folders in `path` that hold a config.json; empty where there is no folder. */
  checkpoints(path: string): Promise<string[]>;
}

/** What another thread needs to take part in the passes of a model (assembly/threads/team.ts). */
export interface MemberTask {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Address of the member's Pass. */
  readonly pass: number;
}

/** Another thread. */
export interface Member {
  /** Settles when it has ended, for whatever reason; never where the runtime does not say. */
  readonly ended: Promise<void>;
  /** Ends it, whatever it does; settles when it has ended. */
  terminate(): Promise<void>;
}

/** Threads over shared memory. */
export interface Threads {
  /** Why none can be started here; undefined where one can. */
  obstacle(): string | undefined;
  /** How many threads run at a time. */
  cores(): number;
  /**
   * Starts a thread that does a member's work; settles when it waits for calls. It ends by itself
   * when its team is dismissed, and does not keep the process alive.
   *
   * @throws Error when it cannot start
   */
  start(task: MemberTask): Promise<Member>;
}

/** The runtime's side of the library. */
export interface Platform {
  /** The probe of relaxed SIMD, where only modules that come compiled can run. */
  readonly relaxedProbe?: WebAssembly.Module;
  /** The builds that `readWasm` has; absent where it has all. */
  readonly builds?: readonly Build[];
  /** Whether fused multiply-adds are slower than separate ones; absent where they are not. */
  fusesSlowly?(): boolean;
  /** The package's own WebAssembly module, compiled. */
  readWasm(build: Build | ThreadedBuild): Promise<WebAssembly.Module>;
  /** Absent where no other thread can be started. */
  readonly threads?: Threads;
  /** The module of assembly/calibration.ts; absent where nobody converts. */
  readCalibration?(): Promise<WebAssembly.Module>;
  /** The file at a local path; undefined when there is none. @throws FilesError without a disk */
  openFile(path: string): Promise<ByteSource | undefined>;
  /** Whether a local path is a folder; false without a disk. */
  isFolder(path: string): Promise<boolean>;
  /** The URL of a path ("./models/x") where paths are fetched, as on a page; else undefined. */
  pathUrl(path: string): URL | undefined;
  /** An environment variable; undefined when it is not set, empty or may not be read. */
  variable(name: string): string | undefined;
  /** A hash of the runtime, faster than one in JavaScript; absent where there is none. */
  createHash?(name: HashName): Hash;
  /** Absent where no files can be written. */
  readonly disk?: Disk;
}
