/**
 * What the library asks of the runtime it is in. One file per runtime exports `platform`; the
 * resolver picks it (`#platform` in package.json's imports), the code never asks where it runs.
 */

import type { Build } from '../builds.ts';

/** One file, to be read from front to back, and by place where that is possible. */
export interface ByteSource {
  /** Path, URL or file name, for error messages and progress. */
  readonly name: string;
  /** Bytes the stream will give, where that is known beforehand. */
  readonly size: number | undefined;
  /** Chunks in order; a chunk is valid only until the next is asked for. */
  stream(): AsyncIterable<Uint8Array>;
  /** The bytes by their places, for formats that are read so; absent where they only stream. */
  readonly access?: (() => Promise<ByteAccess>) | undefined;
}

/** An open file, read at any place. */
export interface ByteAccess {
  /** The bytes from `start` up to `end`, or as many as are there. */
  read(start: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Hashes that files are checked with. */
export type HashName = 'sha1' | 'sha256';

/** A hash of bytes that come in chunks. */
export interface Hash {
  update(bytes: Uint8Array): void;
  /** Of all bytes so far, in lower-case hexadecimal; nothing may follow. */
  hex(): string;
}

/**
 * A file that is being written beside its place. Each belongs to one writer, of all processes; what
 * a writer leaves behind, stopped or killed, the next one of the same file takes up.
 */
export interface PartFile {
  /** Bytes that are there from before. */
  readonly size: number;
  /** Those bytes, through one buffer. */
  read(): AsyncIterable<Uint8Array>;
  /** Puts a chunk behind them. */
  write(chunk: Uint8Array): Promise<void>;
  /** Moves the file to its place, whole. */
  commit(): Promise<void>;
  /** Leaves it to the next writer. */
  release(): Promise<void>;
  /** Deletes it. */
  discard(): Promise<void>;
}

/** A file system of the user's own, for a cache of downloads. */
export interface Disk {
  /** The user's folder for files that can be had again, by the system's custom. */
  cacheFolder(): string;
  homeFolder(): string;
  /** A file on its way to `path`; `version` keeps apart parts of different contents. */
  part(path: string, version: string): Promise<PartFile>;
}

/** The runtime's side of the library. */
export interface Platform {
  /** The probe of relaxed SIMD, where only modules that come compiled can run. */
  readonly relaxedProbe?: WebAssembly.Module;
  /** The builds that `readWasm` has; absent where it has all. */
  readonly builds?: readonly Build[];
  /** Whether fused sums of floats cost more here than sums apart; absent where they do not. */
  fusesSlowly?(): boolean;
  /** The package's own WebAssembly module, compiled. */
  readWasm(build: Build): Promise<WebAssembly.Module>;
  /** The module of assembly/calibration.ts; absent where nobody converts. */
  readCalibration?(): Promise<WebAssembly.Module>;
  /** The file at a local path, or undefined; FilesError where there are no files at all. */
  openFile(path: string): Promise<ByteSource | undefined>;
  /** Whether a local path names a folder; false where there are no files at all. */
  isFolder(path: string): Promise<boolean>;
  /** Where a path ("./models/x") is a URL to be fetched, as on a page: that URL. */
  pathUrl(path: string): URL | undefined;
  /** An environment variable; undefined where it is not set, is empty or may not be read. */
  variable(name: string): string | undefined;
  /** A hash that is faster than a portable one; absent where the runtime has none. */
  createHash?(name: HashName): Hash;
  /** Absent where nothing can be written. */
  readonly disk?: Disk;
}
