/** What another thread runs in browsers (web-threads.ts): a member's work, until it is dismissed. */

import type { MemberTask } from './types.ts';

/** Exports of assembly/threaded.ts that a member calls. */
interface Exports {
  work(pass: number): void;
  breakTeam(pass: number): void;
}

addEventListener('message', ({ data }: MessageEvent<MemberTask>) => {
  const { module, memory, pass } = data;
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const { work, breakTeam } = instance.exports as unknown as Exports;
  postMessage('ready');
  try {
    work(pass);
  } catch (error) {
    breakTeam(pass);
    throw error;
  } finally {
    close();
  }
});
