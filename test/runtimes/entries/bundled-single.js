/** One file that needs no other: it holds the modules as text. */
import { init } from 'mobilebert-wasm';
import { inlineWasm } from 'mobilebert-wasm/inline';

init({ wasm: inlineWasm() });
await import('./bundled.js');
