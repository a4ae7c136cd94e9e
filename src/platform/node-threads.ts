/** Threads of Node, Deno and Bun. */

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Threads } from './types.ts';

/**
 * What a thread runs: text, so that a server whose code is bundled into one file needs no other.
 * No variable is called `module` or `exports`: Deno has those around it.
 * web-member.ts is the same for pages.
 */
const MEMBER = `
const { parentPort, workerData } = require('node:worker_threads');
const { memory, pass } = workerData;
const abort = () => { throw new Error('abort'); };
const member = new WebAssembly.Instance(workerData.module, { env: { memory, abort } }).exports;
parentPort.postMessage('ready');
try {
  member.work(pass);
} catch (error) {
  member.breakTeam(pass);
  throw error;
}
`;

export const threads: Threads = {
  obstacle: () => undefined,

  cores: availableParallelism,

  start(task) {
    const worker = new Worker(MEMBER, { eval: true, execArgv: [], workerData: task });
    const ended = new Promise<void>((resolve) => void worker.once('exit', () => resolve()));
    const terminate = async () => void (await worker.terminate());
    return new Promise((resolve, reject) => {
      worker.once('message', () => {
        worker.unref();
        resolve({ ended, terminate });
      });
      // It stays: an error without a listener would end the process.
      worker.on('error', reject);
      worker.once('exit', (code) => reject(new Error(`it ended with code ${code}`)));
    });
  },
};
