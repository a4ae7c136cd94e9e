/**
 * The page. Its address names the place that runs the checks (`?in=page`, `worker`,
 * `service-worker`, `classic-service-worker` or a bundle's name). The record goes to the server.
 */
import { failure } from './failure.js';

const place = new URL(location.href).searchParams.get('in');
const report = (record) =>
  fetch(`/report?in=${place}`, { method: 'POST', body: JSON.stringify(record) });

try {
  // A bundle reports its own record.
  if (place.startsWith('bundle-')) await import(`/bundles/${place}/bundled.js`);
  else await report(await run());
} catch (error) {
  await report(failure(error));
}

async function run() {
  if (place === 'page') return (await import('/in-page.js')).run();
  if (place === 'worker') {
    const worker = new Worker('/bundle/web-worker.js', { type: 'module' });
    return answer(worker, worker);
  }
  const { installing } = await navigator.serviceWorker.register(`/bundle/${place}.js`, {
    type: place.startsWith('classic') ? 'classic' : 'module',
    scope: '/bundle/',
  });
  const { port1, port2 } = new MessageChannel();
  port1.start();
  await new Promise((resolve) => {
    installing.addEventListener('statechange', () => {
      if (installing.state === 'activated') resolve();
    });
  });
  installing.postMessage('run', [port2]);
  return answer(port1, installing);
}

/** The first message of a port, or an error of its worker. */
function answer(port, worker) {
  return new Promise((resolve, reject) => {
    port.addEventListener('message', ({ data }) => resolve(data), { once: true });
    worker.addEventListener('error', (event) =>
      reject(new Error(event.message ?? 'The worker could not be loaded')),
    );
  });
}
