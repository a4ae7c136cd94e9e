/** One file that needs no other: the modules are within. */
import { init } from 'mobilebert-wasm';
import { inlineWasm } from 'mobilebert-wasm/inline';

init({ wasm: inlineWasm() });
await import('./bundled.js');
