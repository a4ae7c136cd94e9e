/** A classic service worker, since Firefox has no module ones: one file that holds the modules. */
import { init } from 'mobilebert-wasm';
import { inlineWasm } from 'mobilebert-wasm/inline';
import './service-worker.js';

init({ wasm: inlineWasm() });
