/**
 * The entry `mobilebert-wasm/inline`: the WebAssembly modules as bytes in JavaScript, for
 * deployments of a single file. `init({ wasm })` takes them.
 */

import { dot, relaxed, simd } from '../../wasm/inline.js';
import type { WasmBuild } from './types.ts';

/** The bytes of every build: `init({ wasm: inlineWasm() })`. */
export function inlineWasm(): Record<WasmBuild, Uint8Array<ArrayBuffer>> {
  return { simd: decoded(simd), dot: decoded(dot), relaxed: decoded(relaxed) };
}

function decoded(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}
