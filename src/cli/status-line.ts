/** One line on a terminal that says how far long work is; nothing at all elsewhere. */

import { type Output, print } from './io.ts';
import { cutToWidth, printable } from './text-width.ts';

/** Work shorter than this is not talked about. */
const FIRST_AFTER_MS = 400;

/** The line changes no more often than this. */
const EVERY_MS = 100;

/** Erases the line and returns to its start. */
const ERASE = '\r\u001b[K';

/** Work that may say how far it is; when it ends, well or not, the line is gone. */
export async function withStatus<T>(
  output: Output,
  work: (status: StatusLine) => Promise<T>,
): Promise<T> {
  const status = new StatusLine(output);
  try {
    return await work(status);
  } finally {
    await status.clear();
  }
}

export class StatusLine {
  readonly #output: Output;
  #nextAt = performance.now() + FIRST_AFTER_MS;
  #isShown = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Shows the text in place of the one before, unless that came just now. */
  show(text: string): void {
    if (!this.#output.isTTY || performance.now() < this.#nextAt) return;
    this.#nextAt = performance.now() + EVERY_MS;
    this.#isShown = true;
    const width = (this.#output.columns || 80) - 1;
    this.#output.write(ERASE + cutToWidth(printable(text), width), () => {});
  }

  /** Prints other output; on a terminal, which may be the same one, where the line was. */
  async print(output: Output, text: string): Promise<void> {
    if (output.isTTY) await this.clear();
    await print(output, text);
  }

  /** Takes the line away. */
  async clear(): Promise<void> {
    if (this.#isShown) await print(this.#output, ERASE);
    this.#isShown = false;
  }
}
