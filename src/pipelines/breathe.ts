/** How long calls stay interruptible: passes are synchronous, between them the event loop has its turn. */

/**
 * Lets timers, input and other calls run, then throws if the caller has aborted.
 *
 * @throws the signal's reason
 */
export async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  signal?.throwIfAborted();
}
