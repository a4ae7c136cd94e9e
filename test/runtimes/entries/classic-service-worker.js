/** A service worker that is no module, as Firefox wants it: one file, the modules within. */
import { init } from 'mobilebert-wasm';
import { inlineWasm } from 'mobilebert-wasm/inline';
import './service-worker.js';

init({ wasm: inlineWasm() });
