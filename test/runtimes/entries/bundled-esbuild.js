/**
 * esbuild does not resolve `new URL(..., import.meta.url)`, so the modules are imported as files.
 */
import { init } from 'mobilebert-wasm';
import dot from 'mobilebert-wasm/wasm/dot.wasm';
import relaxed from 'mobilebert-wasm/wasm/relaxed.wasm';
import simd from 'mobilebert-wasm/wasm/simd.wasm';

const url = (file) => new URL(file, import.meta.url);
init({ wasm: { simd: url(simd), dot: url(dot), relaxed: url(relaxed) } });
await import('./bundled.js');
