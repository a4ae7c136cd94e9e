/**
 * What the library asks of the runtime it is in. One file per runtime exports `platform`; the
 * resolver picks it (`#platform` in package.json's imports), the code never asks where it runs.
 */

/** The builds of the WebAssembly module, by what they need of the engine. */
export type WasmBuild = 'simd' | 'relaxed';

/** One file, to be read from front to back. */
export interface ByteSource {
  /** Path, URL or file name, for error messages and progress. */
  readonly name: string;
  /** Bytes the stream will give, where that is known beforehand. */
  readonly size: number | undefined;
  /** Chunks in order; a chunk is valid only until the next is asked for. */
  stream(): AsyncIterable<Uint8Array>;
}

/** The runtime's side of the library. */
export interface Platform {
  /** The package's own WebAssembly module, compiled. */
  readWasm(build: WasmBuild): Promise<WebAssembly.Module>;
  /** The file at a local path, or undefined; FilesError where there are no files at all. */
  openFile(path: string): Promise<ByteSource | undefined>;
  /** Whether a local path names a folder; false where there are no files at all. */
  isFolder(path: string): Promise<boolean>;
  /** Where a path ("./models/x") is a URL to be fetched, as on a page: that URL. */
  pathUrl(path: string): URL | undefined;
}
