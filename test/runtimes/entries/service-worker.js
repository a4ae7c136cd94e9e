/** The checks in a service worker, without the full-size model: browsers end slow events. */
import { failure } from './failure.js';
import { run } from './in-page.js';

addEventListener('install', () => skipWaiting());
addEventListener('message', (event) => {
  const [port] = event.ports;
  const work = run(false).then(
    (record) => port.postMessage(record),
    (error) => port.postMessage(failure(error)),
  );
  event.waitUntil(work);
});
