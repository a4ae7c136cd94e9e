/** Threads of pages and of workers in browsers. */

import type { Threads } from './types.ts';

export const threads: Threads = {
  obstacle() {
    if (typeof Worker === 'undefined') return 'this runtime has no workers';
    if (!globalThis.crossOriginIsolated) {
      return 'the page is not cross-origin isolated (headers COOP and COEP), so it has no shared memory';
    }
    if (typeof document !== 'undefined') return "a page's main thread may not wait for others";
    return undefined;
  },

  cores: () => navigator.hardwareConcurrency,

  start(task) {
    const worker = new Worker(new URL('./web-member.js', import.meta.url), { type: 'module' });
    worker.postMessage(task);
    const terminate = async () => worker.terminate();
    // Pages hear of a worker's end only where it fails.
    let fail: () => void;
    const ended = new Promise<void>((resolve) => {
      fail = resolve;
    });
    return new Promise((resolve, reject) => {
      worker.onmessage = () => resolve({ ended, terminate });
      worker.onerror = (event) => {
        reject(new Error(event.message || 'its file cannot be loaded'));
        fail();
      };
    });
  },
};
