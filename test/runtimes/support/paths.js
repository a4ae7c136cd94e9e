/** Paths of the repository, and of what the runtime tests fetch and build. */
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const HERE = path.join(ROOT, 'test/runtimes');
/** Runtimes and tools, each in a folder of its own. */
export const FETCHED = path.join(ROOT, 'build/runtimes');
/**
 * Made anew by every run. Outside the repository: Bun would take `paths` of its tsconfig.json for
 * the package's own imports, and run the sources in place of the package.
 */
export const STAGE = path.join(os.tmpdir(), 'mobilebert-wasm-stage');
/** Copies of examples, outside the stage, whose node_modules they would find. */
export const EXAMPLES = path.join(os.tmpdir(), 'mobilebert-wasm-examples');
