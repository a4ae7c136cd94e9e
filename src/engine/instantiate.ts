/**
 * Modules to typed exports, by AssemblyScript's loader: it gives a debug build's `abort` its
 * message, file and line, and takes modules, bytes and responses alike.
 */

import { demangle, type Imports, instantiate } from '@assemblyscript/loader';

/** What can be instantiated. */
export type Instantiable = WebAssembly.Module | BufferSource | Response;

/**
 * The exports of a fresh instance.
 *
 * @throws WebAssembly.LinkError where an import is missing, CompileError for bytes that are no module
 */
export async function exportsOf<E extends object>(
  source: Instantiable,
  imports: Imports = {},
): Promise<E> {
  if (!isForeign(source)) return (await instantiate<ExportsOf<E>>(source, imports)).exports;
  const instance = await WebAssembly.instantiate(source, imports as WebAssembly.Imports);
  return demangle<ExportsOf<E>>(instance.exports);
}

/** An interface with the index signature that the loader's types ask for. */
type ExportsOf<E> = E & Record<string, unknown>;

/** A module of another realm: the loader tells modules by `instanceof`, which fails for it. */
function isForeign(source: Instantiable): source is WebAssembly.Module {
  const tag = Object.prototype.toString.call(source);
  return tag === '[object WebAssembly.Module]' && !(source instanceof WebAssembly.Module);
}
