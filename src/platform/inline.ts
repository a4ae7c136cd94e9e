/**
 * The entry `mobilebert-wasm/inline`: the WebAssembly modules as bytes in JavaScript, for
 * deployments of a single file. `init({ wasm })` takes them.
 */

import { modules } from '../../wasm/inline.js';
import type { Build } from '../builds.ts';

/** The bytes of every build: `init({ wasm: inlineWasm() })`. */
export function inlineWasm(): Record<Build, Uint8Array<ArrayBuffer>> {
  const decoded = Object.entries(modules).map(([build, text]) => [
    build,
    Uint8Array.from(atob(text), (c) => c.charCodeAt(0)),
  ]);
  return Object.fromEntries(decoded);
}
