/**
 * Compiled modules, once per build and process: the package's own, or those that `init` was given.
 * Also compiles the module that a caller passes for one model.
 */

import { platform } from '#platform';
import type { Build, ThreadedBuild } from '../builds.ts';
import { FilesError } from '../errors.ts';

/** What a caller may give instead of the package's module: for hosts that forbid compiling, say. */
export type WasmSource = WebAssembly.Module | BufferSource | Response | URL | string;

/** Modules by build; the baseline has to be among them. */
export type WasmSources = { readonly simd: WasmSource } & {
  readonly [Name in Build | ThreadedBuild]?: WasmSource | undefined;
};

export interface InitOptions {
  /**
   * Modules for all models from now on, in place of the package's own: the baseline alone, or
   * several by build. Undefined returns to the package's own.
   */
  readonly wasm?: WasmSource | WasmSources | undefined;
}

const compiled = new Map<Build | ThreadedBuild, Promise<WebAssembly.Module>>();
let given: WasmSources | undefined;

/**
 * Settings of the engine for the whole process, to be made before the first model. A host that
 * forbids compiling gives a `WebAssembly.Module`, a single file the bytes of
 * `mobilebert-wasm/inline`.
 *
 * @throws TypeError for an object that is neither a source nor has the baseline
 */
export function init({ wasm }: InitOptions = {}): void {
  const sources = wasm === undefined || isByBuild(wasm) ? wasm : { simd: wasm };
  if (sources && (sources.simd === undefined || sources.simd === null)) {
    throw new TypeError('Cannot use the WebAssembly modules: found no "simd", expected that build');
  }
  given = sources;
  compiled.clear();
}

/** Whether a build's module can be had. */
export function hasModule(build: Build | ThreadedBuild): boolean {
  if (given) return (given[build] ?? undefined) !== undefined;
  return (platform.builds as readonly string[] | undefined)?.includes(build) ?? true;
}

/** The module of a build. A failed attempt is forgotten, so that the next call tries again. */
export function packageModule(build: Build | ThreadedBuild): Promise<WebAssembly.Module> {
  const known = compiled.get(build);
  if (known) return known;
  const source = given?.[build];
  const module = source === undefined ? platform.readWasm(build) : givenModule(source);
  module.catch(() => {
    // init() may have replaced it meanwhile.
    if (compiled.get(build) === module) compiled.delete(build);
  });
  compiled.set(build, module);
  return module;
}

/**
 * The caller's module, compiled if it is not yet. A string is a URL.
 *
 * @throws FilesError when it cannot be read or fetched, TypeError for anything else
 */
export async function givenModule(source: WasmSource): Promise<WebAssembly.Module> {
  if (typeof source === 'string' || source instanceof URL) return fromUrl(String(source));
  // By tag, not instanceof, so that a module or a buffer of another realm is taken.
  const tag = Object.prototype.toString.call(source);
  if (tag === '[object WebAssembly.Module]') return source as WebAssembly.Module;
  if (tag === '[object ArrayBuffer]' || ArrayBuffer.isView(source)) {
    return WebAssembly.compile(source as BufferSource);
  }
  if (typeof source === 'object' && source && 'arrayBuffer' in source) return fromResponse(source);
  throw new TypeError(
    `Cannot use the WebAssembly module: found ${tag.slice(8, -1)}, expected a WebAssembly.Module, bytes, a Response or a URL`,
  );
}

function isByBuild(wasm: WasmSource | WasmSources): wasm is WasmSources {
  return Object.prototype.toString.call(wasm) === '[object Object]';
}

async function fromUrl(url: string): Promise<WebAssembly.Module> {
  if (url.startsWith('file:')) return fromFile(url);
  const response = await fetch(url).catch((cause: unknown) => {
    throw new FilesError(`Cannot fetch "${url}": ${(cause as Error).message}`, url, { cause });
  });
  return fromResponse(response);
}

async function fromResponse(response: Response): Promise<WebAssembly.Module> {
  const { ok, status, url } = response;
  if (ok === false) {
    throw new FilesError(
      `Cannot fetch "${url}": status is ${status}, expected the WebAssembly module`,
      url,
    );
  }
  return WebAssembly.compile(await response.arrayBuffer());
}

/** Node's fetch does not take file URLs, such as those of import.meta.resolve. */
async function fromFile(url: string): Promise<WebAssembly.Module> {
  const file = await platform.openFile(url);
  if (!file) {
    throw new FilesError(`Cannot open "${url}": found nothing, expected a WebAssembly module`, url);
  }
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of file.stream()) chunks.push(Uint8Array.from(chunk));
  return WebAssembly.compile(await new Blob(chunks).arrayBuffer());
}
