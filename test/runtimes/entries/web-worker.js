/** The same in a Web Worker, bundled: import maps do not reach workers. */
import { failure } from './failure.js';
import { run } from './in-page.js';

run().then(postMessage, (error) => postMessage(failure(error)));
