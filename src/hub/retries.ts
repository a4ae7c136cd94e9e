/** Retries: whether and when what failed is tried again. */

import { env } from './env.ts';
import { sleep } from './timing.ts';

/** A server that asks for more patience than this is not waited for. */
const LONGEST_WAIT_MS = 120_000;

/** The tries that are left; waits grow from `env.retryDelay`, doubling, with some chance in them. */
export class Retries {
  #failures = 0;
  readonly #signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Something came of it: all tries are there again. */
  renew(): void {
    this.#failures = 0;
  }

  /**
   * Waits before the next try.
   *
   * @param asked milliseconds that the server asks to wait
   * @throws the failure when there is none left
   */
  async afterFailure(failure: Error, { most = env.maxRetries, asked = 0 } = {}): Promise<void> {
    if (this.#failures >= most || asked > LONGEST_WAIT_MS) throw failure;
    const wait = env.retryDelay * 2 ** this.#failures * (0.75 + Math.random() / 2);
    this.#failures++;
    await sleep(Math.max(wait, asked), this.#signal);
  }
}
