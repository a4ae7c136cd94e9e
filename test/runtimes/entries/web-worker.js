/** The checks in a Web Worker. It is bundled because import maps do not apply to workers. */
import { failure } from './failure.js';
import { run } from './in-page.js';

run().then(postMessage, (error) => postMessage(failure(error)));
